// Convolution, its transpose and its weight gradient: three operators that are each other's gradients, so that convolution
// can be differentiated as often as needed. Layout NCHW; weights [out, in, kh, kw] (PyTorch's conv2d), for the transpose
// [in, out, kh, kw] (PyTorch's conv_transpose2d). Reflection padding lives in the loaders. A stride in the transpose becomes
// one dense dispatch a phase (stride * stride of them), so that no inner loop tests which taps hit.
import { conv2d_broadcast, conv2d_weight_gradient_broadcast } from "../../../shaders/generated.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { imageShape, shapeText } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { AdapterTraits } from "../../device/adapter.js";
import type { Gpu } from "../../device/gpu.js";
import { copyInto, fillWith } from "../batch/memory.js";
import { chooseByProfile, DIRECT_VARIANTS, type DirectVariant, forEachVariant, isTiled } from "../lib/variants.js";
import { reflectionPad2dGradient } from "../padding/index.js";
import { add } from "../pointwise/index.js";
import { sum, sumInto } from "../reduction/index.js";
import { runTiledConvolution, runTiledWeightGradient } from "./tiled.js";
import { runWinograd, runWinogradWeightGradient, winogradServes, winogradTiles } from "./winograd.js";

export interface Conv2dOptions {
  stride?: number;
  /** The same on all four sides. */
  padding?: number;
  paddingMode?: "zeros" | "reflect";
}

export interface ConvTranspose2dOptions {
  stride?: number;
  padding?: number;
  /** Rows and columns added at the bottom and right, to choose among the sizes that a strided convolution maps alike. */
  outputPadding?: number;
}

type Weighted = readonly [x: Tensor, w: Tensor, bias: Tensor | undefined];

/** The part of the geometry (see shaders/convolution/lib/geometry.wgsl) that differs between the uses of the kernels. */
interface Geometry {
  rows: number;
  columns: number;
  outStep: number;
  outY: number;
  outX: number;
  tapsY: number;
  tapsX: number;
  stride: number;
  padY: number;
  padX: number;
  reflect: boolean;
  weights: { base: number; m: number; c: number; ty: number; tx: number };
}

/**
 * The direct kernels, and Winograd's. Where a forced "winograd" does not apply (other taps, a stride), the direct kernel of
 * the profile does the work.
 */
const VARIANTS = [...DIRECT_VARIANTS, "winograd"] as const;
type Variant = DirectVariant | "winograd";

/**
 * Where Winograd's kernels beat the direct ones on lavapipe: each transformed window must serve many channels, and each
 * transformed weight many tiles.
 */
const WINOGRAD_CHANNELS = 64;
const WINOGRAD_TILES = 16;

/** Pure: which kernel for a convolution of x [N, C, H, W] to an output of a shape. */
function chooseConvolution(
  taps: readonly [number, number],
  stride: number,
  inChannels: number,
  output: Shape,
  adapter: AdapterTraits,
): Variant {
  const direct = chooseByProfile([], {}, adapter);
  const serves = direct === "broadcast" && winogradServes(taps, stride, inChannels, output);
  const pays = Math.min(inChannels, output[1]) >= WINOGRAD_CHANNELS && winogradTiles(output, taps[0]) >= WINOGRAD_TILES;
  return serves && pays ? "winograd" : direct;
}

/** Output channels that a workgroup of the broadcast kernels makes: half for the last layers, which have three or one. */
const rowsFor = (outChannels: number) => (outChannels <= 4 ? 4 : 8);

/** The variant of the matrix products inside Winograd's convolution. */
const productVariant = (gpu: Gpu) => gpu.variants.forced("matmul") ?? chooseByProfile([], {}, gpu);

const outputSize = (size: number, taps: number, { stride, padding }: Required<Conv2dOptions>) =>
  Math.floor((size + 2 * padding - taps) / stride) + 1;

