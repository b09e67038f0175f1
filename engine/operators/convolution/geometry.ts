// The geometry of convolutions: what callers may choose, sizes of outputs, checks of shapes, and the form in which all
// kernels take it (see shaders/convolution/lib/geometry.wgsl).
import type { Gpu } from "../../core/gpu.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeText } from "../../lib/shapes.js";
import type { Pair } from "../lib/pairs.js";

export interface Conv2dOptions {
  stride?: number;
  /** The same on all four sides. */
  padding?: number;
  paddingMode?: "zeros" | "reflect";
}

export interface ConvTranspose2dOptions {
  /** One number, or one for each axis: [y, x]. */
  stride?: Pair;
  padding?: Pair;
  /** Rows and columns added at the bottom and right: a strided convolution maps several sizes to the same one. */
  outputPadding?: Pair;
  /** Spacing between kernel elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that are convolved separately; 1 by default. */
  groups?: number;
}

export interface TransposeOptions {
  stride: number;
  padding: number;
  /** Height and width of the output. */
  outputSize: readonly [number, number];
}

export type WeightGradientOptions = Required<Conv2dOptions> & { kernel: readonly [number, number] };

export interface Operands {
  x: Tensor;
  w: Tensor;
  bias: Tensor | undefined;
  y: Tensor;
}

/** What differs between the uses of the kernels: params by their names in shaders/convolution/lib/geometry.wgsl. */
export interface Geometry {
  rows: number;
  columns: number;
  out_step: number;
  out_y: number;
  out_x: number;
  kh: number;
  kw: number;
  stride: number;
  pad_y: number;
  pad_x: number;
  /** 1 for a mirrored border, 0 for zeros. */
  reflect: number;
  /** The first of the weights and their strides, in elements. */
  w_base: number;
  w_m: number;
  w_c: number;
  w_ky: number;
  w_kx: number;
}

/** Computes y, or one phase of it. */
export type Convolve = (gpu: Gpu, operands: Operands, geometry: Geometry) => void;

/**
 * Fills dw [out, in, kernel], and db [out] if it is given, with the sum of dy over images and pixels; or adds to them.
 */
export type WeightGradient = (
  gpu: Gpu,
  tensors: { x: Tensor; dy: Tensor; dw: Tensor; db?: Tensor; accumulate: boolean },
  options: WeightGradientOptions,
) => void;

const outputSize = (size: number, kernel: number, { stride, padding }: Required<Conv2dOptions>) =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1;

