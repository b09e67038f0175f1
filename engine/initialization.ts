// Initial values of parameters, by PyTorch's names (torch.nn.init), drawn from a Random, so that a seed determines
// them. Weights are [out, in, ...taps], as in linear layers and convolutions.
import type { Gpu } from "./core/gpu.js";
import type { Tensor } from "./core/tensor.js";
import { type Check, checkValue } from "./lib/check-options.js";
import { ShapeError } from "./lib/errors.js";
import type { Random } from "./lib/random.js";
import { SHAPE, type Shape, sizeOf } from "./lib/shapes.js";

const RANDOM: Check = [(value) => typeof (value as Random | null)?.normal === "function", "a new Random(seed)"];

/** A parameter, which outlives scopes and recordings, filled with numbers drawn one by one. */
function drawn(gpu: Gpu, shape: Shape, random: Random, draw: () => number): Tensor {
  checkValue("the source of initial values", random, RANDOM);
  const tensor = gpu.persistent(shape);
  tensor.write(Float32Array.from({ length: tensor.size }, draw));
  return tensor;
}

/** How many inputs an output depends on (fan_in), and how many outputs an input enters (fan_out). */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  checkValue("a weight's shape", shape, SHAPE);
  if (shape.length < 2) throw new ShapeError(`a weight of shape [${shape}] has no fan`, "Give [out, in, ...].");
  const taps = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * taps, fanOut: shape[0] * taps };
}

/**
 * Uniformly distributed between two bounds.
 *
 * @example
 * ```ts
 * const weight = await uniform(gpu, [100], new Random(1), -1, 1).read();
 * console.log(weight.every((value) => value >= -1 && value < 1)); // true
 * ```
 */
export const uniform = (gpu: Gpu, shape: Shape, random: Random, low = 0, high = 1): Tensor =>
  drawn(gpu, shape, random, () => low + (high - low) * random.next());

/**
 * Normally distributed.
 *
 * @example
 * ```ts
 * const weight = normal(gpu, [64, 64], new Random(1), 5, 2);
 * console.log(Math.round(await mean(weight).item()), Math.round(await variance(weight).item())); // 5 4
 * ```
 */
export const normal = (gpu: Gpu, shape: Shape, random: Random, mean = 0, std = 1): Tensor =>
  drawn(gpu, shape, random, () => mean + std * random.normal());

const uniformOfStd = (gpu: Gpu, shape: Shape, random: Random, std: number): Tensor =>
  uniform(gpu, shape, random, -Math.sqrt(3) * std, Math.sqrt(3) * std);

/** Glorot and Bengio's standard deviation of weights. */
export const xavierStd = (shape: Shape, gain: number): number => {
  const { fanIn, fanOut } = fans(shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
};

/** The standard deviation of weights that keeps the variance of activations through a (leaky) ReLU. */
export const kaimingStd = (shape: Shape, slope: number): number =>
  Math.sqrt(2 / ((1 + slope ** 2) * fans(shape).fanIn));

/**
 * Glorot and Bengio (2010), uniformly distributed.
 *
 * @example
 * ```ts
 * const weight = await xavierUniform(gpu, [2, 4], new Random(1)).read(); // to the root of 6 / (4 + 2)
 * console.log(weight.every((value) => Math.abs(value) <= 1)); // true
 * ```
 */
export const xavierUniform = (gpu: Gpu, shape: Shape, random: Random, gain = 1): Tensor =>
  uniformOfStd(gpu, shape, random, xavierStd(shape, gain));

/**
 * Glorot and Bengio (2010), normally distributed.
 *
 * @example
 * ```ts
 * const weight = xavierNormal(gpu, [64, 64], new Random(1)); // variance 2 / (64 + 64)
 * console.log(Math.round(64 * (await variance(weight).item()))); // 1
 * ```
 */
export const xavierNormal = (gpu: Gpu, shape: Shape, random: Random, gain = 1): Tensor =>
  normal(gpu, shape, random, 0, xavierStd(shape, gain));

/**
 * He et al. (2015), uniformly distributed, for layers before a ReLU, or a LeakyReLU of that slope.
 *
 * @example
 * ```ts
 * const weight = await kaimingUniform(gpu, [4, 6], new Random(1)).read(); // to the root of 6 / 6
 * console.log(weight.every((value) => Math.abs(value) <= 1)); // true
 * ```
 */
export const kaimingUniform = (gpu: Gpu, shape: Shape, random: Random, slope = 0): Tensor =>
  uniformOfStd(gpu, shape, random, kaimingStd(shape, slope));

/**
 * He et al. (2015), normally distributed, for layers before a ReLU, or a LeakyReLU of that slope.
 *
 * @example
 * ```ts
 * const weight = kaimingNormal(gpu, [64, 8, 2, 2], new Random(1)); // variance 2 / (8 * 2 * 2)
 * console.log(Math.round(32 * (await variance(weight).item()))); // 2
 * ```
 */
export const kaimingNormal = (gpu: Gpu, shape: Shape, random: Random, slope = 0): Tensor =>
  normal(gpu, shape, random, 0, kaimingStd(shape, slope));
