// Softmax and related functions, and normalisations by mean and variance, by PyTorch's names. Those below are composed
// of other operators, so that they can be differentiated any number of times. Norms of neighbouring elements are the
// instance norm's: its kernels read a tensor once or twice, where a mean, a variance and what follows would read it
// eight times.
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkOptions, checkValue, flag, number, tensor, whole } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { type Axes, normalizeAxes, SHAPE, sameShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { maxOperator } from "../extrema/index.js";
import { INSTANCE_NORM_EPS, instanceNormOperator } from "../instance-norm/index.js";
import { add, clamp, exp, log, mul, rsqrt, scale, sub, widenedSquare } from "../pointwise/index.js";
import { mean, reducedShape, sum } from "../reduction/index.js";

export * from "./softmax.js";

/**
 * log(sum(exp(x))) over one axis or several (all by default), without overflow.
 *
 * @example
 * ```ts
 * console.log(await logsumexp(gpu.tensor([1000, -1000])).item()); // 1000
 * ```
 */
export function logsumexp(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const normal = normalizeAxes("logsumexp", x, axes);
  // The gradient takes it as a constant.
  const highest = x.gpu.noGrad(() => maxOperator([x], { axes: normal, keepdim: true }));
  // A finite number in place of an infinite maximum: infinity minus itself is NaN.
  const low = sub(x, clamp(highest));
  const y = add(log(sum(exp(low), normal, true)), highest);
  return keepdim ? y : reshape(y, reducedShape(x.shape, normal, false));
}

/**
 * Variance over one axis or several (all by default), which disappear unless `keepdim`: the sum of squared distances
 * from the mean, divided by their number minus the correction.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([1, 2, 3, 4, 5]);
 * console.log(await variance(x).item(), await variance(x, 0, 0).item()); // 2.5 2
 * ```
 */
export function variance(x: Tensor, axes?: Axes, correction = 1, keepdim = false): Tensor {
  const normal = normalizeAxes("variance", x, axes);
  checkValue("variance: the correction", correction, number);
  const count = sizeOf(normal.map((axis) => x.shape[axis]));
  const squares = widenedSquare(sub(x, mean(x, normal, true)));
  return scale(mean(squares, normal, keepdim), count / (count - correction));
}

export interface NormOptions {
  /** Factor and offset after the normalisation; none by default. */
  weight?: Tensor;
  bias?: Tensor;
  /** Added to the variance. */
  eps?: number;
}

const AFFINE = { weight: tensor, bias: tensor, eps: number };

/** (x - mu) / sqrt(sigma2 + eps). */
const standardized = (x: Tensor, mu: Tensor, sigma2: Tensor, eps = INSTANCE_NORM_EPS): Tensor =>
  mul(sub(x, mu), rsqrt(scale(sigma2, 1, eps)));

/** x with each of `count` equal parts, each contiguous in memory, brought to mean 0 and variance 1. */
function standardizedParts(x: Tensor, count: number, eps = INSTANCE_NORM_EPS): Tensor {
  const planes = reshape(x, [1, count, 1, count && x.size / count]);
  return reshape(instanceNormOperator([planes, undefined], { eps, slope: null }), x.shape);
}

/** Throws a ShapeError unless a tensor has as many numbers as the shape, in which it is to broadcast with y. */
function checkFit(name: string, tensor: Tensor, y: Tensor, shape: Shape): void {
  if (tensor.size === sizeOf(shape)) return;
  throw new ShapeError(`${name}: ${shapeText(tensor)} does not fit ${shapeText(y)}`, `Give ${sizeOf(shape)} numbers.`);
}

/** y * weight + bias if they are given, reshaped to a shape that broadcasts with y. */
function affine(name: string, y: Tensor, { weight, bias }: NormOptions, shape: Shape): Tensor {
  const fitting = (tensor: Tensor) => {
    checkFit(name, tensor, y, shape);
    return reshape(tensor, shape);
  };
  const scaled = weight ? mul(y, fitting(weight)) : y;
  return bias ? add(scaled, fitting(bias)) : scaled;
}

/**
 * x normalised over its last axes, of sizes `shape`; weight and bias have that shape.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[1, 3], [-50, 50]]);
 * const y = await layerNorm(x, [2], { weight: gpu.tensor([2, 2]) }).read();
 * console.log(y.map(Math.round)); // -2, 2, -2, 2
 * ```
 */
export function layerNorm(x: Tensor, shape: Shape, options: NormOptions = {}): Tensor {
  checkOptions("layerNorm", options, AFFINE);
  checkValue("layerNorm: the shape", shape, SHAPE);
  const first = shapeIn("layerNorm", x).length - shape.length;
  if (shape.length === 0 || first < 0 || !sameShape(x.shape.slice(first), shape))
    throw new ShapeError(`layerNorm: ${shapeText(x)} does not end with [${shape}]`, "Give its last sizes.");
  return affine("layerNorm", standardizedParts(x, sizeOf(x.shape.slice(0, first)), options.eps), options, shape);
}

/** The shape of one number per channel, which broadcasts with x [batch, channels, ...]. */
const channelShape = (shape: Shape): number[] => shape.map((n, axis) => (axis === 1 ? n : 1));

/**
 * x [batch, channels, ...] normalised over groups of channels in each item of the batch; weight and bias are
 * [channels].
 *
 * @example
 * ```ts
 * const x = gpu.tensor([1, 3, -50, 50], [1, 4, 1, 1]);
 * console.log((await groupNorm(x, 2).read()).map(Math.round)); // -1, 1, -1, 1
 * ```
 */
export function groupNorm(x: Tensor, groups: number, options: NormOptions = {}): Tensor {
  checkOptions("groupNorm", options, AFFINE);
  checkValue("groupNorm: the groups", groups, whole(1));
  const [batch, channels] = shapeIn("groupNorm", x);
  if (!(channels % groups === 0))
    throw new ShapeError(
      `groupNorm: ${groups} groups do not divide the channels of ${shapeText(x)}`,
      "Give a divisor.",
    );
  return affine("groupNorm", standardizedParts(x, batch * groups, options.eps), options, channelShape(x.shape));
}

export interface BatchNormOptions extends NormOptions {
  /** Running averages [channels]: updated in training, and used in place of the batch's statistics otherwise. */
  runningMean?: Tensor;
  runningVar?: Tensor;
  /** Whether to normalise by the batch's mean and variance, and move the averages towards them; true by default. */
  training?: boolean;
  /** The weight of the batch in the averages; 0.1 by default. */
  momentum?: number;
}

/**
 * x [batch, channels, ...] normalised over all axes but the channels: in training by the batch's mean and biased
 * variance, while running averages, if given, are updated in place (with the unbiased variance); else by those
 * averages.
 *
 * @example
 * ```ts
 * const [runningMean, runningVar] = [gpu.tensor([0]), gpu.tensor([1])];
 * const x = gpu.tensor([1, 3], [2, 1, 1, 1]);
 * const y = batchNorm2d(x, { runningMean, runningVar, momentum: 0.5 });
 * console.log((await y.read()).map(Math.round), await runningMean.read()); // -1,1 1
 * const trained = batchNorm2d(x, { runningMean, runningVar, training: false });
 * console.log((await trained.read()).map(Math.round)); // 0, 2
 * ```
 */
export function batchNorm2d(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const known = { runningMean: tensor, runningVar: tensor, training: flag, momentum: number };
  checkOptions("batchNorm2d", options, Object.assign(known, AFFINE));
  const { runningMean, runningVar, training = true, momentum = 0.1 } = options;
  const shape = channelShape(shapeIn("batchNorm2d", x));
  if (shape.length < 2)
    throw new ShapeError(`batchNorm2d: ${shapeText(x)} has no axis of channels`, "Give [batch, channels, ...].");
  for (const average of [runningMean, runningVar]) if (average) checkFit("batchNorm2d", average, x, shape);
  if (training) {
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const count = x.size / x.shape[1];
    if (count === 1)
      throw new ShapeError(
        `batchNorm2d: ${shapeText(x)} has one number per channel, and so no variance to train with`,
        "Give a larger batch, or { training: false }.",
      );
    const [mu, sigma2] = [mean(x, axes, true), variance(x, axes, 0, true)];
    // An empty batch has no mean.
    if (count && runningMean) moveTowards(runningMean, mu, momentum);
    if (count && runningVar) moveTowards(runningVar, scale(sigma2.detach(), count / (count - 1)), momentum);
    return affine("batchNorm2d", standardized(x, mu, sigma2, options.eps), options, shape);
  }
  if (!runningMean || !runningVar)
    throw new ShapeError(
      "batchNorm2d: no running mean and variance to normalise by",
      "Give runningMean and runningVar.",
    );
  const y = standardized(x, reshape(runningMean, shape), reshape(runningVar, shape), options.eps);
  return affine("batchNorm2d", y, options, shape);
}

/** average = (1 - weight) * average + weight * value, in place. */
export function moveTowards(average: Tensor, value: Tensor, weight: number): void {
  const { gpu, shape } = average;
  gpu.scope(() =>
    gpu.noGrad(() => {
      average.copyFrom(add(scale(average, 1 - weight), scale(reshape(value, shape), weight)));
    }),
  );
}
