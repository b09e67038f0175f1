// Creation operators, by PyTorch's names: constants, ranges, and random numbers, which depend on a seed and the
// element's index alone, so that they are the same on every adapter; and dropout, which uses them.
import { random } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { type Check, checkValue, number, whole } from "../../lib/check-options.js";
import { ArgumentError } from "../../lib/errors.js";
import { Random } from "../../lib/random.js";
import { SHAPE, shapeIn } from "../../lib/shapes.js";
import { inRangeOperator, mul, scale } from "../pointwise/index.js";

/**
 * A tensor filled with one number.
 *
 * @example
 * ```ts
 * console.log(await full(gpu, [2, 2], 7).read()); // 7, 7, 7, 7
 * ```
 */
export function full(gpu: Gpu, shape: Shape, value: number): Tensor {
  checkValue("full: the value", value, number);
  checkValue("full: the shape", shape, SHAPE);
  return gpu.tensor(new Float32Array(sizeOf(shape)).fill(value), shape);
}

/**
 * A tensor of zeros.
 *
 * @example
 * ```ts
 * console.log(await zeros(gpu, [3]).read()); // 0, 0, 0
 * ```
 */
export const zeros = (gpu: Gpu, shape: Shape): Tensor => full(gpu, shape, 0);

/**
 * A tensor of ones.
 *
 * @example
 * ```ts
 * console.log(await ones(gpu, [3]).read()); // 1, 1, 1
 * ```
 */
export const ones = (gpu: Gpu, shape: Shape): Tensor => full(gpu, shape, 1);

/**
 * The numbers from `start` up to `end`, which is excluded, a step apart.
 *
 * @example
 * ```ts
 * console.log(await arange(gpu, 0, 10, 3).read()); // 0, 3, 6, 9
 * ```
 */
export function arange(gpu: Gpu, start: number, end: number, step = 1): Tensor {
  const length = Math.ceil((end - start) / step);
  if (!(length >= 1 && Number.isFinite(length)))
    throw new ArgumentError(`arange: no step of ${step} leads from ${start} to ${end}`, "Give a step towards the end.");
  return gpu.tensor(Float32Array.from({ length }, (_, i) => start + i * step));
}

/**
 * The identity matrix [n, n].
 *
 * @example
 * ```ts
 * console.log(await eye(gpu, 2).read()); // 1, 0, 0, 1
 * ```
 */
export function eye(gpu: Gpu, n: number): Tensor {
  checkValue("eye: the size", n, whole(1));
  return gpu.tensor(
    Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  );
}

// @__NO_SIDE_EFFECTS__
function defineRandom(name: string, op: keyof typeof random.ops) {
  return defineOperator<readonly [seed: Tensor], { shape: Shape }>({
    name,
    integers: [0],
    shape: (_, { shape }) => shape,
    cheap: true,
    forward(gpu, [seed], _, y) {
      const vec4s = Math.ceil(y.size / 4);
      const constants = { OP: random.ops[op] };
      gpu.dispatch(random, { bindings: { seed, y }, params: { vec4s }, invocations: vec4s, constants });
      return undefined;
    },
    gradient: () => [null],
  });
}

export const randOperator = /* @__PURE__ */ defineRandom("rand", "UNIFORM");
export const randnOperator = /* @__PURE__ */ defineRandom("randn", "NORMAL");

/**
 * A whole number, or an i32 tensor that holds one, which can be written before each replay of a recorded program. A
 * number of more than 32 bits is hashed to 32; of fewer, -1 is 2^32 - 1, as in a tensor.
 */
export type Seed = number | Tensor;

const SEED: Check = [Number.isSafeInteger, "a whole number, or a tensor of i32 of the same engine"];

function seedOf(name: string, gpu: Gpu, seed: Seed): Tensor {
  if (typeof seed === "object" && seed?.dtype === "i32" && seed.gpu === gpu) return seed;
  checkValue(`${name}: the seed`, seed, SEED);
  const number = seed as number;
  const fits = number >= -(2 ** 31) && number < 2 ** 32;
  return gpu.tensor(Int32Array.of(fits ? number : 2 ** 32 * new Random(number).next()));
}

/**
 * Uniform numbers in [0, 1) of 24 bits; a seed gives the same numbers on every adapter.
 *
 * @example
 * ```ts
 * const [a, b] = [rand(gpu, [4], 1), rand(gpu, [4], 1)];
 * console.log(await max(abs(sub(a, b))).item()); // 0: one seed, the same numbers
 * ```
 */
export const rand = (gpu: Gpu, shape: Shape, seed: Seed): Tensor =>
  gpu.scope(() => randOperator([seedOf("rand", gpu, seed)], { shape }));

/**
 * Normal numbers of mean 0 and variance 1; a seed gives the same numbers on every adapter, to about 1e-5.
 *
 * @example
 * ```ts
 * const noise = randn(gpu, [64, 64], 1);
 * console.log(Math.round(await variance(noise).item())); // 1
 * ```
 */
export const randn = (gpu: Gpu, shape: Shape, seed: Seed): Tensor =>
  gpu.scope(() => randnOperator([seedOf("randn", gpu, seed)], { shape }));

/**
 * x with each element set to zero with probability `p`, by the seed, and the others multiplied by 1 / (1 - p).
 *
 * @example
 * ```ts
 * const y = await dropout(ones(gpu, [1000]), 0.5, 1).read();
 * console.log(y.every((value) => value === 0 || value === 2)); // true
 * ```
 */
export function dropout(x: Tensor, p: number, seed: Seed): Tensor {
  checkValue("dropout: p", p, [(value) => number[0](value) && p >= 0 && p < 1, "a number from 0 to below 1"]);
  const shape = shapeIn("dropout", x);
  const kept = inRangeOperator([rand(x.gpu, shape, seed)], { min: p, max: 1 });
  return mul(x, scale(kept, 1 / (1 - p)));
}
