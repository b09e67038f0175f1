// The similarities of patches with all keys, in both directions, for PatchNCE as a metric: computed one block of keys
// at a time, as in loss.ts, and reduced to sums and maxima over parts, which the caller combines in float64.
import { patch_scores } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import { eachBlockOfKeys, KEYS_PER_BLOCK, patchNceVariant } from "./loss.js";

export interface PatchScoresOptions {
  tau: number;
  /**
   * Distances in rows and columns up to which a key is near, 0 for the positive alone; scores are computed for each.
   */
  reaches: readonly number[];
}

/**
 * Patches q and k, unit rows [n, channels], at coordinates [n, 2] (row, column; i32) -> [reaches, directions, parts, n,
 * 4]. Direction 0 queries q against k, direction 1, left out if k is q, the reverse. The 4 values per part of the keys:
 * sum of exp((s - 1) / tau) over far keys, max far s, max near s, far count; a maximum over no keys is below -1. Off
 * the tape.
 */
export function patchScores(q: Tensor, k: Tensor, coordinates: Tensor, { tau, reaches }: PatchScoresOptions): Tensor {
  const { gpu } = q;
  const [positions] = q.shape;
  const parts = Math.ceil(positions / KEYS_PER_BLOCK);
  const same = q === k;
  const directions = same ? 1 : 2;
  const scores = gpu.empty([reaches.length, directions, parts, positions, 4]);
  const variant = patchNceVariant(gpu, q, k, { groups: 1, tau });
  // If k is q, similarities are symmetric, and only a triangle of them is computed.
  const s = eachBlockOfKeys(gpu, variant, [q, k], { groups: 1, triangle: same }, (s, { keys, begin }) => {
    const rows = same ? begin + keys : positions;
    const there = { patches: rows, first_patch: 0, patch_stride: keys, keys, first_key: begin, key_stride: 1 };
    const back = { patches: keys, first_patch: begin, patch_stride: 1, keys: rows, first_key: 0, key_stride: keys };
    for (const [i, reach] of reaches.entries()) {
      const run = (block: typeof there, first_part: number) =>
        gpu.dispatch(patch_scores, {
          bindings: { s, coordinates, scores },
          params: { ...block, positions, first_part: i * directions * parts + first_part, reach, tau },
          invocations: block.patches * Math.ceil(block.keys / KEYS_PER_BLOCK),
          constants: { PART: KEYS_PER_BLOCK, WINDOWED: reach > 0 },
        });
      run(there, begin / KEYS_PER_BLOCK);
      run(back, same ? 0 : parts);
    }
  });
  s.dispose();
  return scores;
}
