// Cases of sums, means and their adjoint, expand.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { broadcastTo, sumTo } from "../../engine/operators/lib/reference/broadcast.js";
import * as reference from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import { type FamilyTests, type OperatorCase, property, values } from "./support/case.js";

const reductions = {
  sum: [engine.sum, reference.sum, reference.sumGradient],
  mean: [engine.mean, reference.mean, reference.meanGradient],
} as const;

function reduction(
  name: keyof typeof reductions,
  shape: Shape,
  axes?: readonly number[],
  keepdim = false,
): OperatorCase {
  const [forward, plain, gradient] = reductions[name];
  const all = axes ?? shape.map((_, i) => i);
  return {
    title: `${name} of [${shape}] over [${all}]${keepdim ? " kept" : ""}`,
    inputs: [values(shape, 0, 1)],
    forward: (x) => forward(x, axes, keepdim),
    reference: (x) => plain(x, axes, keepdim),
    gradient: (dy, x) => [gradient(x, all, keepdim, dy).dx],
  };
}

export const cases: FamilyTests["cases"] = {
  // Means are sums with a factor.
  sum: {
    cases: [
      reduction("sum", [2, 3, 5, 7]),
      reduction("sum", [2, 3, 5, 7], [0, 2]),
      reduction("sum", [2, 3, 5, 7], [1, 3], true),
      reduction("sum", [3, 200], [1]),
      reduction("sum", [2, 3, 1, 5], [2]),
      reduction("mean", [2, 3, 2, 5, 3], [1, 3]),
      reduction("sum", [2, 3, 2, 5, 3], [0, 2, 4]),
      reduction("mean", [33, 70, 3], [0, 1]),
      reduction("mean", [2, 3, 1, 5], [2]),
    ],
    exercises: ["expand"],
    serves: ["mean"],
  },
  expand: {
    cases: [
      {
        title: "[3, 1, 5] to [2, 3, 4, 5]",
        inputs: [values([3, 1, 5])],
        forward: (x) => engine.expand(x, [2, 3, 4, 5]),
        reference: (x) => broadcastTo(x, [2, 3, 4, 5]),
        gradient: (dy, x) => [sumTo(dy, x.shape)],
      },
    ],
    exercises: ["sum"],
  },
};

const image: Shape = [2, 3, 5, 7];

export const differences: FamilyTests["differences"] = [
  reduction("sum", image),
  reduction("sum", image, [0, 2]),
  reduction("mean", image, [3, 1], true),
];

export const properties: FamilyTests["properties"] = [
  property(
    "sums and means",
    fc
      .record({
        shape: fc.array(extent(9), { minLength: 1, maxLength: 5 }),
        long: fc.boolean(),
        mask: extent(31, 0),
        keepdim: fc.boolean(),
        mean: fc.boolean(),
      })
      .map(({ shape, long, ...rest }) => ({ shape: long ? [...shape.slice(0, 2), 150] : shape, ...rest })),
    ({ shape, mask, keepdim, mean }, random) => {
      const x = uniform(random, shape, 0, 1);
      const axes = shape.map((_, i) => i).filter((i) => mask & (1 << i));
      const [forward, plain, gradient] = reductions[mean ? "mean" : "sum"];
      return {
        inputs: [x],
        forward: (x) => forward(x, axes, keepdim),
        expected: plain(x, axes, keepdim),
        gradients: (dy) => [gradient(x, axes, keepdim, dy).dx],
      };
    },
  ),
];
