// How close a picture is to the truth, both given as planes from 0 to 1, in float64: mean absolute difference, PSNR,
// SSIM (Wang, Bovik, Sheikh and Simoncelli, 2004) and MS-SSIM (Wang, Simoncelli and Bovik, 2003). Pure.
import { ShapeError } from "../../engine/lib/errors.js";
import type { Planes } from "./planes.js";

function checkSizes(what: string, a: Planes, b: Planes): void {
  const size = ({ width, height, channels }: Planes) => `${width} x ${height} x ${channels}`;
  if (size(a) !== size(b)) {
    throw new ShapeError(`${what}: pictures of ${size(a)} and ${size(b)} cannot be compared`, "Give equal sizes.");
  }
}

/** Mean absolute difference, 0 (equal) to 1 (black against white). */
export function l1(a: Planes, b: Planes): number {
  checkSizes("L1", a, b);
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]), 0) / a.data.length;
}

/** Peak signal-to-noise ratio in dB; infinite where the pictures are equal. */
export function psnr(a: Planes, b: Planes): number {
  checkSizes("PSNR", a, b);
  return -10 * Math.log10(a.data.reduce((sum, value, i) => sum + (value - b.data[i]) ** 2, 0) / a.data.length);
}

/** The Gaussian window of SSIM: 11 places, sigma 1.5, sum 1. */
const WINDOW = (() => {
  const weights = Float64Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
})();
const SIDE = WINDOW.length;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/** The window applied at every position of a plane where it fits: [height - 10, width - 10]. */
function filtered(plane: Float64Array, height: number, width: number): Float64Array {
  const [rows, columns] = [height - SIDE + 1, width - SIDE + 1];
  const wide = new Float64Array(height * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += WINDOW[k] * plane[y * width + x + k];
      wide[y * columns + x] = sum;
    }
  }
  const result = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += WINDOW[k] * wide[(y + k) * columns + x];
      result[y * columns + x] = sum;
    }
  }
  return result;
}

/** Means over all positions of a channel, of luminance times contrast-structure, and of contrast-structure alone. */
function similarity(a: Float64Array, b: Float64Array, height: number, width: number): { whole: number; cs: number } {
  const [meanA, meanB] = [filtered(a, height, width), filtered(b, height, width)];
  const product = (x: Float64Array, y: Float64Array) =>
    filtered(
      x.map((value, i) => value * y[i]),
      height,
      width,
    );
  const [aa, bb, ab] = [product(a, a), product(b, b), product(a, b)];
  let [whole, cs] = [0, 0];
  for (let i = 0; i < meanA.length; i++) {
    const [u, v] = [meanA[i], meanB[i]];
    const structure = (2 * (ab[i] - u * v) + C2) / (aa[i] - u * u + (bb[i] - v * v) + C2);
    cs += structure;
    whole += (structure * (2 * u * v + C1)) / (u * u + v * v + C1);
  }
  return { whole: whole / meanA.length, cs: cs / meanA.length };
}

/** Planes one by one. */
const channelsOf = ({ channels, height, width, data }: Planes) =>
  Array.from({ length: channels }, (_, c) => data.subarray(c * height * width, (c + 1) * height * width));

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The smallest side for which SSIM's window fits. */
export const SSIM_SIDE = SIDE;

/** Structural similarity, 1 where the pictures are equal: the mean over all whole windows and channels. */
export function ssim(a: Planes, b: Planes): number {
  checkSizes("SSIM", a, b);
  checkSide("SSIM", a, SSIM_SIDE);
  const other = channelsOf(b);
  return average(channelsOf(a).map((plane, c) => similarity(plane, other[c], a.height, a.width).whole));
}

const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** The smallest side for which MS-SSIM's window fits at the smallest of its five scales. */
export const MS_SSIM_SIDE = SIDE * 2 ** (SCALE_WEIGHTS.length - 1);

/**
 * SSIM over five scales, each the 2 x 2 means of the one before (a last odd row or column is left out); a negative mean
 * of contrast-structure counts as 0. The mean over channels. Sides of at least 176 pixels.
 */
export function msSsim(a: Planes, b: Planes): number {
  checkSizes("MS-SSIM", a, b);
  checkSide("MS-SSIM", a, MS_SSIM_SIDE);
  const other = channelsOf(b);
  return average(channelsOf(a).map((plane, c) => multiScale(plane, other[c], a.height, a.width)));
}

function multiScale(a: Float64Array, b: Float64Array, height: number, width: number): number {
  let product = 1;
  for (const [scale, weight] of SCALE_WEIGHTS.entries()) {
    const { whole, cs } = similarity(a, b, height, width);
    if (scale === SCALE_WEIGHTS.length - 1) return product * Math.max(0, whole) ** weight;
    product *= Math.max(0, cs) ** weight;
    [a, b] = [halved(a, height, width), halved(b, height, width)];
    [height, width] = [height >> 1, width >> 1];
  }
  return product;
}

function halved(plane: Float64Array, height: number, width: number): Float64Array {
  const [rows, columns] = [height >> 1, width >> 1];
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const at = 2 * Math.floor(i / columns) * width + 2 * (i % columns);
    return (plane[at] + plane[at + 1] + plane[at + width] + plane[at + width + 1]) / 4;
  });
}

function checkSide(what: string, { width, height }: Planes, side: number): void {
  if (Math.min(width, height) < side) {
    throw new ShapeError(`${what} needs pictures of at least ${side} x ${side} pixels, not ${width} x ${height}`);
  }
}
