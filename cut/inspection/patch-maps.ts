// Correspondences between a translation and its input, and the loss of each patch: for an output patch the input patch
// with the highest cosine similarity (of embeddings as in training), and its PatchNCE, the cross-entropy of finding the
// input patch at its own position among others (docs/method.md section 3). Similarities are computed in blocks of BLOCK
// queries with at most 4,096 keys, 16 MiB each, so that memory does not grow with the picture. Where a layer has more
// positions than that, an even grid of the output's patches is matched, and the negatives of the loss are a sample, the
// same each time.

import type { Tensor } from "../../engine/core/tensor.js";
import { Random } from "../../engine/lib/random.js";
import { argmax, max } from "../../engine/operators/extrema/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { logsumexp } from "../../engine/operators/normalization/index.js";
import { type Head, patchKeys } from "../../engine/operators/patch-nce/index.js";
import { mul, scale } from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";
import type { Size } from "../data/picture.js";
import { gridOf, type InspectedLayer, type Point, pixelAt } from "./inspected-layer.js";

/** The maximum number of patches that are matched, and of negatives per patch. */
const MAX_PATCHES = 4096;
/** Queries at a time. */
const BLOCK = 1024;
/** Cosines that differ by less count as equal: a blank patch is as similar to its own place as to all blank ones. */
const EQUAL = 1e-5;

/** A layer on the GPU. */
export interface LayerPatches {
  layer: InspectedLayer;
  /** Features [1, C, H, W]. */
  input: Tensor;
  output: Tensor;
  head: Head | null;
  /** Unit rows of all the input's positions, 4,096 of them in each but the last. */
  keys: readonly Tensor[];
}

/** A patch of the output and its most similar patch of the input, as pixels. */
export interface PatchMatch {
  at: Point;
  source: Point;
}

/** The best matches of the output's patches in the input, by the features of one layer. */
export interface CorrespondenceMap extends InspectedLayer {
  /** An even grid of patches, row by row. */
  matches: PatchMatch[];
  /** Patches in a row of the grid. */
  columns: number;
  /** Fraction of patches whose best match is at their own position. */
  inPlace: number;
  /** Median distance from a patch to its source, in pixels. */
  displacement: number;
}

/** PatchNCE of every position of a layer. */
export interface LossMap extends InspectedLayer {
  /** In nats, row by row: 0 where the positive is found with certainty, log(negatives + 1) for a guess. */
  values: Float32Array;
  mean: number;
  /** Number of negatives of each patch. */
  negatives: number;
}

/** Matches the patches of a picture's translation with its input; `picture` is the size in pixels. */
export async function matchPatches(
  patches: LayerPatches,
  picture: Size,
  signal?: AbortSignal,
): Promise<CorrespondenceMap> {
  const { layer, keys } = patches;
  const { ids, columns } = gridOf(layer, picture, MAX_PATCHES);
  const best = ids.slice();
  for (const { start, queries, own } of blocksOf(patches, ids)) {
    const highest = (await own.read()).map((cosine) => cosine + EQUAL);
    let first = 0;
    for (const chunk of keys) {
      signal?.throwIfAborted();
      const found = withoutTape(queries, () => {
        const products = matmul(queries, chunk, { transposeB: true });
        return { cosines: max(products, 1), places: argmax(products, 1) };
      });
      const [cosines, places] = await Promise.all([found.cosines.read(), found.places.read<"i32">()]);
      for (const tensor of Object.values(found)) tensor.dispose();
      for (const [i, cosine] of cosines.entries()) {
        if (cosine <= highest[i]) continue;
        highest[i] = cosine;
        best[start + i] = first + places[i];
      }
      first += chunk.shape[0];
    }
  }
  const matches = Array.from(ids, (id, i) => ({
    at: pixelAt(layer, id, picture),
    source: pixelAt(layer, best[i], picture),
  }));
  const inPlace = ids.filter((id, i) => id === best[i]).length / ids.length;
  const distances = matches.map(({ at, source }) => Math.hypot(source.x - at.x, source.y - at.y)).sort((a, b) => a - b);
  return { ...layer, matches, columns, inPlace, displacement: distances[distances.length >> 1] };
}

/** PatchNCE of every position at temperature tau. */
export async function patchLosses(patches: LayerPatches, tau: number, signal?: AbortSignal): Promise<LossMap> {
  const { layer, input, head, keys } = patches;
  const area = layer.width * layer.height;
  const sample = area > MAX_PATCHES ? new Random(0).permutation(area, MAX_PATCHES) : null;
  const others = sample ? withoutTape(input, () => patchKeys(input, input.gpu.tensor(sample), head)) : keys[0];
  const among = sample && new Set(sample);
  const values = new Float32Array(area);
  try {
    const all = Int32Array.from(values, (_, id) => id);
    for (const { start, queries, own } of blocksOf(patches, all)) {
      signal?.throwIfAborted();
      const sums = withoutTape(queries, () =>
        logsumexp(matmul(scale(queries, 1 / tau), others, { transposeB: true }), 1),
      );
      const [ofOthers, ofOwn] = await Promise.all([sums.read(), own.read()]);
      sums.dispose();
      for (const [i, sum] of ofOthers.entries()) {
        const margin = sum - ofOwn[i] / tau;
        // The positive key is already part of the sum, or is added to it: log(1 + exp(margin)).
        const counted = !among || among.has(start + i);
        values[start + i] = Math.max(0, margin) + (counted ? 0 : Math.log1p(Math.exp(-Math.abs(margin))));
      }
    }
  } finally {
    if (sample) others.dispose();
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / area;
  return { ...layer, values, mean, negatives: Math.min(area - 1, MAX_PATCHES) };
}

const withoutTape = <T>({ gpu }: Tensor, work: () => T): T => gpu.noGrad(() => gpu.scope(work));

/** Unit rows of the output's patches at positions, block after block, and their cosines with the input's own. */
function* blocksOf({ input, output, head }: LayerPatches, ids: Int32Array<ArrayBuffer>) {
  for (let start = 0; start < ids.length; start += BLOCK) {
    const block = withoutTape(input, () => {
      const at = input.gpu.tensor(ids.slice(start, start + BLOCK));
      const queries = patchKeys(output, at, head);
      return { queries, own: sum(mul(queries, patchKeys(input, at, head)), 1) };
    });
    try {
      yield { start, ...block };
    } finally {
      for (const tensor of Object.values(block)) tensor.dispose();
    }
  }
}
