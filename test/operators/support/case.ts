// What the cases of all families (test/operators/<family>.ts) are made of: what a case is, and random inputs for it.
import type fc from "fast-check";
import type { Shape, Tensor } from "../../../engine/core/tensor.js";
import { Random } from "../../../engine/lib/random.js";
import { type Dense, dense } from "../../../engine/reference.js";
import { positions, uniform, unitRows } from "../../support/gpu.js";

/** A function of the reference at inputs, and its gradient. */
export interface ReferenceCase {
  readonly title: string;
  readonly inputs: readonly Dense[];
  reference(...inputs: Dense[]): Dense;
  /** Gradients of the inputs in their order, null where an input gets none. */
  gradient(dy: Dense, ...inputs: Dense[]): readonly (Dense | null)[];
}

/** The same with the engine's operator. */
export interface OperatorCase extends ReferenceCase {
  forward(...inputs: Tensor[]): Tensor;
  /** The gradient is made by an operator that cannot be differentiated again. */
  readonly once?: boolean;
}

/** The inputs of a case that get a gradient (the keys of PatchNCE get none). */
export function wanted({ inputs, gradient, reference }: OperatorCase): number[] {
  const gradients = gradient(reference(...inputs), ...inputs);
  return inputs.map((_, i) => i).filter((i) => gradients[i] !== null);
}

/** The cases of an operator that users call. */
export interface OperatorRow {
  readonly cases: readonly OperatorCase[];
  /** Operators that are not called by users and that the gradients of these cases run. */
  readonly exercises?: readonly string[];
  /** Other functions for users that are called by some of these cases. */
  readonly serves?: readonly string[];
}

/** Inputs and options of one try of a property, with what the reference makes of them. */
export interface Trial {
  readonly inputs: readonly Dense[];
  forward(...inputs: Tensor[]): Tensor;
  readonly expected: Dense;
  gradients(dy: Dense): readonly (Dense | null)[];
}

/** Random shapes and options: whatever they are, the trial of them must agree with the reference. */
export interface Property {
  readonly name: string;
  /** Calls `check` of fast-check's choice of trials. */
  readonly trials: fc.Arbitrary<(random: Random) => Trial>;
}

/** What test/operators/<family>.ts exports. */
export interface FamilyTests {
  /** By the names of the functions that users call. Every test that walks the operators takes these. */
  readonly cases: { readonly [operator: string]: OperatorRow };
  /** Small inputs at which every element of the reference's gradient is compared with finite differences. */
  readonly differences?: readonly ReferenceCase[];
  readonly properties?: readonly Property[];
}

export function property<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  make: (given: T, random: Random) => Trial,
): Property {
  return { name, trials: arbitrary.map((given) => (random: Random) => make(given, random)) };
}

const random = new Random(2020);

/** Uniform values. */
export const values = (shape: Shape, low = -1, high = 1): Dense => uniform(random, shape, low, high);

/** Values of both signs and at a distance from zero, where ReLU has its corner. */
export const signed = (shape: Shape): Dense =>
  dense(
    shape,
    values(shape).data.map((v) => Math.fround(v + 0.1 * Math.sign(v))),
  );

/** Values in random order of which no two are within 0.05 of each other. */
export function spread(shape: Shape): Dense {
  const noise = values(shape).data;
  const order = Array.from(noise.keys()).sort((i, j) => noise[i] - noise[j]);
  const data = new Float64Array(noise.length);
  order.forEach((at, rank) => {
    data[at] = Math.fround(0.05 * (rank - noise.length / 2));
  });
  return dense(shape, data);
}

/** Rows of length 1. */
export const unit = (rows: number, channels: number): Dense => unitRows(random, rows, channels);

/** Positions below `area`, some of them repeated. */
export const places = (count: number, area: number): Int32Array => positions(random, count, area);

type UnaryParts = [(x: Tensor) => Tensor, (x: Dense) => Dense, (x: Dense, dy: Dense) => { dx: Dense }, ...Dense[]];

/** Cases of a function of one tensor, at each of the inputs. */
export const unary = (...[forward, reference, gradient, ...inputs]: UnaryParts): OperatorCase[] =>
  inputs.map((x) => ({
    title: `[${x.shape}]`,
    inputs: [x],
    forward,
    reference,
    gradient: (dy, x) => [gradient(x, dy).dx],
  }));

/** A reference function of one tensor at an input. */
export const unaryReference = (
  title: string,
  x: Dense,
  reference: (x: Dense) => Dense,
  gradient: (x: Dense, dy: Dense) => { dx: Dense },
): ReferenceCase => ({ title, inputs: [x], reference, gradient: (dy, x) => [gradient(x, dy).dx] });

/** Of differences of functions that are smooth for twice as far. */
const STEP = 1e-2;

/** Gradients of sum(y * dy) by central differences of fourth order, good where the function is smooth for 2 STEP. */
export function differentiated(
  reference: ReferenceCase["reference"],
  dy: Dense,
  inputs: readonly Dense[],
  step = STEP,
): Dense[] {
  return inputs.map((input, which) => {
    const moved = inputs.with(which, dense(input.shape, Float64Array.from(input.data)));
    const { data } = moved[which];
    const at = (i: number, value: number) => {
      data[i] = value;
      return reference(...moved).data.reduce((total, y, k) => total + y * dy.data[k], 0);
    };
    const gradient = input.data.map((x, i) => {
      const near = at(i, x + step) - at(i, x - step);
      const far = at(i, x + 2 * step) - at(i, x - 2 * step);
      data[i] = x;
      return (8 * near - far) / (12 * step);
    });
    return dense(input.shape, gradient);
  });
}

/** A case whose reference has no gradient of its own: differences of it stand in, so inputs must be small. */
export const byDifferences = (
  title: string,
  inputs: readonly Dense[],
  forward: OperatorCase["forward"],
  reference: ReferenceCase["reference"],
): OperatorCase => ({
  title,
  inputs,
  forward,
  reference,
  gradient: (dy, ...xs) => differentiated(reference, dy, xs),
});
