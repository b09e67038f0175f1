// Convolution, its transpose and its weight gradient: three operators that are each other's gradients, so that
// convolution can be differentiated as often as needed. Layout NCHW; weights [out, in, kh, kw] (PyTorch's conv2d), for
// the transpose [in, out, kh, kw] (PyTorch's conv_transpose2d). Kernels apply reflection padding when they load x. A
// transpose with a stride becomes one dense dispatch per phase (stride * stride of them), so that no inner loop tests
// which kernel elements contribute.
import { defineOperator, type Forward } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkOptions, oneOf, whole } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { type Pair, pairOf, wholes } from "../lib/pairs.js";
import { runBroadcast } from "../lib/pointwise-kernels.js";
import { tiledVariants } from "../lib/variants.js";
import { reflectionPad2dGradient } from "../padding/index.js";
import { reduceSplits, sum, sumInto } from "../reduction/index.js";
import { fillWith } from "../strided/index.js";
import { callOf } from "./call.js";
import { type ConvolutionVariant, choiceOf } from "./choice.js";
import { broadcastConvolution, broadcastWeightGradient } from "./direct.js";
import { type GeneralConv2dOptions, generalConv2d, generalConvTranspose2d } from "./general.js";
import {
  type Conv2dOptions,
  type Convolve,
  type ConvTranspose2dOptions,
  checkConvolution,
  checkTranspose,
  forwardGeometry,
  type TransposeOptions,
  transposeGeometries,
  type WeightGradient,
  type WeightGradientOptions,
} from "./geometry.js";
import { runSkinny, runSkinnyWeightGradient } from "./skinny.js";
import { tiledConvolution, tiledWeightGradient } from "./tiled.js";
import { runWinograd, runWinogradWeightGradient } from "./winograd.js";

export { winogradCosts } from "./costs.js";
export {
  conv2dGeneralInputGradientOperator,
  conv2dGeneralOperator,
  conv2dGeneralWeightGradientOperator,
} from "./general.js";
export type { ConvTranspose2dOptions } from "./geometry.js";
export type { GeneralConv2dOptions };

type Weighted = readonly [x: Tensor, w: Tensor, bias: Tensor | undefined];

const conv2dBy =
  (convolve: Convolve): Forward<Weighted, Required<Conv2dOptions>> =>
  (gpu, [x, w, bias], options, y) => {
    convolve(gpu, { x, w, bias, y }, forwardGeometry(w, y, options));
    return undefined;
  };

export const conv2dOperator = defineOperator<Weighted, Required<Conv2dOptions>, ConvolutionVariant>({
  name: "conv2d",
  optional: [2],
  variants: {
    ...tiledVariants((tile) => conv2dBy(tiledConvolution(tile))),
    broadcast: conv2dBy(broadcastConvolution),
    winograd: conv2dBy(runWinograd),
    skinny: conv2dBy(runSkinny),
  },
  ...choiceOf(callOf.conv2d),
  shape: ([x, w, bias], options) => checkConvolution(x, w, bias, options),
  // Every output sums over input channels and kernel elements.
  flops: ([, w], _, y) => 2 * sizeOf(y) * sizeOf((w as Shape).slice(1)),
  gradient({ gpu, inputs: [x, w, bias], options, needs, accumulator }, dy) {
    const dx = needs(0) ? inputGradient(dy, w, x, options, accumulator(0)) : null;
    const kernel = { ...options, kernel: [w.shape[2], w.shape[3]] as const };
    // Both in one pass over dy, unless they may be differentiated again.
    if (bias && needs(1) && needs(2) && !gpu.tape.recording) {
      const sums = [accumulator(1), accumulator(2)];
      const [sum, biasSum] = sums.every(Boolean) ? sums : [];
      const db = biasSum ?? gpu.empty(bias.shape);
      return [dx, conv2dWeightGradientOperator([x, dy], kernel, { accumulateInto: sum, second: db }), db];
    }
    const dw = needs(1) ? conv2dWeightGradientOperator([x, dy], kernel, { accumulateInto: accumulator(1) }) : null;
    return [dx, dw, bias && needs(2) ? reshape(sum(dy, [0, 2, 3]), bias.shape) : null];
  },
});

const convTranspose2dBy =
  (convolve: Convolve): Forward<Weighted, TransposeOptions> =>
  (gpu, [x, w, bias], options, y) => {
    const [, outChannels, kh, kw] = w.shape;
    // Phases without any kernel element are not written by a dispatch.
    const gaps = kh < options.stride || kw < options.stride;
    const target = gaps && bias ? gpu.empty(y.shape) : y;
    if (gaps) fillWith(gpu, target, 0);
    const operands = { x, w, bias: gaps ? undefined : bias, y: target };
    for (const phase of transposeGeometries(w, y, options)) convolve(gpu, operands, phase);
    if (target !== y && bias) {
      const channels = gpu.noGrad(() => reshape(bias, [1, outChannels, 1, 1]));
      runBroadcast(gpu, "ADD", target, channels, y);
      channels.dispose();
      target.dispose();
    }
    return undefined;
  };