function runConvolution(
  gpu: Gpu,
  variant: string,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  y: Tensor,
  g: Geometry,
): void {
  if (variant === "winograd") {
    if (g.outStep === 1 && winogradServes([g.tapsY, g.tapsX], g.stride, x.shape[1], y.shape)) {
      runWinograd(gpu, productVariant(gpu), x, w, bias, y, { ...g, taps: g.tapsX });
      return;
    }
    variant = chooseByProfile([], {}, gpu);
  }
  const [batch, inChannels, inHeight, inWidth] = x.shape;
  const [, outChannels, outHeight, outWidth] = y.shape;
  // Where there is no bias, any buffer that is read anyway fills the binding.
  const bindings = { x, w, bias: bias ?? w, y };
  const params = {
    ...{ batch, in_channels: inChannels, in_height: inHeight, in_width: inWidth, out_channels: outChannels },
    ...{ rows: g.rows, columns: g.columns, out_height: outHeight, out_width: outWidth },
    ...{ out_step: g.outStep, out_y: g.outY, out_x: g.outX, taps_y: g.tapsY, taps_x: g.tapsX },
    ...{ stride: g.stride, pad_y: g.padY, pad_x: g.padX, reflect: Number(g.reflect), has_bias: Number(Boolean(bias)) },
    ...{ w_base: g.weights.base, w_m: g.weights.m, w_c: g.weights.c, w_ty: g.weights.ty, w_tx: g.weights.tx },
  };
  if (variant === "broadcast") {
    const LANES = gpu.subgroupSize;
    const ROWS = rowsFor(outChannels);
    const octets = g.rows * Math.ceil(g.columns / 8);
    gpu.dispatch(conv2d_broadcast, {
      bindings,
      params,
      grid: [Math.ceil(octets / LANES), Math.ceil(outChannels / ROWS), batch],
      constants: { LANES, ROWS, TAPS_X: g.tapsX, STRIDE: g.stride },
    });
  } else {
    runTiledConvolution(gpu, variant, bindings, params);
  }
}

function checkWeighted(name: string, x: Tensor, w: Tensor, bias: Tensor | undefined, inAxis: 0 | 1): void {
  const [, channels] = imageShape(name, x);
  if (w.shape.length !== 4 || w.shape[inAxis] !== channels) {
    throw new ShapeError(
      `${name}: ${shapeText(x)} has ${channels} channels and the weights are ${shapeText(w)}`,
      inAxis === 1 ? "Weights must be [out, in, kh, kw]." : "Weights must be [in, out, kh, kw].",
    );
  }
  if (bias && bias.size !== w.shape[1 - inAxis]) {
    throw new ShapeError(
      `${name}: the bias ${shapeText(bias)} does not fit weights ${shapeText(w)}`,
      `Give a bias of ${w.shape[1 - inAxis]} numbers, or none.`,
    );
  }
}

export const conv2dOperator = defineOperator<Weighted, Required<Conv2dOptions>, Variant>({
  name: "conv2d",
  variants: forEachVariant(VARIANTS, (variant) => (gpu, [x, w, bias], options, y) => {
    const { stride, padding, paddingMode } = options;
    const [, inChannels, kh, kw] = w.shape;
    runConvolution(gpu, variant, x, w, bias, y, {
      ...{ rows: y.shape[2], columns: y.shape[3], outStep: 1, outY: 0, outX: 0, tapsY: kh, tapsX: kw, stride },
      ...{ padY: padding, padX: padding, reflect: paddingMode === "reflect" },
      weights: { base: 0, m: inChannels * kh * kw, c: kh * kw, ty: kw, tx: 1 },
    });
    return undefined;
  }),
  choose: ([x, w], options, adapter) => {
    const [batch, inChannels, height, width] = x as Shape;
    const [outChannels, , kh, kw] = w as Shape;
    const output = [batch, outChannels, outputSize(height, kh, options), outputSize(width, kw, options)];
    return chooseConvolution([kh, kw], options.stride, inChannels, output, adapter);
  },
  shape([x, w, bias], options) {
    const { padding, paddingMode } = options;
    checkWeighted("conv2d", x, w, bias, 1);
    const [batch, , height, width] = imageShape("conv2d", x);
    if (paddingMode === "reflect" && padding >= Math.min(height, width)) {
      throw new ShapeError(
        `conv2d: ${shapeText(x)} is too small for a reflection padding of ${padding}`,
        "Height and width must be larger than the padding.",
      );
    }
    const [outChannels, , kh, kw] = w.shape;
    const shape = [batch, outChannels, outputSize(height, kh, options), outputSize(width, kw, options)];
    if (shape[2] < 1 || shape[3] < 1) {
      throw new ShapeError(
        `conv2d: ${shapeText(x)} with padding ${padding} is smaller than the kernel ${shapeText(w)}`,
        "Give a larger image or padding, or a smaller kernel.",
      );
    }
    return shape;
  },
  // Every output sums over input channels and taps.
  flops: ([, w], _, y) => 2 * sizeOf(y) * sizeOf((w as Shape).slice(1)),
  gradient({ inputs: [x, w, bias], options, needs }, dy) {
    const [, , height, width] = x.shape;
    const { stride, padding, paddingMode } = options;
    const inputGradient = () => {
      if (paddingMode === "zeros") return convTransposeTo(dy, w, [height, width], stride, padding);
      const padded = convTransposeTo(dy, w, [height + 2 * padding, width + 2 * padding], stride, 0);
      return reflectionPad2dGradient(padded, [height, width], padding);
    };
    return [
      needs(0) ? inputGradient() : null,
      needs(1) ? conv2dWeightGradient(x, dy, [w.shape[2], w.shape[3]], options) : null,
      bias && needs(2) ? reshape(sum(dy, [0, 2, 3]), bias.shape) : null,
    ];
  },
});

