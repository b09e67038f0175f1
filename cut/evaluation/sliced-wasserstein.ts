// Distances of two sets of points by their projections on random directions: in one dimension sorting gives the optimal
// transport. The sliced Wasserstein distance (Rabin et al., 2012), and MIND, its square with the second power
// (arXiv 2605.06797). In float64. Pure.
import type { Random } from "../../engine/lib/random.js";
import { checkFeatures, type Features, rowsOf } from "./features.js";

/** Points, `width` numbers each. */
export interface Points {
  width: number;
  values: ArrayLike<number> & { length: number };
}

/** `count` random unit vectors of `width` numbers, one after the other. */
export function randomDirections(random: Random, width: number, count: number): Float64Array {
  const directions = new Float64Array(width * count);
  for (let p = 0; p < count; p++) {
    const direction = directions.subarray(p * width, (p + 1) * width);
    for (let k = 0; k < width; k++) direction[k] = random.normal();
    const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < width; k++) direction[k] /= norm;
  }
  return directions;
}

/** Directions per pass over the points, which then loads every point once for all of them. */
const TOGETHER = 4;

/** The sorted projections of all points on each direction, [directions, points]. */
export function sortedProjections({ width, values }: Points, directions: Float64Array): Float64Array[] {
  const points = values.length / width;
  const count = directions.length / width;
  const lines = Array.from({ length: count }, () => new Float64Array(points));
  for (let p = 0; p < count; p += TOGETHER) {
    // In the last group the last direction may be repeated.
    const start = (q: number) => Math.min(p + q, count - 1) * width;
    const line = (q: number) => lines[Math.min(p + q, count - 1)];
    const [d0, d1, d2, d3] = [start(0), start(1), start(2), start(3)];
    const [l0, l1, l2, l3] = [line(0), line(1), line(2), line(3)];
    for (let i = 0; i < points; i++) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      const at = i * width;
      for (let k = 0; k < width; k++) {
        const value = values[at + k];
        s0 += value * directions[d0 + k];
        s1 += value * directions[d1 + k];
        s2 += value * directions[d2 + k];
        s3 += value * directions[d3 + k];
      }
      l0[i] = s0;
      l1[i] = s1;
      l2[i] = s2;
      l3[i] = s3;
    }
  }
  return lines.map((projections) => projections.sort());
}

/**
 * The mean over directions and ranks of `cost` of the difference of sorted projections. The sets may differ in size:
 * the larger one is then sampled at the ranks of the smaller.
 */
function transported(
  linesA: readonly Float64Array[],
  linesB: readonly Float64Array[],
  cost: (difference: number) => number,
): number {
  let sum = 0;
  const ranks = Math.min(linesA[0].length, linesB[0].length);
  const at = (line: Float64Array, rank: number) => line[Math.floor(((rank + 0.5) * line.length) / ranks)];
  for (const [p, line] of linesA.entries()) {
    for (let rank = 0; rank < ranks; rank++) sum += cost(at(line, rank) - at(linesB[p], rank));
  }
  return sum / ranks / linesA.length;
}

/** The mean absolute difference of sorted projections on `directions`, unit vectors one after the other. */
export const slicedWasserstein = (a: Points, b: Points, directions: Float64Array): number =>
  lineDistance(sortedProjections(a, directions), sortedProjections(b, directions));

/** As above, for sets whose sorted projections are known. */
export const lineDistance = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  transported(a, b, Math.abs);

/**
 * MIND: 3 d times the mean squared difference of sorted projections on 1,000 random directions, for rows of d numbers.
 * A random subset of the larger set has the size of the smaller.
 */
export function mindDistance(x: Features, y: Features, random: Random, directions = 1000): number {
  checkFeatures("MIND", 2, x, y);
  const count = Math.min(x.count, y.count);
  const cut = (set: Features) => (set.count === count ? set : rowsOf(set, random.permutation(set.count, count)));
  const unit = randomDirections(random, x.width, directions);
  const [linesX, linesY] = [sortedProjections(cut(x), unit), sortedProjections(cut(y), unit)];
  return 3 * x.width * transported(linesX, linesY, (difference) => difference * difference);
}
