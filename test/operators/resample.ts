// Cases of the fixed filters: blurred halving and bilinear doubling.
import fc from "fast-check";
import * as engine from "../../engine/index.js";
import * as r from "../../engine/operators/reference.js";
import { uniform } from "../support/gpu.js";
import { image } from "./support/arbitrary.js";
import { type FamilyTests, property, unary, unaryReference, values } from "./support/case.js";

export const cases: FamilyTests["cases"] = {
  blurDown: {
    cases: unary(engine.blurDown, r.blurDown, r.blurDownGradient, values([2, 3, 5, 8]), values([1, 1, 2, 3])),
    exercises: ["blurDownGradient"],
  },
  blurUp: {
    cases: unary(engine.blurUp, r.blurUp, r.blurUpGradient, values([2, 3, 5, 4]), values([1, 1, 1, 2])),
    exercises: ["blurUpGradient"],
  },
};

export const differences: FamilyTests["differences"] = [
  unaryReference("blurDown odd", values([2, 3, 5, 7]), r.blurDown, r.blurDownGradient),
  unaryReference("blurDown even", values([1, 2, 4, 6]), r.blurDown, r.blurDownGradient),
  unaryReference("blurUp", values([2, 3, 5, 7]), r.blurUp, r.blurUpGradient),
  unaryReference("blurUp of one row", values([1, 2, 1, 3]), r.blurUp, r.blurUpGradient),
];

export const properties: FamilyTests["properties"] = [
  property("blurDown and blurUp", fc.record({ shape: image(2), down: fc.boolean() }), ({ shape, down }, random) => {
    const x = uniform(random, shape);
    const [forward, plain, gradient] = down
      ? [engine.blurDown, r.blurDown, r.blurDownGradient]
      : [engine.blurUp, r.blurUp, r.blurUpGradient];
    return { inputs: [x], forward, expected: plain(x), gradients: (dy) => [gradient(x, dy).dx] };
  }),
];
