// Convolution and transposed convolution as PyTorch defines them: cross-correlation, NCHW, square strides and
// paddings. The input is padded first; then one output row at a time its patches are laid out as a matrix [C * kh *
// kw, outWidth] and multiplied, so that the matrix stays in cache and never grows with the image. A transposed
// convolution is the data gradient of a convolution, and its gradients are a convolution's other two parts.
import { ShapeError } from "../../lib/errors.js";
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";
import { gemm, type MatrixView } from "../lib/reference/gemm.js";
import { crop2d, reflectionPad2d, reflectionPad2dGradient, zeroPad2d } from "../padding/reference.js";

export interface Conv2dOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly paddingMode?: "zeros" | "reflect";
}

export interface ConvTranspose2dOptions {
  readonly stride?: number;
  readonly padding?: number;
  /** Rows and columns added at the bottom and right: a strided convolution maps several sizes to the same one. */
  readonly outputPadding?: number;
}

/**
 * x [N, C, H, W], w [O, C, kh, kw], b [O] or none -> [N, O, oh, ow]
 * with oh = floor((H + 2 padding - kh) / stride) + 1.
 */
export function conv2d(x: Dense, w: Dense, b: Dense | undefined, options: Conv2dOptions = {}): Dense {
  const { stride = 1, padding = 0, paddingMode = "zeros" } = options;
  requireConvolution("conv2d", x, w, 1);
  const padded = paddingMode === "reflect" ? reflectionPad2d(x, padding) : zeroPad2d(x, padding);
  const y = correlate(padded, w, stride);
  if (b) addBias("conv2d", y, b);
  return y;
}

/** The bias's value is not read; db is [O] whether there is one or not. */
export function conv2dGradient(
  x: Dense,
  w: Dense,
  _b: Dense | undefined,
  options: Conv2dOptions,
  dy: Dense,
): { dx: Dense; dw: Dense; db: Dense } {
  const { stride = 1, padding = 0, paddingMode = "zeros" } = options;
  requireConvolution("conv2dGradient", x, w, 1);
  const reflect = paddingMode === "reflect";
  const padded = reflect ? reflectionPad2d(x, padding) : zeroPad2d(x, padding);
  const dPadded = correlateDataGradient(padded.shape, w, stride, dy);
  const dx = reflect ? reflectionPad2dGradient(x, padding, dPadded).dx : crop2d(dPadded, padding);
  return { dx, dw: correlateWeightGradient(padded, w.shape, stride, dy), db: sumOverImages(dy) };
}

/**
 * x [N, C, H, W], w [C, O, kh, kw], b [O] or none -> [N, O, oh, ow]
 * with oh = (H - 1) stride - 2 padding + kh + outputPadding. Throws ShapeError unless outputPadding < stride.
 */
export function convTranspose2d(x: Dense, w: Dense, b: Dense | undefined, options: ConvTranspose2dOptions = {}): Dense {
  const { stride = 1, padding = 0, outputPadding = 0 } = options;
  requireConvolution("convTranspose2d", x, w, 0);
  if (outputPadding >= stride) {
    throw new ShapeError(
      `convTranspose2d: outputPadding ${outputPadding} is not below the stride ${stride}.`,
      "Use an outputPadding from 0 to stride - 1.",
    );
  }
  const [batch, , height, width] = x.shape;
  const [, outChannels, kernelHeight, kernelWidth] = w.shape;
  const outHeight = (height - 1) * stride - 2 * padding + kernelHeight + outputPadding;
  const outWidth = (width - 1) * stride - 2 * padding + kernelWidth + outputPadding;
  const padded = [batch, outChannels, outHeight + 2 * padding, outWidth + 2 * padding];
  const y = crop2d(correlateDataGradient(padded, w, stride, x), padding);
  if (b) addBias("convTranspose2d", y, b);
  return y;
}

/** The bias's value is not read; db is [O] whether there is one or not. */
export function convTranspose2dGradient(
  x: Dense,
  w: Dense,
  _b: Dense | undefined,
  options: ConvTranspose2dOptions,
  dy: Dense,
): { dx: Dense; dw: Dense; db: Dense } {
  const { stride = 1, padding = 0 } = options;
  requireConvolution("convTranspose2dGradient", x, w, 0);
  const padded = zeroPad2d(dy, padding);
  return {
    dx: correlate(padded, w, stride),
    dw: correlateWeightGradient(padded, w.shape, stride, x),
    db: sumOverImages(dy),
  };
}