export const convTranspose2dOperator = defineOperator<Weighted, TransposeOptions, ConvolutionVariant>({
  name: "convTranspose2d",
  optional: [2],
  variants: {
    ...tiledVariants((tile) => convTranspose2dBy(tiledConvolution(tile))),
    broadcast: convTranspose2dBy(broadcastConvolution),
    winograd: convTranspose2dBy(runWinograd),
    skinny: convTranspose2dBy(runSkinny),
  },
  ...choiceOf(callOf.convTranspose2d),
  shape: ([x, w, bias], options) => checkTranspose(x, w, bias, options),
  // Every input contributes to all output channels by all kernel elements.
  flops: ([x, w]) => 2 * sizeOf(x as Shape) * sizeOf((w as Shape).slice(1)),
  gradient({ inputs: [x, w, bias], options: { stride, padding }, needs }, dy) {
    const options = { stride, padding, paddingMode: "zeros" as const };
    return [
      needs(0) ? conv2d(dy, w, undefined, options) : null,
      needs(1) ? conv2dWeightGradient(dy, x, [w.shape[2], w.shape[3]], options) : null,
      bias && needs(2) ? reshape(sum(dy, [0, 2, 3]), bias.shape) : null,
    ];
  },
});

type GradientInputs = readonly [x: Tensor, dy: Tensor];

const weightGradientBy =
  (fill: WeightGradient): Forward<GradientInputs, WeightGradientOptions> =>
  (gpu, [x, dy], options, dw, { accumulate, second: db }) => {
    fill(gpu, { x, dy, dw, db, accumulate }, options);
    return undefined;
  };

/** Adds the bias's gradient, for kernels that do not sum dy themselves. */
const withBias =
  (fill: WeightGradient): WeightGradient =>
  (gpu, tensors, options) => {
    fill(gpu, tensors, options);
    const { dy, db, accumulate } = tensors;
    if (db) reduceSplits(gpu, 1, { y: db, accumulate }, (target) => sumInto(gpu, dy, [0, 2, 3], target));
  };

export const conv2dWeightGradientOperator = defineOperator<GradientInputs, WeightGradientOptions, ConvolutionVariant>({
  name: "conv2dWeightGradient",
  dtype: () => "f32",
  accumulates: true,
  variants: {
    ...tiledVariants((tile) => weightGradientBy(tiledWeightGradient(tile))),
    broadcast: weightGradientBy(withBias(broadcastWeightGradient)),
    winograd: weightGradientBy(withBias(runWinogradWeightGradient)),
    skinny: weightGradientBy(runSkinnyWeightGradient),
  },
  ...choiceOf(callOf.conv2dWeightGradient),
  shape: ([x, dy], { kernel }) => [dy.shape[1], x.shape[1], ...kernel],
  flops: ([x, dy], { kernel }) => 2 * sizeOf(dy as Shape) * (x as Shape)[1] * sizeOf(kernel),
  gradient({ inputs: [x, dy], options, needs }, dw) {
    const { stride, padding, paddingMode } = options;
    return [
      needs(0) ? inputGradient(dy, dw, x, options) : null,
      needs(1) ? conv2d(x, dw, undefined, { stride, padding, paddingMode }) : null,
    ];
  },
});

const CONV2D_OPTIONS = {
  stride: wholes(1),
  padding: wholes(0),
  paddingMode: oneOf("zeros", "reflect"),
  dilation: wholes(1),
  groups: whole(1),
};
const TRANSPOSE_OPTIONS = {
  stride: wholes(1),
  padding: wholes(0),
  outputPadding: wholes(0),
  dilation: wholes(1),
  groups: whole(1),
};

// The kernels with variants need the same options along both axes, one group and no dilation.

/** The number for both axes if they are equal. */
function same(value: Pair): number | undefined {
  const [y, x] = pairOf(value);
  return y === x ? y : undefined;
}

const isSimple = ({ groups = 1, dilation = 1 }: Pick<GeneralConv2dOptions, "groups" | "dilation">): boolean =>
  groups === 1 && same(dilation) === 1;

const convTransposeTo = (
  x: Tensor,
  w: Tensor,
  outputSize: readonly [number, number],
  stride: number,
  padding: number,
): Tensor => convTranspose2dOperator([x, w, undefined], { stride, padding, outputSize });

/** The gradient of an input like `x` of a convolution with w. */
function inputGradient(
  dy: Tensor,
  w: Tensor,
  { shape }: Tensor,
  options: Required<Conv2dOptions>,
  accumulateInto?: Tensor,
): Tensor {
  const [, , height, width] = shape;
  const { stride, padding, paddingMode } = options;
  if (paddingMode === "zeros") return convTransposeTo(dy, w, [height, width], stride, padding);
  const padded = convTransposeTo(dy, w, [height + 2 * padding, width + 2 * padding], stride, 0);
  return reflectionPad2dGradient(padded, [height, width], padding, accumulateInto);
}

