// PatchNCE between two pictures of one size as a score of every position: the cross-entropy of its own key among the
// keys of other positions (docs/method.md section 3). The engine sums over parts of the keys, and the sums are added in
// float64. With a window the own key is the best one within `window` pixels of the position, and the other keys there
// are no negatives. Both directions are averaged: patches of the one picture look for theirs in the other, and the
// other way round. Pure.
import type { PositionGrid } from "./position-grid.js";

/** Rows of one picture and layer: unit vectors of `width` numbers, of all positions or of those of the grid. */
export interface PatchRows {
  width: number;
  values: Float32Array;
}

/** The scores of a layer. */
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

/** The result of matching each patch with the keys, in one direction. */
export interface FoundKeys {
  /** The sum of exp((similarity - 1) / tau) over the keys that are not near. */
  sums: Float64Array;
  /** The highest similarity of keys that are not near, and of near ones; below -1 where there is none. */
  far: Float64Array;
  near: Float64Array;
  /** Number of keys that are not near. */
  others: Float64Array;
}

/** Adds up parts [parts, n, 4] of the keys, as the engine's patchScores computes them. */
export function addParts(found: ArrayLike<number>, n: number): FoundKeys {
  const [sums, far, near, others] = [0, -2, -2, 0].map((start) => new Float64Array(n).fill(start));
  for (let at = 0; at < found.length; at += 4) {
    const i = (at / 4) % n;
    sums[i] += found[at];
    far[i] = Math.max(far[i], found[at + 1]);
    near[i] = Math.max(near[i], found[at + 2]);
    others[i] += found[at + 3];
  }
  return { sums, far, near, others };
}

/**
 * Scores of a layer from the matches of the first picture's patches among the second's, and those in the other
 * direction.
 */
export function layerScores(both: readonly [FoundKeys, FoundKeys], tau: number): LayerScores {
  const n = both[0].sums.length;
  const map = new Float64Array(n);
  let [found, keys] = [0, 0];
  for (const { sums, far, near, others } of both) {
    for (let i = 0; i < n; i++) {
      map[i] += Math.log1p(sums[i] / Math.exp((near[i] - 1) / tau)) / 2;
      found += Number(near[i] > far[i]);
      keys += Math.log(1 + others[i]);
    }
  }
  const nce = map.reduce((sum, value) => sum + value, 0) / n;
  return { nce, accuracy: found / (2 * n), bound: keys / (2 * n) - nce, map };
}