interface TransposeOptions {
  stride: number;
  padding: number;
  /** Height and width of the output. */
  outputSize: readonly [number, number];
}

export const convTranspose2dOperator = defineOperator<Weighted, TransposeOptions, Variant>({
  name: "convTranspose2d",
  variants: forEachVariant(VARIANTS, (variant) => (gpu, [x, w, bias], { stride, padding }, y) => {
    const [, outChannels, kh, kw] = w.shape;
    const [, , outHeight, outWidth] = y.shape;
    // Phases without a tap are never written by a dispatch.
    const gaps = kh < stride || kw < stride;
    const target = gaps && bias ? gpu.empty(y.shape) : y;
    if (gaps) fillWith(gpu, target, 0);
    for (let phaseY = 0; phaseY < Math.min(stride, outHeight); phaseY++) {
      const vertical = phaseTaps(phaseY, kh, stride, padding);
      for (let phaseX = 0; phaseX < Math.min(stride, outWidth); phaseX++) {
        const horizontal = phaseTaps(phaseX, kw, stride, padding);
        if (vertical.taps === 0 || horizontal.taps === 0) continue;
        runConvolution(gpu, variant, x, w, gaps ? undefined : bias, target, {
          rows: Math.ceil((outHeight - phaseY) / stride),
          columns: Math.ceil((outWidth - phaseX) / stride),
          ...{ outStep: stride, outY: phaseY, outX: phaseX, tapsY: vertical.taps, tapsX: horizontal.taps, stride: 1 },
          ...{ padY: vertical.pad, padX: horizontal.pad, reflect: false },
          weights: {
            base: vertical.lastTap * kw + horizontal.lastTap,
            ...{ m: kh * kw, c: outChannels * kh * kw, ty: -stride * kw, tx: -stride },
          },
        });
      }
    }
    if (target !== y && bias) {
      const withBias = gpu.noGrad(() => add(target, reshape(bias, [1, outChannels, 1, 1])));
      copyInto(gpu, withBias, y, y.size);
      withBias.dispose();
      target.dispose();
    }
    return undefined;
  }),
  choose: ([x, w], { stride, outputSize }, adapter) => {
    const [batch, inChannels] = x as Shape;
    const [, outChannels, kh, kw] = w as Shape;
    return chooseConvolution([kh, kw], stride, inChannels, [batch, outChannels, ...outputSize], adapter);
  },
  shape([x, w, bias], { stride, padding, outputSize }) {
    checkWeighted("convTranspose2d", x, w, bias, 0);
    const [batch, , height, width] = imageShape("convTranspose2d", x);
    const fits = (size: number, taps: number, out: number) =>
      Math.floor((out + 2 * padding - taps) / stride) + 1 === size;
    if (!fits(height, w.shape[2], outputSize[0]) || !fits(width, w.shape[3], outputSize[1])) {
      throw new ShapeError(
        `convTranspose2d: an output of ${outputSize.join(" x ")} does not belong to ${shapeText(x)} with weights ${shapeText(w)}`,
        "Choose an outputPadding smaller than the stride.",
      );
    }
    return [batch, w.shape[1], ...outputSize];
  },
  // Every input reaches out to all output channels and taps.
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

/**
 * Output row i of a transpose takes tap k from input row (i + padding - k) / stride where that is whole. For the rows
 * i = phase + stride * t the taps are k = first + stride * j, and input row t + shift - j: a dense convolution with the
 * taps in falling order.
 */
function phaseTaps(phase: number, kernel: number, stride: number, padding: number) {
  const first = (phase + padding) % stride;
  const taps = Math.max(0, Math.ceil((kernel - first) / stride));
  const shift = (phase + padding - first) / stride;
  return { taps, lastTap: first + stride * (taps - 1), pad: taps - 1 - shift };
}

type WeightGradientOptions = Required<Conv2dOptions> & { kernel: readonly [number, number] };

export const conv2dWeightGradientOperator = defineOperator<
  readonly [x: Tensor, dy: Tensor],
  WeightGradientOptions,
  Variant
>({
  name: "conv2dWeightGradient",
  variants: forEachVariant(VARIANTS, (chosen) => (gpu, [x, dy], options, dw) => {
    const { stride, padding, paddingMode, kernel } = options;
    const [batch, inChannels, inHeight, inWidth] = x.shape;
    const [, outChannels, outHeight, outWidth] = dy.shape;
    const [kh, kw] = kernel;
    let variant: Variant = chosen;
    if (variant === "winograd") {
      if (winogradServes(kernel, stride, inChannels, dy.shape)) {
        const reflect = paddingMode === "reflect";
        runWinogradWeightGradient(gpu, productVariant(gpu), x, dy, dw, { padding, reflect });
        return undefined;
      }
      variant = chooseByProfile([], {}, gpu);
    }
    const params = {
      ...{ batch, in_channels: inChannels, in_height: inHeight, in_width: inWidth },
      ...{ out_channels: outChannels, out_height: outHeight, out_width: outWidth },
      ...{ stride, pad: padding, reflect: Number(paddingMode === "reflect") },
    };
    if (isTiled(variant)) {
      runTiledWeightGradient(gpu, variant, x, dy, dw, params);
      return undefined;
    }
    const LANES = gpu.subgroupSize;
    const ROWS = rowsFor(outChannels);
    const [tilesN, tilesM] = [Math.ceil((inChannels * kh) / LANES), Math.ceil(outChannels / ROWS)];
    // The sum runs over rows of pixels; cut so that the adapter is filled.
    const length = batch * outHeight;
    const wanted = Math.min(Math.ceil(32 / (tilesN * tilesM)), Math.ceil(length / 4));
    const rowsASplit = Math.ceil(length / wanted);
    const splits = Math.ceil(length / rowsASplit);
    const target = splits === 1 ? dw : gpu.empty([splits, ...dw.shape]);
    gpu.dispatch(conv2d_weight_gradient_broadcast, {
      bindings: { x, dy, dw: target },
      params: { ...params, taps_y: kh, taps_x: kw, rows_a_split: rowsASplit },
      grid: [tilesN, tilesM, splits],
      constants: { LANES, ROWS, TAPS_X: kw, STRIDE: stride },
    });
    if (target !== dw) {
      sumInto(gpu, target, [0], dw);
      target.dispose();
    }
    return undefined;
  }),
  choose: ([x, dy], { kernel, stride }, adapter) =>
    chooseConvolution(kernel, stride, (x as Shape)[1], dy as Shape, adapter),
  shape: ([x, dy], { kernel }) => [dy.shape[1], x.shape[1], ...kernel],
  flops: ([x, dy], { kernel }) => 2 * sizeOf(dy as Shape) * (x as Shape)[1] * sizeOf(kernel),
  gradient({ inputs: [x, dy], options, needs }, dw) {
    if (options.paddingMode === "reflect") {
      throw new ShapeError(
        "conv2dWeightGradient: a second derivative is not defined with reflection padding in the loader",
        "Use reflectionPad2d and a convolution without padding.",
      );
    }
    const { stride, padding } = options;
    return [
      needs(0) ? convTransposeTo(dy, dw, [x.shape[2], x.shape[3]], stride, padding) : null,
      needs(1) ? conv2d(x, dw, undefined, options) : null,
    ];
  },
});

const convTransposeTo = (
  x: Tensor,
  w: Tensor,
  outputSize: readonly [number, number],
  stride: number,
  padding: number,
): Tensor => convTranspose2dOperator([x, w, undefined], { stride, padding, outputSize });

const conv2dWeightGradient = (
  x: Tensor,
  dy: Tensor,
  kernel: readonly [number, number],
  options: Required<Conv2dOptions>,
): Tensor => conv2dWeightGradientOperator([x, dy], { ...options, kernel });

/**
 * Cross-correlation as PyTorch's conv2d: x [batch, in, H, W], w [out, in, kh, kw], bias [out] or undefined.
 * Output [batch, out, floor((H + 2 padding - kh) / stride) + 1, ...].
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
export const conv2d = (x: Tensor, w: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor =>
  conv2dOperator([x, w, bias], { stride: 1, padding: 0, paddingMode: "zeros", ...options });

/**
 * Transposed convolution as PyTorch's conv_transpose2d: x [batch, in, H, W], w [in, out, kh, kw], bias [out] or undefined.
 * Output height (H - 1) * stride - 2 padding + kh + outputPadding.
 */
export function convTranspose2d(x: Tensor, w: Tensor, bias?: Tensor, options: ConvTranspose2dOptions = {}): Tensor {
  const { stride = 1, padding = 0, outputPadding = 0 } = options;
  const [, , height, width] = imageShape("convTranspose2d", x);
  const out = (size: number, taps: number) => (size - 1) * stride - 2 * padding + taps + outputPadding;
  const outputSize: [number, number] = [out(height, w.shape[2]), out(width, w.shape[3])];
  return convTranspose2dOperator([x, w, bias], { stride, padding, outputSize });
}
