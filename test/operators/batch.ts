// Cases of moving whole images.
import fc from "fast-check";
import * as engine from "../../engine/index.js";
import { broadcastTo } from "../../engine/operators/lib/reference/broadcast.js";
import * as reference from "../../engine/operators/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import { type FamilyTests, property, type ReferenceCase, unary, unaryReference, values } from "./support/case.js";

const concat = (...lengths: number[]): ReferenceCase => ({
  title: `concat of lengths ${lengths}`,
  inputs: lengths.map((n) => values([n, 3, 5])),
  reference: (...xs) => reference.concat(xs),
  gradient: (dy, ...xs) => reference.concatGradient(xs, dy).dxs,
});

export const cases: FamilyTests["cases"] = {
  concat: { cases: [{ ...concat(2, 1, 3), forward: (...xs) => engine.concat(xs) }], exercises: ["slice"] },
  slice: {
    cases: [
      {
        title: "[5, 3, 7] from 1 to 4",
        inputs: [values([5, 3, 7])],
        forward: (x) => engine.slice(x, 1, 4),
        reference: (x) => reference.slice(x, 1, 4),
        gradient: (dy, x) => [reference.sliceGradient(x, 1, 4, dy).dx],
      },
    ],
    exercises: ["embed"],
  },
  flipHorizontal: {
    cases: unary(
      engine.flipHorizontal,
      reference.flipHorizontal,
      reference.flipHorizontalGradient,
      values([2, 3, 5, 7]),
      values([2, 8]),
    ),
  },
};

const image = values([2, 3, 5, 7]);

export const differences: FamilyTests["differences"] = [
  concat(2, 1, 3),
  unaryReference(
    "slice",
    image,
    (x) => reference.slice(x, 1, 2),
    (x, dy) => reference.sliceGradient(x, 1, 2, dy),
  ),
  unaryReference("flipHorizontal", image, reference.flipHorizontal, reference.flipHorizontalGradient),
  // No operator of the engine's, which lets a reshaped tensor alias the memory.
  unaryReference(
    "reshape",
    image,
    (x) => reference.reshape(x, [6, 35]),
    (x, dy) => reference.reshapeGradient(x, [6, 35], dy),
  ),
];

export const properties: FamilyTests["properties"] = [
  property(
    "moving images: slices of concatenations, flipped and expanded",
    fc.record({ lengths: fc.array(extent(3), { minLength: 2, maxLength: 3 }), width: extent(9) }),
    ({ lengths, width }, random) => {
      const inputs = lengths.map((n) => uniform(random, [n, 2, width]));
      const total = lengths.reduce((a, b) => a + b);
      const all = reference.concat(inputs);
      const joined = reference.slice(all, 1, total);
      return {
        inputs,
        forward(...xs) {
          const moved = engine.flipHorizontal(engine.slice(engine.concat(xs), 1, total));
          return engine.expand(moved, [2, ...moved.shape]);
        },
        expected: broadcastTo(reference.flipHorizontal(joined), [2, ...joined.shape]),
        gradients(dy) {
          const moved = reference.flipHorizontal(reference.sum(dy, [0]));
          return reference.concatGradient(inputs, reference.sliceGradient(all, 1, total, moved).dx).dxs;
        },
      };
    },
  ),
];
