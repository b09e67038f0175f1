// Cases of element-wise operators: activations, and arithmetic that broadcasts.
import fc from "fast-check";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import type { Dense } from "../../engine/reference.js";
import * as r from "../../engine/reference.js";
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
  maximum: [engine.maximum, r.maximum.forward, r.maximum.gradient],
  minimum: [engine.minimum, r.minimum.forward, r.minimum.gradient],
  gt: [engine.gt, r.gt.forward, r.gt.gradient],
  lt: [engine.lt, r.lt.forward, r.lt.gradient],
  ge: [engine.ge, r.ge.forward, r.ge.gradient],
  le: [engine.le, r.le.forward, r.le.gradient],
  eq: [engine.eq, r.eq.forward, r.eq.gradient],
  ne: [engine.ne, r.ne.forward, r.ne.gradient],
} as const;
type Arithmetic = keyof typeof arithmetic;

/** Values that keep away from zero, by which `div` divides, and from those with another offset, by 1 / 1024. */
const apart = (shape: Shape, offset: number): Dense =>
  r.dense(
    shape,
    values(shape, 0.5, 2).data.map((value) => Math.round(value * 512) / 512 + offset),
  );

/** An operator at shapes that broadcast. */
function binary(name: Arithmetic, shapeA: Shape, shapeB: Shape): OperatorCase {
  const [forward, reference, gradient] = arithmetic[name];
  return {
    title: `${name} [${shapeA}] with [${shapeB}]`,
    inputs: [apart(shapeA, 0), apart(shapeB, 1 / 1024)],
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
  // More axes apart than the kernel has.
  binary(name, [2, 1, 3, 1, 5, 1], [2, 1, 4, 1, 2]),
];

const comparing = (name: Arithmetic): OperatorCase[] => [
  binary(name, [3, 37], [3, 37]),
  binary(name, [2, 3, 4, 5], [3, 1, 5]),
];

/** Arithmetic with a number on the left and on the right. */
const numbers = (name: "add" | "sub" | "mul" | "div"): OperatorCase[] => {
  const [forward, reference, gradient] = arithmetic[name];
  const number = values([], 1.5, 1.5);
  const x = values([3, 11], 0.5, 2);
  return [
    {
      title: `${name} [3,11] with a number`,
      inputs: [x],
      forward: (x) => forward(x, 1.5),
      reference: (x) => reference(x, number),
      gradient: (dy, x) => [gradient(x, number, dy).da],
    },
    {
      title: `${name} a number with [3,11]`,
      inputs: [x],
      forward: (x) => forward(1.5, x),
      reference: (x) => reference(number, x),
      gradient: (dy, x) => [gradient(number, x, dy).db],
    },
  ];
};

/** Cases of an elementary function at each of the inputs. */
const elementary = (
  forward: (x: Tensor) => Tensor,
  reference: { forward: (x: Dense) => Dense; gradient: (x: Dense, dy: Dense) => { dx: Dense } },
  ...inputs: Dense[]
) => ({ cases: unary(forward, reference.forward, reference.gradient, ...inputs) });

/** The gradient of leakyRelu, of which x gets no gradient. */
const leakyReluGradient = (shape: Shape, slope: number): OperatorCase => ({
  title: `[${shape}] with slope ${slope}`,
  inputs: [values(shape), signed(shape)],
  forward: (dy, x) => engine.leakyReluGradient(dy, x, slope),
  reference: (dy, x) => r.leakyReluGradient(x, slope, dy).dx,
  gradient: (ddx, _, x) => [r.leakyReluGradient(x, slope, ddx).dx, null],
});

const smooth = [values([2, 3, 5, 7], -3, 3), values([1]), values([3, 1111], -3, 3)];
const kinked = [signed([2, 3, 5, 7]), signed([1]), signed([3, 1111])];
const positive = [values([2, 3, 5, 7], 0.5, 2)];
/** Angles of many turns. */
const angles = [...smooth, values([257], -400, 400)];
/** Exponents of each kind, with values of both signs where they may be. */
const powers = [
  ...[2, 3, -1].map((exponent) => ({ exponent, x: signed([3, 37]) })),
  ...[0.5, 2.5, -1.5, 0].map((exponent) => ({ exponent, x: values([3, 37], 0.5, 3) })),
];

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
  relu: { cases: unary(engine.relu, r.relu, r.reluGradient, ...kinked), exercises: ["leakyReluGradient"] },
  leakyRelu: { cases: unary(leaky.forward, leaky.reference, leaky.gradient, ...kinked) },
  tanh: { cases: unary(engine.tanh, r.tanh, r.tanhGradient, ...smooth) },
  sigmoid: { cases: unary(engine.sigmoid, r.sigmoid, r.sigmoidGradient, ...smooth) },
  softplus: { cases: unary(engine.softplus, r.softplus, r.softplusGradient, ...smooth) },
  square: { cases: unary(engine.square, r.square, r.squareGradient, ...smooth) },
  sqrt: { cases: unary(engine.sqrt, r.sqrt, r.sqrtGradient, ...positive) },
  exp: elementary(engine.exp, r.exp, ...smooth),
  log: elementary(engine.log, r.log, values([2, 3, 5, 7], 0.01, 3), values([33], 100, 1e6)),
  sin: elementary(engine.sin, r.sin, ...angles),
  cos: elementary(engine.cos, r.cos, ...angles),
  abs: elementary(engine.abs, r.abs, ...kinked),
  sign: elementary(engine.sign, r.sign, ...kinked),
  neg: elementary(engine.neg, r.neg, ...smooth),
  reciprocal: elementary(engine.reciprocal, r.reciprocal, ...kinked),
  rsqrt: elementary(engine.rsqrt, r.rsqrt, ...positive),
  erf: elementary(engine.erf, r.erf, ...smooth),
  silu: elementary(engine.silu, r.silu, ...smooth),
  gelu: {
    cases: [
      ...elementary(engine.gelu, r.gelu, ...smooth).cases,
      ...elementary((x) => engine.gelu(x, "tanh"), r.geluTanh, ...smooth).cases,
    ],
    exercises: ["geluDerivative"],
  },
  pow: {
    cases: powers.flatMap(({ exponent, x }) => elementary((t) => engine.pow(t, exponent), r.pow(exponent), x).cases),
  },
  clamp: {
    ...elementary((x) => engine.clamp(x, -0.7, 0.4), r.clamp(-0.7, 0.4), ...smooth),
    exercises: ["inRange"],
  },
  scale: { cases: unary(scaled.forward, scaled.reference, scaled.gradient, ...smooth) },
  leakyReluGradient: { cases: [leakyReluGradient([2, 3, 5, 7], 0), leakyReluGradient([3, 11], 0.3)] },
  add: { cases: [...broadcasting("add"), ...numbers("add")] },
  sub: { cases: [...broadcasting("sub"), ...numbers("sub")] },
  mul: { cases: [...broadcasting("mul"), ...numbers("mul")] },
  div: { cases: [...broadcasting("div"), ...numbers("div")] },
  maximum: { cases: broadcasting("maximum") },
  minimum: { cases: broadcasting("minimum") },
  gt: { cases: comparing("gt") },
  lt: { cases: comparing("lt") },
  ge: { cases: comparing("ge") },
  le: { cases: comparing("le") },
  eq: { cases: comparing("eq") },
  ne: { cases: comparing("ne") },
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
  ...Object.entries({
    exp: r.exp,
    sin: r.sin,
    cos: r.cos,
    neg: r.neg,
    erf: r.erf,
    silu: r.silu,
    gelu: r.gelu,
    "gelu tanh": r.geluTanh,
  }).map(([name, { forward, gradient }]) => unaryReference(name, values([3, 5], -3, 3), forward, gradient)),
  ...Object.entries({ abs: r.abs, sign: r.sign, reciprocal: r.reciprocal, "pow 3": r.pow(3) }).map(
    ([name, { forward, gradient }]) => unaryReference(name, signed([3, 5]), forward, gradient),
  ),
  ...Object.entries({ log: r.log, rsqrt: r.rsqrt, "pow 2.5": r.pow(2.5), "pow -1.5": r.pow(-1.5) }).map(
    ([name, { forward, gradient }]) => unaryReference(name, values([3, 5], 0.5, 2), forward, gradient),
  ),
  unaryReference("clamp", values([3, 5]), r.clamp(-0.7, 0.4).forward, r.clamp(-0.7, 0.4).gradient),
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
