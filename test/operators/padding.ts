// Cases of padding by reflection and by replication.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as r from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { extent, image } from "./support/arbitrary.js";
import { type FamilyTests, type OperatorCase, property, values } from "./support/case.js";

const paddings = {
  reflectionPad2d: [engine.reflectionPad2d, r.reflectionPad2d, r.reflectionPad2dGradient],
  replicationPad2d: [engine.replicationPad2d, r.replicationPad2d, r.replicationPad2dGradient],
} as const;

function padded(name: keyof typeof paddings, shape: Shape, padding: number): OperatorCase {
  const [forward, reference, gradient] = paddings[name];
  return {
    title: `${name} of [${shape}] by ${padding}`,
    inputs: [values(shape)],
    forward: (x) => forward(x, padding),
    reference: (x) => reference(x, padding),
    gradient: (dy, x) => [gradient(x, padding, dy).dx],
  };
}

export const cases: FamilyTests["cases"] = {
  reflectionPad2d: {
    cases: [
      padded("reflectionPad2d", [2, 3, 4, 7], 3),
      padded("reflectionPad2d", [1, 1, 2, 3], 1),
      // Rows of whole vec4s: of the result, of its gradient, and of both.
      padded("reflectionPad2d", [1, 2, 4, 10], 3),
      padded("reflectionPad2d", [2, 2, 3, 12], 1),
      padded("reflectionPad2d", [1, 2, 7, 8], 6),
    ],
    exercises: ["reflectionPad2dGradient"],
  },
  replicationPad2d: {
    cases: [
      padded("replicationPad2d", [2, 3, 5, 4], 2),
      padded("replicationPad2d", [1, 1, 1, 3], 3),
      padded("replicationPad2d", [1, 2, 3, 10], 3),
      padded("replicationPad2d", [2, 2, 3, 12], 1),
    ],
    exercises: ["replicationPad2dGradient"],
  },
};

export const differences: FamilyTests["differences"] = [
  padded("reflectionPad2d", [2, 3, 5, 7], 1),
  padded("reflectionPad2d", [2, 3, 5, 7], 3),
  padded("replicationPad2d", [2, 3, 5, 7], 2),
];

export const properties: FamilyTests["properties"] = [
  property(
    "reflectionPad2d and replicationPad2d",
    fc.record({ shape: image(), padding: extent(5, 0), reflect: fc.boolean() }),
    ({ shape, padding: asked, reflect }, random) => {
      const x = uniform(random, shape);
      const padding = reflect ? Math.min(asked, shape[2] - 1, shape[3] - 1) : asked;
      const [forward, plain, gradient] = paddings[reflect ? "reflectionPad2d" : "replicationPad2d"];
      return {
        inputs: [x],
        forward: (x) => forward(x, padding),
        expected: plain(x, padding),
        gradients: (dy) => [gradient(x, padding, dy).dx],
      };
    },
  ),
];
