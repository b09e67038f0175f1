// What patches find among all keys, in both directions, for PatchNCE as a metric: the similarities of a block of keys
// at a time, as in loss.ts, and sums and maxima of them part by part, which the caller adds up in float64.
import { patch_scores } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import { eachBlockOfKeys, KEYS_PER_BLOCK, patchNceVariant } from "./loss.js";

export interface PatchScoresOptions {
  tau: number;
  /** Rows and columns within which a key is near, 0 for the own key alone; several to find for at once. */
  reaches: readonly number[];
}

/**
 * Patches q and k, unit rows [n, channels], at places [n, 2] (row, column; i32) -> [reaches, directions, parts, n, 4]:
 * q's patches among k's and then, unless k is q, k's among q's. The four are of the keys of a part: the sum over those
 * that are not near of exp((similarity - 1) / tau), the highest similarity of them and of near ones, below -1 where
 * there is none, and how many are not near. Off the tape.
 */
export function patchScores(q: Tensor, k: Tensor, places: Tensor, { tau, reaches }: PatchScoresOptions): Tensor {
  const { gpu } = q;
  const [positions] = q.shape;
  const parts = Math.ceil(positions / KEYS_PER_BLOCK);
  const alike = q === k;
  const directions = alike ? 1 : 2;
  const found = gpu.empty([reaches.length, directions, parts, positions, 4]);
  const variant = patchNceVariant(gpu, q, k, { groups: 1, tau });
  // Similarities of equal pictures are symmetric: those above the diagonal are read below it.
  const s = eachBlockOfKeys(gpu, variant, [q, k], { groups: 1, triangle: alike }, (s, { keys, begin }) => {
    const rows = alike ? begin + keys : positions;
    const there = { patches: rows, first_patch: 0, patch_stride: keys, keys, first_key: begin, key_stride: 1 };
    const back = { patches: keys, first_patch: begin, patch_stride: 1, keys: rows, first_key: 0, key_stride: keys };
    for (const [i, reach] of reaches.entries()) {
      const run = (block: typeof there, first_part: number) =>
        gpu.dispatch(patch_scores, {
          bindings: { s, places, found },
          params: { ...block, positions, first_part: i * directions * parts + first_part, reach, tau },
          invocations: block.patches * Math.ceil(block.keys / KEYS_PER_BLOCK),
          constants: { PART: KEYS_PER_BLOCK, WINDOWED: reach > 0 },
        });
      run(there, begin / KEYS_PER_BLOCK);
      run(back, alike ? 0 : parts);
    }
  });
  s.dispose();
  return found;
}