/** Throws ShapeError unless x and w fit; `channelAxis` is the axis of w that counts the channels of x. */
function requireConvolution(operator: string, x: Dense, w: Dense, channelAxis: 0 | 1): void {
  requireRank(operator, "x", x.shape, 4, "[N, C, H, W]");
  requireRank(operator, "w", w.shape, 4, channelAxis === 1 ? "[out, in, kh, kw]" : "[in, out, kh, kw]");
  if (x.shape[1] !== w.shape[channelAxis]) {
    throw new ShapeError(
      `${operator}: x has ${x.shape[1]} channels and w takes ${w.shape[channelAxis]}.`,
      "Use weights made for this number of channels.",
    );
  }
}

/** One row of patches: element (q, j), q = (channel, ky, kx), is the pixel under kernel tap q at output column j. */
function patchView(taps: number, columns: number): MatrixView {
  return { data: new Float64Array(taps * columns), offset: 0, rowStride: columns, columnStride: 1 };
}

const transposed = (view: MatrixView): MatrixView => ({
  ...view,
  rowStride: view.columnStride,
  columnStride: view.rowStride,
});

function weightView(w: Dense): MatrixView {
  return { data: w.data, offset: 0, rowStride: w.shape[1] * w.shape[2] * w.shape[3], columnStride: 1 };
}

/** Row i of image n of y [N, O, oh, ow], as a matrix [O, ow]. */
function rowView(y: Dense, n: number, i: number): MatrixView {
  const [, channels, height, width] = y.shape;
  return {
    data: y.data,
    offset: (n * channels * height + i) * width,
    rowStride: height * width,
    columnStride: 1,
  };
}

/** Cross-correlation without padding: x [N, C, H, W], w [O, C, kh, kw] -> [N, O, oh, ow]. */
function correlate(x: Dense, w: Dense, stride: number): Dense {
  const [batch, , height, width] = x.shape;
  const [outChannels, , kernelHeight, kernelWidth] = w.shape;
  const outHeight = Math.floor((height - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width - kernelWidth) / stride) + 1;
  if (height < kernelHeight || width < kernelWidth) {
    const [image, kernel] = [`${height} x ${width}`, `${kernelHeight} x ${kernelWidth}`];
    throw new ShapeError(
      `convolution: a padded image of ${image} is smaller than the kernel of ${kernel}.`,
      "Use a larger image or more padding.",
    );
  }
  const y = zeros([batch, outChannels, outHeight, outWidth]);
  const weights = weightView(w);
  const patches = patchView(weights.rowStride, outWidth);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < outHeight; i++) {
      gatherPatches(x, w.shape, stride, n, i, outWidth, patches.data);
      gemm(outChannels, outWidth, weights.rowStride, weights, patches, rowView(y, n, i));
    }
  }
  return y;
}

/** dx [N, C, H, W] of `correlate`, for dy [N, O, oh, ow]. */
function correlateDataGradient(xShape: readonly number[], w: Dense, stride: number, dy: Dense): Dense {
  const [batch, outChannels, outHeight, outWidth] = dy.shape;
  const dx = zeros(xShape);
  const weights = weightView(w);
  const dPatches = patchView(weights.rowStride, outWidth);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < outHeight; i++) {
      dPatches.data.fill(0);
      // The transpose of dPatches = w^T dy, so that the weights are read along their rows.
      gemm(outWidth, weights.rowStride, outChannels, transposed(rowView(dy, n, i)), weights, transposed(dPatches));
      scatterPatches(dPatches.data, w.shape, stride, n, i, outWidth, dx);
    }
  }
  return dx;
}

/** dw [O, C, kh, kw] of `correlate`, for dy [N, O, oh, ow]. */
function correlateWeightGradient(x: Dense, wShape: readonly number[], stride: number, dy: Dense): Dense {
  const [batch, outChannels, outHeight, outWidth] = dy.shape;
  const dw = zeros(wShape);
  const dWeights = weightView(dw);
  const patches = patchView(dWeights.rowStride, outWidth);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < outHeight; i++) {
      gatherPatches(x, wShape, stride, n, i, outWidth, patches.data);
      gemm(outChannels, dWeights.rowStride, outWidth, rowView(dy, n, i), transposed(patches), dWeights);
    }
  }
  return dw;
}

function gatherPatches(
  x: Dense,
  wShape: readonly number[],
  stride: number,
  n: number,
  i: number,
  outWidth: number,
  patches: Float64Array,
): void {
  const [, channels, height, width] = x.shape;
  const [, , kernelHeight, kernelWidth] = wShape;
  const values = x.data;
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      const row = ((n * channels + channel) * height + i * stride + ky) * width;
      for (let kx = 0; kx < kernelWidth; kx++) {
        for (let j = 0, from = row + kx; j < outWidth; j++, from += stride) patches[at++] = values[from];
      }
    }
  }
}

