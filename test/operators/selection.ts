// Cases of selection by a condition, and of conversion between dtypes.
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { dense } from "../../engine/reference.js";
import { upload } from "../support/gpu.js";
import { byDifferences, type FamilyTests, type OperatorCase, values } from "./support/case.js";

const where = (condition: Shape, a: Shape, b: Shape): OperatorCase => {
  const c = dense(
    condition,
    values(condition).data.map((x) => (x > 0 ? x : 0)),
  );
  return byDifferences(
    `[${condition}] between [${a}] and [${b}]`,
    [values(a), values(b)],
    (a, b) => engine.where(upload(a.gpu, c), a, b),
    (a, b) => reference.where(c, a, b),
  );
};

const signs = dense([5, 3], [-1, 0, 2, 0, 0, 1, 1, 3, 0, -2, 0, 0, 1, 0, 1]);

export const cases: FamilyTests["cases"] = {
  where: {
    cases: [
      where([3, 11], [3, 11], [3, 11]),
      where([2, 3, 1], [3, 5], [2, 1, 1]),
      byDifferences(
        "between numbers and a tensor",
        [values([5, 3])],
        (x) => engine.add(engine.where(upload(x.gpu, signs), x, -2), engine.where(upload(x.gpu, signs), 3, x)),
        (x) => {
          const [two, three] = [dense([], [-2]), dense([], [3])];
          return reference.add(reference.where(signs, x, two), reference.where(signs, three, x));
        },
      ),
    ],
    exercises: ["mask"],
  },
  cast: {
    cases: [
      byDifferences(
        "to i32 and back, beside x itself",
        [dense([6], [-3.5, -0.5, 0.25, 0.75, 1.5, 1000.5])],
        (x) => engine.add(engine.cast(engine.cast(x, "i32"), "f32"), x),
        (x) =>
          dense(
            x.shape,
            x.data.map((value) => Math.trunc(value) + value),
          ),
      ),
    ],
  },
};
