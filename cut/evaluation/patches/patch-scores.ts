// PatchNCE between two pictures of one size as a score of every position: the cross-entropy of its own key among the
// keys of other positions (docs/method.md section 3), in float64. With a window the own key is the best one within so
// many pixels of the position, and the other keys there are no negatives. Both directions are averaged: patches of the
// one picture look for theirs in the other, and the other way round. Pure.
import type { PositionGrid } from "./position-grid.js";

/** Rows of one picture and layer: unit vectors of `width` numbers, of all positions or of those of the grid. */
export interface PatchRows {
  width: number;
  values: Float32Array;
}

/** What is found at a layer. */
export interface LayerScores {
  /** Mean cross-entropy, in nats. */
  nce: number;
  /** Share of patches whose own key is more similar than all others, 0 to 1; equals do not count. */
  accuracy: number;
  /** Bound on mutual information, in nats: mean of log(number of keys) - NCE (van den Oord et al., 2018). */
  bound: number;
  /** Cross-entropy of each cell of the grid, both directions averaged. */
  map: Float64Array;
}

/** The similarity of each patch of the grid in `a` with the best patch of `b` within `window` pixels of its place. */
export function bestInWindow(a: PatchRows, b: PatchRows, grid: PositionGrid, window: number): Float64Array {
  const { columns, rows, stride, chosen } = grid;
  const { width } = a;
  const reach = Math.floor(window / stride);
  return Float64Array.from(chosen, (position) => {
    const [row, column] = [Math.floor(position / columns), position % columns];
    let best = Number.NEGATIVE_INFINITY;
    for (let y = Math.max(0, row - reach); y <= Math.min(rows - 1, row + reach); y++) {
      for (let x = Math.max(0, column - reach); x <= Math.min(columns - 1, column + reach); x++) {
        const [from, to] = [position * width, (y * columns + x) * width];
        let product = 0;
        for (let k = 0; k < width; k++) product += a.values[from + k] * b.values[to + k];
        if (product > best) best = product;
      }
    }
    return best;
  });
}

/**
 * Scores of a layer, of exp((similarity - 1) / tau): `terms` [n, n] of the patches of the grid, first picture down,
 * second across, and `own` those with the best keys within `window` pixels, of the first picture's patches and the
 * second's.
 */
export function layerScores(
  terms: ArrayLike<number>,
  own: readonly [Float64Array, Float64Array],
  { columns, stride, chosen }: PositionGrid,
  window: number,
): LayerScores {
  const n = chosen.length;
  const reach = Math.floor(window / stride);
  const [across, down] = [chosen.map((position) => position % columns), chosen.map((p) => Math.floor(p / columns))];
  // Of the other keys: those of the first picture's patches, and those of the second's.
  const [sumsA, sumsB, bestA, bestB] = Array.from({ length: 4 }, () => new Float64Array(n));
  const counts = new Int32Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    const [x, y] = [across[i], down[i]];
    let [sum, best, count] = [0, 0, 0];
    for (let j = 0; j < n; j++, at++) {
      if (Math.abs(x - across[j]) <= reach && Math.abs(y - down[j]) <= reach) continue;
      const term = terms[at];
      sum += term;
      count++;
      sumsB[j] += term;
      if (term > best) best = term;
      if (term > bestB[j]) bestB[j] = term;
    }
    sumsA[i] = sum;
    bestA[i] = best;
    counts[i] = count;
  }
  const map = new Float64Array(n);
  let [found, keys] = [0, 0];
  for (let i = 0; i < n; i++) {
    map[i] = (Math.log1p(sumsA[i] / own[0][i]) + Math.log1p(sumsB[i] / own[1][i])) / 2;
    found += Number(own[0][i] > bestA[i]) + Number(own[1][i] > bestB[i]);
    // Windows are the same in both directions.
    keys += Math.log(1 + counts[i]);
  }
  const nce = map.reduce((sum, value) => sum + value, 0) / n;
  return { nce, accuracy: found / (2 * n), bound: keys / n - nce, map };
}
