// Cases of instance norm, with the activation and the residual that may follow it.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import * as reference from "../../engine/reference.js";
import { dense } from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import { type FamilyTests, type OperatorCase, property, type ReferenceCase, values } from "./support/case.js";

const activations = ["none", "relu", "leakyRelu"] as const;
type Activation = (typeof activations)[number];

function instanceNorm(shape: Shape, activation: Activation, withResidual: boolean): OperatorCase {
  // A seed of its own: among thousands of other values, as further cases of other families would shift them here, one
  // may come to lie so near the activation's corner that a step of the differences crosses it.
  const random = new Random(17);
  const x = uniform(random, shape, 2, 6);
  return {
    title: `[${shape}] ${activation}${withResidual ? " with residual" : ""}`,
    inputs: withResidual ? [x, uniform(random, shape)] : [x],
    forward: (x, residual) => engine.instanceNorm(x, { activation, residual, eps: 1e-3 }),
    reference: (x, residual) => reference.instanceNorm(x, { activation, residual, eps: 1e-3 }),
    gradient(dy, x, residual) {
      const { dx } = reference.instanceNormGradient(x, { activation, eps: 1e-3 }, dy);
      return residual ? [dx, dy] : [dx];
    },
  };
}

export const cases: FamilyTests["cases"] = {
  instanceNorm: {
    cases: [
      instanceNorm([2, 3, 5, 7], "none", false),
      instanceNorm([1, 5, 3, 3], "relu", true),
      instanceNorm([2, 1, 33, 17], "leakyRelu", false),
      instanceNorm([1, 3, 2, 3], "none", true),
      // Planes of whole vec4s, more than one for each invocation in the second.
      instanceNorm([2, 3, 6, 6], "leakyRelu", true),
      instanceNorm([1, 2, 72, 64], "relu", false),
    ],
    exercises: ["instanceNormGradient"],
  },
};

function smallNorm(activation: Activation): ReferenceCase {
  // In the first image an offset far above the spread, in the second a map for which eps is not negligible.
  const image = 3 * 3 * 5;
  // A seed of its own: beside so small a spread a step of the differences is not small, and other values, as further
  // cases of other families would shift them here, may come to lie across the activation's corner.
  const given = uniform(new Random(31), [2, 3, 3, 5]);
  const x = dense(
    given.shape,
    given.data.map((value, i) => (i < image ? value + 20 : value * 0.01)),
  );
  const options = { activation, slope: 0.3 };
  return {
    title: `instanceNorm, ${activation}, with residual`,
    inputs: [x, values(x.shape)],
    reference: (x, residual) => reference.instanceNorm(x, { ...options, residual }),
    gradient(dy, x, residual) {
      const { dx, dresidual } = reference.instanceNormGradient(x, { ...options, residual }, dy);
      return [dx, dresidual ?? null];
    },
  };
}

export const differences: FamilyTests["differences"] = activations.map(smallNorm);

export const properties: FamilyTests["properties"] = [
  property(
    "instanceNorm",
    fc.record({
      shape: fc.tuple(extent(3), extent(5), extent(40, 2), extent(20, 2)),
      activation: fc.constantFrom(...activations),
      withResidual: fc.boolean(),
    }),
    ({ shape, activation, withResidual }, random) => {
      const x = uniform(random, shape, 1, 4);
      const residual = withResidual ? uniform(random, shape) : undefined;
      // A large epsilon keeps the gradient of tiny planes from being all cancellation.
      const options = { activation, slope: 0.3, eps: 0.1, residual };
      return {
        inputs: residual ? [x, residual] : [x],
        forward: (x, residual) => engine.instanceNorm(x, { ...options, residual }),
        expected: reference.instanceNorm(x, options),
        gradients(dy) {
          const { dx } = reference.instanceNormGradient(x, options, dy);
          return residual ? [dx, dy] : [dx];
        },
      };
    },
  ),
];