/** Shape of conv2d's output, by arithmetic alone. */
export function outputShape(x: Shape, w: Shape, options: Required<Conv2dOptions>): Shape {
  const [batch, , height, width] = x;
  const [outChannels, , kh, kw] = w;
  return [batch, outChannels, outputSize(height, kh, options), outputSize(width, kw, options)];
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

/** Shape of conv2d's output; throws a ShapeError if the operands do not fit. */
export function checkConvolution(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  options: Required<Conv2dOptions>,
): Shape {
  const { padding, paddingMode } = options;
  checkWeighted("conv2d", x, w, bias, 1);
  const [, , height, width] = imageShape("conv2d", x);
  if (paddingMode === "reflect" && padding >= Math.min(height, width)) {
    throw new ShapeError(
      `conv2d: ${shapeText(x)} is too small for a reflection padding of ${padding}`,
      "Height and width must be larger than the padding.",
    );
  }
  const shape = outputShape(x.shape, w.shape, options);
  if (shape[2] < 1 || shape[3] < 1) {
    throw new ShapeError(
      `conv2d: ${shapeText(x)} with padding ${padding} is smaller than the kernel ${shapeText(w)}`,
      "Give a larger image or padding, or a smaller kernel.",
    );
  }
  return shape;
}

/** Shape of convTranspose2d's output; throws a ShapeError if `outputSize` is impossible. */
export function checkTranspose(x: Tensor, w: Tensor, bias: Tensor | undefined, options: TransposeOptions): Shape {
  const { stride, padding, outputSize } = options;
  checkWeighted("convTranspose2d", x, w, bias, 0);
  const [batch, , height, width] = imageShape("convTranspose2d", x);
  const fits = (size: number, kernel: number, out: number) =>
    out > 0 && Math.floor((out + 2 * padding - kernel) / stride) + 1 === size;
  if (!fits(height, w.shape[2], outputSize[0]) || !fits(width, w.shape[3], outputSize[1])) {
    const output = outputSize.join(" x ");
    throw new ShapeError(
      `convTranspose2d: an output of ${output} does not belong to ${shapeText(x)} with weights ${shapeText(w)}`,
      "Choose an outputPadding smaller than the stride.",
    );
  }
  return [batch, w.shape[1], ...outputSize];
}

/** conv2d as one dispatch. */
export function forwardGeometry(w: Tensor, y: Tensor, options: Required<Conv2dOptions>): Geometry {
  const { stride, padding, paddingMode } = options;
  const [, inChannels, kh, kw] = w.shape;
  return {
    rows: y.shape[2],
    columns: y.shape[3],
    out_step: 1,
    out_y: 0,
    out_x: 0,
    kh,
    kw,
    stride,
    pad_y: padding,
    pad_x: padding,
    reflect: Number(paddingMode === "reflect"),
    w_base: 0,
    w_m: inChannels * kh * kw,
    w_c: kh * kw,
    w_ky: kw,
    w_kx: 1,
  };
}

/** convTranspose2d as one dispatch per phase that any kernel element contributes to. */
export function transposeGeometries(w: Tensor, y: Tensor, { stride, padding }: TransposeOptions): Geometry[] {
  const [, outChannels, kh, kw] = w.shape;
  const [, , outHeight, outWidth] = y.shape;
  const phases: Geometry[] = [];
  for (let phaseY = 0; phaseY < Math.min(stride, outHeight); phaseY++) {
    const vertical = phaseKernel(phaseY, kh, stride, padding);
    for (let phaseX = 0; phaseX < Math.min(stride, outWidth); phaseX++) {
      const horizontal = phaseKernel(phaseX, kw, stride, padding);
      if (vertical.size === 0 || horizontal.size === 0) continue;
      phases.push({
        rows: Math.ceil((outHeight - phaseY) / stride),
        columns: Math.ceil((outWidth - phaseX) / stride),
        out_step: stride,
        out_y: phaseY,
        out_x: phaseX,
        kh: vertical.size,
        kw: horizontal.size,
        stride: 1,
        pad_y: vertical.pad,
        pad_x: horizontal.pad,
        reflect: 0,
        w_base: vertical.last * kw + horizontal.last,
        w_m: kh * kw,
        w_c: outChannels * kh * kw,
        w_ky: -stride * kw,
        w_kx: -stride,
      });
    }
  }
  return phases;
}

/**
 * Kernel row k contributes input row (i + padding - k) / stride to output row i of a transpose, where that is an
 * integer. For the rows i = phase + stride * t these are k = first + stride * j, with input row t + shift - j: a dense
 * convolution with every stride-th kernel row, in descending order.
 */
function phaseKernel(phase: number, kernel: number, stride: number, padding: number) {
  const first = (phase + padding) % stride;
  const size = Math.max(0, Math.ceil((kernel - first) / stride));
  const shift = (phase + padding - first) / stride;
  return { size, last: first + stride * (size - 1), pad: size - 1 - shift };
}

/** The sizes of a convolution's input x and output y, as params. */
function sizesOf({ shape: x }: Tensor, { shape: y }: Tensor) {
  const [batch, in_channels, in_height, in_width] = x;
  const [, out_channels, out_height, out_width] = y;
  return { batch, in_channels, in_height, in_width, out_channels, out_height, out_width };
}

/** Bindings and params of the direct kernels. */
export function directRun({ x, w, bias, y }: Operands, geometry: Geometry) {
  const sizes = sizesOf(x, y);
  return {
    // Without a bias the binding takes any buffer that is read anyway.
    bindings: { x, w, bias: bias ?? w, y },
    params: { ...sizes, ...geometry, has_bias: Number(Boolean(bias)), channels_per_split: sizes.in_channels },
  };
}

/** The params that both direct weight-gradient kernels share. */
export const weightGradientParams = (
  x: Tensor,
  dy: Tensor,
  { stride, padding, paddingMode }: WeightGradientOptions,
) => ({ ...sizesOf(x, dy), stride, pad: padding, reflect: Number(paddingMode === "reflect") });
