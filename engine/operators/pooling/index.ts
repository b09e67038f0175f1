// Max and average pooling, by PyTorch's names. A first pass finds the index of each window's maximum. Given the indices
// max pooling is linear, so it and its gradient are each other's gradients, as with average pooling. Gradients gather,
// so they need no atomics and sum in a fixed order.
import { average_pool, max_indices, pool_gradient } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { BindingNames, Constants, KernelSource } from "../../device/kernel-source.js";
import { checkOptions, checkValue, flag } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeText } from "../../lib/shapes.js";
import { gatherInto } from "../gather/index.js";
import { type Pair, pairOf, wholes } from "../lib/pairs.js";
import { BROADCAST_PER_THREAD } from "../lib/pointwise-kernels.js";
import { countWindows, type Windows, windowParams } from "../lib/windows.js";
import { mean } from "../reduction/index.js";
import { weighAxis } from "../resample/index.js";

interface Pooling extends Windows {
  /** Of averages: whether padding counts. */
  readonly countIncludePad: boolean;
}

/** Runs a kernel that computes the tensor `to`: y of these windows, or dx. */
function run<K extends KernelSource>(
  gpu: Gpu,
  kernel: K,
  bindings: { readonly [B in BindingNames<K>]: Tensor },
  windows: Pooling,
  to: Tensor,
  constants?: Constants<K>,
): undefined {
  const [batch, channels, , width] = to.shape;
  const PER_THREAD = BROADCAST_PER_THREAD[gpu.profile];
  gpu.dispatch<KernelSource>(kernel, {
    bindings,
    params: { ...windowParams(windows, countWindows(windows)), planes: batch * channels },
    invocations: (to.size / width) * Math.ceil(width / PER_THREAD),
    constants: { ...constants, PER_THREAD },
  });
}

const pooledShape = ([batch, channels]: Shape, windows: Pooling) => [batch, channels, ...countWindows(windows)];
const imagesOf = ([batch, channels]: Shape, { size }: Pooling) => [batch, channels, ...size];
const flopsOf = (_: unknown, { kernel }: Pooling, y: Shape) => sizeOf(y) * sizeOf(kernel);

export const maxIndicesOperator = /* @__PURE__ */ defineOperator<readonly [x: Tensor], Pooling>({
  name: "maxIndices",
  dtype: () => "i32",
  shape: ([x], windows) => pooledShape(x.shape, windows),
  flops: flopsOf,
  cheap: true,
  forward(gpu, [x], windows, y) {
    return run(gpu, max_indices, { x, y }, windows, y);
  },
  gradient: () => [null],
});

type Indexed = readonly [x: Tensor, indices: Tensor];

export const maxPool2dOperator: Operator<Indexed, Pooling> = /* @__PURE__ */ defineOperator({
  name: "maxPool2d",
  reads: (_, _options, y) => ({ 0: sizeOf(y) }),
  integers: [1],
  shape: ([x], windows) => pooledShape(x.shape, windows),
  flops: () => 0,
  cheap: true,
  forward(gpu, [x, indices], { size }, y) {
    const [outer, n] = [x.shape[0] * x.shape[1], sizeOf(size)];
    const m = y.size / outer;
    gatherInto(gpu, x, indices, y, { outer, n, inner: 1, m, id_o: m, id_j: 1, id_i: 0 });
    return undefined;
  },
  gradient: ({ inputs: [, indices], options }, dy) => [maxPool2dGradientOperator([dy, indices], options)],
});

export const maxPool2dGradientOperator: Operator<Indexed, Pooling> = /* @__PURE__ */ defineOperator({
  name: "maxPool2dGradient",
  integers: [1],
  shape: ([dy], windows) => imagesOf(dy.shape, windows),
  flops: ([dy]) => sizeOf(dy as Shape),
  forward(gpu, [dy, indices], windows, dx) {
    return run(gpu, pool_gradient, { dy, indices, dx }, windows, dx, { OP: pool_gradient.ops.MAXIMUM });
  },
  gradient: ({ inputs: [, indices], options }, dx) => [maxPool2dOperator([dx, indices], options)],
});

export const avgPool2dOperator: Operator<readonly [x: Tensor], Pooling> = /* @__PURE__ */ defineOperator({
  name: "avgPool2d",
  shape: ([x], windows) => pooledShape(x.shape, windows),
  flops: flopsOf,
  cheap: true,
  forward(gpu, [x], windows, y) {
    return run(gpu, average_pool, { x, y }, windows, y, { EXCLUDE_PAD: !windows.countIncludePad });
  },
  gradient: ({ options }, dy) => [avgPool2dGradientOperator([dy], options)],
});