function scatterPatches(
  dPatches: Float64Array,
  wShape: readonly number[],
  stride: number,
  n: number,
  i: number,
  outWidth: number,
  dx: Dense,
): void {
  const [, channels, height, width] = dx.shape;
  const [, , kernelHeight, kernelWidth] = wShape;
  const values = dx.data;
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      const row = ((n * channels + channel) * height + i * stride + ky) * width;
      for (let kx = 0; kx < kernelWidth; kx++) {
        for (let j = 0, to = row + kx; j < outWidth; j++, to += stride) values[to] += dPatches[at++];
      }
    }
  }
}

function addBias(operator: string, y: Dense, b: Dense): void {
  const [batch, channels, height, width] = y.shape;
  requireSameShape(operator, "the bias and one value a channel", b.shape, [channels]);
  const area = height * width;
  for (let plane = 0, at = 0; plane < batch * channels; plane++) {
    const bias = b.data[plane % channels];
    for (let pixel = 0; pixel < area; pixel++) y.data[at++] += bias;
  }
}

/** dy [N, O, oh, ow] -> [O]. */
function sumOverImages(dy: Dense): Dense {
  const [batch, channels, height, width] = dy.shape;
  const area = height * width;
  const db = zeros([channels]);
  for (let plane = 0, at = 0; plane < batch * channels; plane++) {
    let total = 0;
    for (let pixel = 0; pixel < area; pixel++) total += dy.data[at++];
    db.data[plane % channels] += total;
  }
  return db;
}

export interface GeneralConv2dOptions {
  /** Along both axes: [y, x]. */
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Calls `visit` with the places of the output, the input and the weight of every product of a convolution. */
function products(
  x: Dense,
  w: Dense,
  { stride, padding, dilation, groups }: GeneralConv2dOptions,
  visit: (y: number, x: number, w: number) => void,
): number[] {
  const [batch, channels, height, width] = x.shape;
  const [outChannels, inChannels, kh, kw] = w.shape;
  const out = (n: number, taps: number, axis: 0 | 1) =>
    Math.floor((n + 2 * padding[axis] - dilation[axis] * (taps - 1) - 1) / stride[axis]) + 1;
  const shape = [batch, outChannels, out(height, kh, 0), out(width, kw, 1)];
  for (let y = 0; y < batch * outChannels * shape[2] * shape[3]; y++) {
    const [column, row] = [y % shape[3], Math.floor(y / shape[3]) % shape[2]];
    const o = Math.floor(y / (shape[2] * shape[3])) % outChannels;
    const image = Math.floor(y / (shape[2] * shape[3] * outChannels)) * channels;
    const first = Math.floor(o / (outChannels / groups)) * inChannels;
    for (let tap = 0; tap < inChannels * kh * kw; tap++) {
      const c = Math.floor(tap / (kh * kw));
      const i = row * stride[0] - padding[0] + (Math.floor(tap / kw) % kh) * dilation[0];
      const j = column * stride[1] - padding[1] + (tap % kw) * dilation[1];
      if (i < 0 || i >= height || j < 0 || j >= width) continue;
      visit(y, ((image + first + c) * height + i) * width + j, o * inChannels * kh * kw + tap);
    }
  }
  return shape;
}

/** x [N, C, H, W], w [O, C / groups, kh, kw] -> [N, O, oh, ow]. */
export function generalConv2d(x: Dense, w: Dense, options: GeneralConv2dOptions): Dense {
  const y = zeros(products(x, w, options, () => {}));
  products(x, w, options, (at, from, weight) => {
    y.data[at] += x.data[from] * w.data[weight];
  });
  return y;
}

export function generalConv2dGradient(
  x: Dense,
  w: Dense,
  options: GeneralConv2dOptions,
  dy: Dense,
): { dx: Dense; dw: Dense } {
  const [dx, dw] = [zeros(x.shape), zeros(w.shape)];
  products(x, w, options, (at, from, weight) => {
    dx.data[from] += dy.data[at] * w.data[weight];
    dw.data[weight] += dy.data[at] * x.data[from];
  });
  return { dx, dw };
}

/** x [N, C, H, W], w [C, O / groups, kh, kw] -> [N, O, ...size]: what a convolution to x's size does backwards. */
export const generalConvTranspose2d = (
  x: Dense,
  w: Dense,
  options: GeneralConv2dOptions,
  size: readonly [number, number],
): Dense => generalConv2dGradient(zeros([x.shape[0], options.groups * w.shape[1], ...size]), w, options, x).dx;
