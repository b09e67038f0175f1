// How near a picture is to the truth: the mean absolute difference, and SSIM (Wang, Bovik, Sheikh and Simoncelli, 2004)
// with its usual Gaussian window of 11 and sigma 1.5, over the channels. Pure.
import type { Picture } from "../data/picture.js";

/** Mean absolute difference, 0 (equal) to 1 (black against white). Pictures must have one size. */
export function l1(a: Picture, b: Picture): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / a.data.length / 255;
}

const RADIUS = 5;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** Structural similarity, 1 where the pictures are equal: the mean over all whole windows and channels. */
export function ssim(a: Picture, b: Picture): number {
  const { width, height, channels } = a;
  const weights = Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)));
  const total = weights.reduce((sum, w) => sum + w, 0) ** 2;
  let sum = 0;
  let count = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = RADIUS; y < height - RADIUS; y++) {
      for (let x = RADIUS; x < width - RADIUS; x++) {
        let [meanA, meanB, aa, bb, ab] = [0, 0, 0, 0, 0];
        for (let dy = -RADIUS; dy <= RADIUS; dy++) {
          for (let dx = -RADIUS; dx <= RADIUS; dx++) {
            const w = (weights[dy + RADIUS] * weights[dx + RADIUS]) / total;
            const at = ((y + dy) * width + x + dx) * channels + c;
            const u = a.data[at];
            const v = b.data[at];
            meanA += w * u;
            meanB += w * v;
            aa += w * u * u;
            bb += w * v * v;
            ab += w * u * v;
          }
        }
        const varA = aa - meanA * meanA;
        const varB = bb - meanB * meanB;
        const covariance = ab - meanA * meanB;
        sum +=
          ((2 * meanA * meanB + C1) * (2 * covariance + C2)) /
          ((meanA * meanA + meanB * meanB + C1) * (varA + varB + C2));
        count++;
      }
    }
  }
  return sum / count;
}

/** A held-out drawing and its true translation. */
export interface Pair {
  label: string;
  input: Picture;
  truth: Picture;
}

export interface Score {
  l1: number;
  ssim: number;
}

/** The mean score of the translations of pairs, in their order. */
export function scoreOf(pairs: readonly Pair[], translations: readonly Picture[]): Score {
  const mean = (measure: (a: Picture, b: Picture) => number) =>
    pairs.reduce((sum, { truth }, i) => sum + measure(translations[i], truth), 0) / pairs.length;
  return { l1: mean(l1), ssim: mean(ssim) };
}
