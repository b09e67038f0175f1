// Bicubic resizing with the results of PIL (Pillow), bit for bit, because the resampling is part of what a network has
// learned; a canvas or libvips gives other pixels. The rules: Keys' cubic with a = -0.5; when shrinking, the kernel is
// widened by the scale so that it also smooths; the weights of a pixel are normalised to sum 1 and rounded to 22
// fractional bits; first the rows are resampled, then the columns, each rounded and clamped to 8 bits.
// Source: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c (the behaviour of its 8-bit
// path).
import { LimitError } from "../../engine/lib/errors.js";
import type { Picture, Size } from "./picture.js";

/** Fractional bits of a weight: 32 less the 8 of a sample less 2 for sums that overshoot. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** Keys' cubic convolution kernel with a = -0.5, zero from distance 2 on. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5;
  return 0;
}

/**
 * For each output position: the first input it reads (`first`), how many (`count`) and their weights (`taps` per row).
 */
export interface Resampling<W> {
  first: Int32Array;
  count: Int32Array;
  taps: number;
  weights: W;
}

/** The weight of a sample by its distance, zero from the radius on. */
interface Filter {
  kernel(distance: number): number;
  radius: number;
}

const BICUBIC: Filter = { kernel: cubic, radius: 2 };
const BILINEAR: Filter = { kernel: (distance) => Math.max(0, 1 - Math.abs(distance)), radius: 1 };

/** The weights of bicubic resampling of a line of `from` samples to `to`; those of each position sum to 1. */
export const bicubicWeights = (from: number, to: number): Resampling<Float64Array> =>
  weightsOf(BICUBIC, from, to, [0, to]);

/** The weights at the positions of `part` only. */
function weightsOf(
  { kernel, radius }: Filter,
  from: number,
  to: number,
  [begin, end]: readonly [begin: number, end: number],
): Resampling<Float64Array> {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = radius * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const [first, count] = [new Int32Array(end - begin), new Int32Array(end - begin)];
  const weights = new Float64Array((end - begin) * taps);
  for (let i = 0; i < end - begin; i++) {
    const center = (begin + i + 0.5) * scale;
    first[i] = Math.max(0, Math.trunc(center - support + 0.5));
    count[i] = Math.min(from, Math.trunc(center + support + 0.5)) - first[i];
    const row = weights.subarray(i * taps, i * taps + count[i]);
    let sum = 0;
    for (let k = 0; k < row.length; k++) {
      row[k] = kernel((k + first[i] - center + 0.5) * (1 / stretch));
      sum += row[k];
    }
    for (let k = 0; k < row.length; k++) row[k] /= sum;
  }
  return { first, count, taps, weights };
}

/** The same in the fixed point of 8-bit samples, halves rounded away from zero: stores truncate. */
function fixedPoint(exact: Resampling<Float64Array>): Resampling<Int32Array> {
  const weights = new Int32Array(exact.weights.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = exact.weights[i] * 2 ** PRECISION;
    weights[i] = weight < 0 ? weight - 0.5 : weight + 0.5;
  }
  return { ...exact, weights };
}

function clamp(sum: number): number {
  const value = sum >> PRECISION;
  return Math.max(0, Math.min(255, value));
}

function resizeRows(picture: Picture, { first, count, taps, weights }: Resampling<Int32Array>): Picture {
  const { height, channels, data } = picture;
  const width = first.length;
  const result = new Uint8Array(width * height * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = (y * picture.width + first[x]) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let k = 0, from = start + c; k < count[x]; k++, from += channels) {
          sum += Math.imul(data[from], weights[x * taps + k]);
        }
        result[at++] = clamp(sum);
      }
    }
  }
  return { width, height, channels, data: result };
}

function resizeColumns(picture: Picture, { first, count, taps, weights }: Resampling<Int32Array>): Picture {
  const { width, channels, data } = picture;
  const height = first.length;
  const stride = width * channels;
  const result = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    // Row after row: walking down the columns would miss the cache on every sample.
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * taps + k];
      const start = (first[y] + k) * stride;
      for (let i = 0; i < stride; i++) sums[i] += Math.imul(data[start + i], weight);
    }
    for (let i = 0; i < stride; i++) result[y * stride + i] = clamp(sums[i]);
  }
  return { width, height, channels, data: result };
}

/** More pixels than any photograph has, and few enough to fit into memory. */
const MAX_PIXELS = 2 ** 28;

/**
 * The picture resampled to `width` x `height` pixels (both at least 1); callers choose the aspect ratio. Throws a
 * LimitError where the result would be too large for memory.
 */
export function resizePicture(picture: Picture, width: number, height: number): Picture {
  if (width * Math.max(height, picture.height) > MAX_PIXELS) {
    throw new LimitError(
      `a picture of ${width} x ${height} pixels is too large to be held`,
      "Lower --load_size (for translation: --size).",
    );
  }
  const along = (from: number, to: number) => fixedPoint(bicubicWeights(from, to));
  const wide = width === picture.width ? picture : resizeRows(picture, along(picture.width, width));
  return height === wide.height ? wide : resizeColumns(wide, along(wide.height, height));
}

/** How a square is resampled from a picture: the weights of its columns and of its rows. */
export interface ResampledSquare {
  columns: Resampling<Int32Array>;
  rows: Resampling<Int32Array>;
}

/**
 * The square of `side` pixels at `left` and `top` of a picture that is resampled from one size to another with PIL's
 * bilinear filter.
 */
export function resampledSquare(
  from: Size,
  to: Size,
  { left, top, side }: { left: number; top: number; side: number },
): ResampledSquare {
  return {
    columns: fixedPoint(weightsOf(BILINEAR, from.width, to.width, [left, left + side])),
    rows: fixedPoint(weightsOf(BILINEAR, from.height, to.height, [top, top + side])),
  };
}

/** The size of a picture scaled to a longer side of `longer`. */
export function scaledSides({ width, height }: Size, longer: number): [width: number, height: number] {
  const factor = longer / Math.max(width, height);
  const side = (n: number) => Math.max(1, Math.round(n * factor));
  return [side(width), side(height)];
}

/** The picture with its longer side at most `longest`. */
export const scaleDown = (picture: Picture, longest: number): Picture =>
  Math.max(picture.width, picture.height) > longest
    ? resizePicture(picture, ...scaledSides(picture, longest))
    : picture;
