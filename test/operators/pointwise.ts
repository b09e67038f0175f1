// Cases of the operators that work element by element: activations, and arithmetic that broadcasts.
import fc from "fast-check";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import type { Dense } from "../../engine/operators/reference.js";
import * as r from "../../engine/operators/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import {
  type FamilyTests,
  type OperatorCase,
  property,
  type ReferenceCase,
  signed,
  unary,
  unaryReference,
  values,
} from "./support/case.js";

/** The operators of two operands, with the reference's functions of the same names. */
const arithmetic = {
  add: [engine.add, r.add, r.addGradient],
  sub: [engine.sub, r.sub, r.subGradient],
  mul: [engine.mul, r.mul, r.mulGradient],
  div: [engine.div, r.div, r.divGradient],
} as const;
type Arithmetic = keyof typeof arithmetic;

/** An operator at shapes that broadcast; values keep away from zero, by which `div` divides. */
function binary(name: Arithmetic, shapeA: Shape, shapeB: Shape): OperatorCase {
  const [forward, reference, gradient] = arithmetic[name];
  return {
    title: `${name} [${shapeA}] with [${shapeB}]`,
    inputs: [values(shapeA, 0.5, 2), values(shapeB, 0.5, 2)],
    forward,
    reference,
    gradient(dy, a, b) {
      const { da, db } = gradient(a, b, dy);
      return [da, db];
    },
  };
}

const broadcasting = (name: Arithmetic): OperatorCase[] => [
  binary(name, [2, 3, 5, 7], [2, 3, 5, 7]),
  binary(name, [2, 3, 4, 5], [3, 1, 5]),
  binary(name, [3, 1, 2, 1], [5, 1, 3]),
  binary(name, [], [2, 33]),
  binary(name, [2, 1, 3, 1, 5], [1]),
];

/** A gate by a mask, which gets no gradient. */
const gate = (shape: Shape, slope: number): OperatorCase => ({
  title: `[${shape}] with slope ${slope}`,
  inputs: [values(shape), signed(shape)],
  forward: (x, mask) => engine.gate(x, mask, slope),
  // ReLU's gradient is the gate of the cotangent.
  reference: (x, mask) => r.leakyReluGradient(mask, slope, x).dx,
  gradient: (dy, _, mask) => [r.leakyReluGradient(mask, slope, dy).dx, null],
});

const smooth = [values([2, 3, 5, 7], -3, 3), values([1]), values([3, 1111], -3, 3)];
const kinked = [signed([2, 3, 5, 7]), signed([1]), signed([3, 1111])];
const positive = [values([2, 3, 5, 7], 0.5, 2)];

const leaky = {
  forward: (x: Tensor) => engine.leakyRelu(x, 0.3),
  reference: (x: Dense) => r.leakyRelu(x, 0.3),
  gradient: (x: Dense, dy: Dense) => r.leakyReluGradient(x, 0.3, dy),
};
const scaled = {
  forward: (x: Tensor) => engine.scale(x, -1.5, 2),
  reference: (x: Dense) => r.scale(x, -1.5, 2),
  gradient: (x: Dense, dy: Dense) => r.scaleGradient(x, -1.5, 2, dy),
};

export const cases: FamilyTests["cases"] = {
  relu: { cases: unary(engine.relu, r.relu, r.reluGradient, ...kinked), exercises: ["gate"] },
  leakyRelu: { cases: unary(leaky.forward, leaky.reference, leaky.gradient, ...kinked) },
  tanh: { cases: unary(engine.tanh, r.tanh, r.tanhGradient, ...smooth) },
  sigmoid: { cases: unary(engine.sigmoid, r.sigmoid, r.sigmoidGradient, ...smooth) },
  softplus: { cases: unary(engine.softplus, r.softplus, r.softplusGradient, ...smooth) },
  square: { cases: unary(engine.square, r.square, r.squareGradient, ...smooth) },
  sqrt: { cases: unary(engine.sqrt, r.sqrt, r.sqrtGradient, ...positive) },
  scale: { cases: unary(scaled.forward, scaled.reference, scaled.gradient, ...smooth) },
  gate: { cases: [gate([2, 3, 5, 7], 0), gate([3, 11], 0.3)] },
  add: { cases: broadcasting("add") },
  sub: { cases: broadcasting("sub") },
  mul: { cases: broadcasting("mul") },
  div: { cases: broadcasting("div") },
};

const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 5],
    [3, 5],
  ],
  [
    [2, 3, 1, 5],
    [3, 4, 1],
  ],
  [
    [3, 1],
    [1, 5],
  ],
  [[], [2, 3]],
  [[2, 1, 3], [1]],
];

export const differences: readonly ReferenceCase[] = [
  unaryReference("relu", signed([3, 5]), r.relu, r.reluGradient),
  unaryReference(
    "leakyRelu",
    signed([3, 5]),
    (x) => r.leakyRelu(x, 0.2),
    (x, dy) => r.leakyReluGradient(x, 0.2, dy),
  ),
  unaryReference("tanh", values([3, 5], -3, 3), r.tanh, r.tanhGradient),
  unaryReference("softplus", values([3, 5], -3, 3), r.softplus, r.softplusGradient),
  unaryReference("sigmoid", values([3, 5], -3, 3), r.sigmoid, r.sigmoidGradient),
  unaryReference("scale", values([3, 5]), scaled.reference, scaled.gradient),
  unaryReference("square", values([3, 5]), r.square, r.squareGradient),
  unaryReference("sqrt", values([3, 5], 0.5, 2), r.sqrt, r.sqrtGradient),
  ...pairs.flatMap(([a, b]) => (Object.keys(arithmetic) as Arithmetic[]).map((name) => binary(name, a, b))),
];

/** Two shapes of up to four axes that broadcast. */
const broadcastingShapes = fc
  .array(fc.tuple(extent(5), fc.constantFrom("both", "a", "b")), { maxLength: 4 })
  .chain((axes) => fc.tuple(fc.constant(axes), extent(axes.length, 0)))
  .map(([axes, missing]): [Shape, Shape] => [
    axes.map(([n, who]) => (who === "b" ? 1 : n)),
    axes.map(([n, who]) => (who === "a" ? 1 : n)).slice(missing),
  ]);

export const properties: FamilyTests["properties"] = [
  property(
    "broadcasting arithmetic",
    fc.tuple(broadcastingShapes, fc.constantFrom<Arithmetic>("add", "sub", "mul", "div")),
    ([[shapeA, shapeB], name], random) => {
      const [a, b] = [uniform(random, shapeA, 0.5, 2), uniform(random, shapeB, 0.5, 2)];
      const [forward, plain, gradient] = arithmetic[name];
      return {
        inputs: [a, b],
        forward,
        expected: plain(a, b),
        gradients(dy) {
          const { da, db } = gradient(a, b, dy);
          return [da, db];
        },
      };
    },
  ),
];