const conv2dWeightGradient = (
  x: Tensor,
  dy: Tensor,
  kernel: readonly [number, number],
  options: Required<Conv2dOptions>,
): Tensor => conv2dWeightGradientOperator([x, dy], { ...options, kernel });

/**
 * Cross-correlation as PyTorch's conv2d: x [batch, in, H, W], w [out, in / groups, kh, kw], bias [out] or undefined.
 * Output [batch, out, floor((H + 2 padding - dilation * (kh - 1) - 1) / stride) + 1, ...]. The fastest kernels are for
 * one group, no dilation, and the same stride and padding along both axes.
 *
 * @example
 * ```ts
 * import { conv2d, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const image = gpu.tensor(Float32Array.from({ length: 16 }, (_, i) => i), [1, 1, 4, 4]);
 * const box = gpu.tensor(new Float32Array(9).fill(1 / 9), [1, 1, 3, 3]);
 * const blurred = conv2d(image, box, undefined, { padding: 1, paddingMode: "reflect" });
 * console.log(blurred.shape); // 1,1,4,4
 * gpu.dispose();
 * ```
 */
export function conv2d(x: Tensor, w: Tensor, bias?: Tensor, options: GeneralConv2dOptions = {}): Tensor {
  checkOptions("conv2d", options, CONV2D_OPTIONS);
  const { paddingMode = "zeros" } = options;
  const [stride, padding] = [options.stride ?? 1, options.padding ?? 0].map(same);
  if (stride === undefined || padding === undefined || !isSimple(options)) return generalConv2d(x, w, bias, options);
  return conv2dOperator([x, w, bias], { stride, padding, paddingMode });
}

/**
 * Cross-correlation along one axis, as PyTorch's conv1d: x [batch, in, length], w [out, in / groups, kw], bias [out]
 * or undefined; options as those of conv2d, for the one axis.
 *
 * @example
 * ```ts
 * const signal = gpu.tensor([[[1, 2, 4, 8]]]);
 * const difference = gpu.tensor([[[-1, 1]]]);
 * console.log(await conv1d(signal, difference).read()); // 1, 2, 4
 * ```
 */
export function conv1d(x: Tensor, w: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor {
  checkOptions("conv1d", options, { stride: whole(1), padding: whole(0), dilation: whole(1), groups: whole(1) });
  const { stride = 1, padding = 0, dilation = 1, groups } = options;
  if (shapeIn("conv1d", x).length !== 3 || shapeIn("conv1d", w, "weight").length !== 3)
    throw new ShapeError(
      `conv1d: ${shapeText(x)} and weights ${shapeText(w)} do not have three axes`,
      "Give [batch, in, length] and [out, in / groups, kw].",
    );
  const line = (tensor: Tensor) => reshape(tensor, tensor.shape.toSpliced(2, 0, 1));
  const along = { stride: [1, stride], padding: [0, padding], dilation: [1, dilation], groups } as const;
  const y = conv2d(line(x), line(w), bias, along);
  return reshape(y, y.shape.toSpliced(2, 1));
}

export interface Conv1dOptions {
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
}

/**
 * Transposed convolution as PyTorch's conv_transpose2d: x [batch, in, H, W], w [in, out / groups, kh, kw], bias [out]
 * or undefined. Output height (H - 1) * stride - 2 padding + dilation * (kh - 1) + 1 + outputPadding. The fastest
 * kernels are for one group, no dilation, and the same options along both axes.
 *
 * @example
 * ```ts
 * const ones2x2 = ones(gpu, [1, 1, 2, 2]);
 * const doubled = convTranspose2d(gpu.tensor([[[[1, 2]]]]), ones2x2, undefined, { stride: 2 });
 * console.log(doubled.shape, await doubled.read()); // 1,1,2,4 1,1,2,2,1,1,2,2
 * ```
 */
export function convTranspose2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  checkOptions("convTranspose2d", options, TRANSPOSE_OPTIONS);
  const [stride, padding, more] = [options.stride ?? 1, options.padding ?? 0, options.outputPadding ?? 0].map(same);
  if (stride === undefined || padding === undefined || more === undefined || !isSimple(options))
    return generalConvTranspose2d(x, w, bias, options);
  const [, , height, width] = imageShape("convTranspose2d", x);
  const out = (size: number, kernel: number) => (size - 1) * stride - 2 * padding + kernel + more;
  const [, , kh, kw] = shapeIn("convTranspose2d", w, "weight");
  const outputSize: [number, number] = [out(height, kh), out(width, kw)];
  return convTranspose2dOperator([x, w, bias], { stride, padding, outputSize });
}
