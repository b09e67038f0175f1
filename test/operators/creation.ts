// Cases of creation operators, each combined with an input that has a gradient.
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { dense } from "../../engine/reference.js";
import { byDifferences, type FamilyTests, values } from "./support/case.js";

const { mul, matmul, add } = engine;

export const cases: FamilyTests["cases"] = {
  rand: {
    cases: [
      byDifferences(
        "times x",
        [values([3, 7])],
        (x) => mul(x, engine.rand(x.gpu, [3, 7], 5)),
        (x) => reference.mul(x, reference.rand([3, 7], 5)),
      ),
    ],
  },
  randn: {
    cases: [
      byDifferences(
        "times x",
        [values([2, 33])],
        (x) => mul(x, engine.randn(x.gpu, [2, 33], x.gpu.tensor(Int32Array.of(9)))),
        (x) => reference.mul(x, reference.randn([2, 33], 9)),
      ),
    ],
  },
  dropout: {
    cases: [
      byDifferences(
        "a third",
        [values([4, 9])],
        (x) => engine.dropout(x, 0.25, 3),
        (x) => {
          const { data } = reference.rand(x.shape, 3);
          return dense(
            x.shape,
            x.data.map((value, i) => (data[i] >= 0.25 ? value / 0.75 : 0)),
          );
        },
      ),
    ],
  },
  eye: {
    cases: [
      byDifferences(
        "and other constants",
        [values([3, 3])],
        (x) => {
          const constants = [engine.ones(x.gpu, [3]), engine.zeros(x.gpu, [3]), engine.full(x.gpu, [1], -2)];
          const all = [...constants, engine.arange(x.gpu, 1, 2.2, 0.5)].reduce((sum, each) => add(sum, each));
          return add(matmul(engine.eye(x.gpu, 3), x), all);
        },
        (x) => reference.add(x, dense([3], [0, 0.5, 1])),
      ),
    ],
    serves: ["zeros", "ones", "full", "arange"],
  },
};