export const avgPool2dGradientOperator: Operator<readonly [dy: Tensor], Pooling> = /* @__PURE__ */ defineOperator({
  name: "avgPool2dGradient",
  shape: ([dy], windows) => imagesOf(dy.shape, windows),
  flops: ([dy], { kernel }) => sizeOf(dy as Shape) * sizeOf(kernel),
  forward(gpu, [dy], windows, dx) {
    const constants = { OP: pool_gradient.ops.AVERAGE, EXCLUDE_PAD: !windows.countIncludePad };
    return run(gpu, pool_gradient, { dy, indices: dy, dx }, windows, dx, constants);
  },
  gradient: ({ options }, dx) => [avgPool2dOperator([dx], options)],
});

export interface PoolOptions {
  /** The distance between windows; by default the kernel's size. */
  stride?: Pair;
  /** Padding on each side, at most half of the kernel's size; 0 by default. */
  padding?: Pair;
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts as zeros; true by default. */
  countIncludePad?: boolean;
}

const OPTIONS = { stride: wholes(1), padding: wholes(0) };

/** Windows on x, with their options checked. */
function windowsOn(name: string, x: Tensor, kernelSize: Pair, options: AvgPoolOptions): Pooling {
  const [, , height, width] = imageShape(name, x);
  checkValue(`${name}: the kernel`, kernelSize, wholes(1));
  const { stride = kernelSize, padding = 0, countIncludePad = true } = options;
  const [kernel, pads] = [pairOf(kernelSize), pairOf(padding)];
  const windows = { size: [height, width] as const, kernel, stride: pairOf(stride), padding: pads, countIncludePad };
  if (pads.some((n, axis) => 2 * n > kernel[axis]) || countWindows(windows).some((n) => n < 1)) {
    throw new ShapeError(
      `${name}: windows of [${kernel}] with padding [${pads}] do not fit ${shapeText(x)}`,
      "Take a smaller kernel, and padding of at most half of it.",
    );
  }
  return windows;
}

/**
 * The largest element of every window of x [batch, channels, H, W]: PyTorch's max_pool2d.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[[[1, 2, 5, 6], [3, 4, 7, 8]]]]);
 * console.log(await maxPool2d(x, 2).read(), await maxPool2d(x, 2, { stride: 1 }).read()); // 4,8 4,7,8
 * ```
 */
export function maxPool2d(x: Tensor, kernelSize: Pair, options: PoolOptions = {}): Tensor {
  checkOptions("maxPool2d", options, OPTIONS);
  const windows = windowsOn("maxPool2d", x, kernelSize, options);
  return maxPool2dOperator([x, maxIndicesOperator([x], windows)], windows);
}

/**
 * The average of every window of x [batch, channels, H, W]: PyTorch's avg_pool2d.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[[[4, 8], [4, 8]]]]);
 * console.log(await avgPool2d(x, 2).item()); // 6
 * console.log(await avgPool2d(x, 2, { padding: 1, countIncludePad: false }).read()); // 4, 8, 4, 8
 * ```
 */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPoolOptions = {}): Tensor {
  checkOptions("avgPool2d", options, Object.assign({ countIncludePad: flag }, OPTIONS));
  return avgPool2dOperator([x], windowsOn("avgPool2d", x, kernelSize, options));
}

/** The weights [n, m] of n elements in the averages of m parts, which overlap unless m divides n. */
function averageWeights(n: number, m: number): Float32Array {
  const weights = new Float32Array(n * m);
  for (let part = 0; part < m; part++) {
    const [start, end] = [Math.floor((part * n) / m), Math.ceil(((part + 1) * n) / m)];
    for (let i = start; i < end; i++) weights[i * m + part] = 1 / (end - start);
  }
  return weights;
}

/**
 * Averages of x [batch, channels, H, W] over `outputSize` parts: PyTorch's adaptive_avg_pool2d. Part i of m of an axis
 * of n goes from floor(i n / m) to ceil((i + 1) n / m).
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[[[1, 3, 5, 7]]]]);
 * console.log(await adaptiveAvgPool2d(x, [1, 2]).read(), await adaptiveAvgPool2d(x, [1, 3]).read()); // 2,6 2,4,6
 * ```
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: Pair): Tensor {
  const [, , ...now] = imageShape("adaptiveAvgPool2d", x);
  checkValue("adaptiveAvgPool2d: the size", outputSize, wholes(1));
  const sizes = pairOf(outputSize);
  if (sizeOf(sizes) === 1) return mean(x, [2, 3], true);
  const [height, width] = now.map((n, axis) => n / sizes[axis]);
  if (Number.isInteger(height) && Number.isInteger(width)) return avgPool2d(x, [height, width]);
  return [2, 3].reduce((y, axis) => {
    const [n, m] = [now[axis - 2], sizes[axis - 2]];
    return n === m ? y : weighAxis(y, axis, averageWeights(n, m));
  }, x);
}
