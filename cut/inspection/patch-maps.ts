// Where the patches of a translation come from, and how hard each is to tell: for an output patch the input patch that
// is most similar to it (the cosine of their unit rows, made as in training), and its PatchNCE, the cross-entropy of
// finding its own input patch among others (docs/method.md section 3). Similarities are computed in blocks of BLOCK
// queries with at most 4,096 keys, 16 MiB each, so that memory does not grow with the picture. Where a layer has more
// positions than that, an even grid of the output's patches is traced, and the others of the loss are a sample, the
// same each time.
import type { Tensor } from "../../engine/core/tensor.js";
import { argmax, max } from "../../engine/operators/extrema/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { logsumexp } from "../../engine/operators/normalization/index.js";
import { type Head, patchKeys } from "../../engine/operators/patch-nce/index.js";
import { mul, scale } from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";
import { Random } from "../../engine/random.js";
import { gridOf, type InspectedLayer, type Point, pixelAt } from "./inspected-layer.js";

/** Patches that are traced, and keys that a patch is told from. */
const MOST = 4096;
/** Queries at a time. */
const BLOCK = 1024;
/** Cosines that differ by less are equal: a patch of plain paper is as similar to its own as to all other paper. */
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

/** A patch of the output and the patch of the input that it is most similar to, as pixels. */
export interface Trace {
  at: Point;
  source: Point;
}

/** Where the patches of the output come from, by one layer. */
export interface SourceMap extends InspectedLayer {
  /** An even grid of patches, row by row. */
  traces: Trace[];
  /** Patches in a row of the grid. */
  columns: number;
  /** Share of patches, 0 to 1, to which no patch is more similar than that at their own place. */
  ownShare: number;
  /** Median distance from a patch to its source, in pixels. */
  displacement: number;
}

/** PatchNCE of every position of a layer. */
export interface LossMap extends InspectedLayer {
  /** In nats, row by row: 0 where the own patch is found with certainty, log(negatives + 1) for a guess. */
  values: Float32Array;
  mean: number;
  /** How many others each patch was told from. */
  negatives: number;
}

/** Traces the patches of a picture's translation; `picture` is its size in pixels. */
export async function traceSources(
  patches: LayerPatches,
  picture: { width: number; height: number },
  signal?: AbortSignal,
): Promise<SourceMap> {
  const { layer, keys } = patches;
  const { ids, columns } = gridOf(layer, picture, MOST);
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
  const traces = Array.from(ids, (id, i) => ({
    at: pixelAt(layer, id, picture),
    source: pixelAt(layer, best[i], picture),
  }));
  const ownShare = ids.filter((id, i) => id === best[i]).length / ids.length;
  const distances = traces.map(({ at, source }) => Math.hypot(source.x - at.x, source.y - at.y)).sort((a, b) => a - b);
  return { ...layer, traces, columns, ownShare, displacement: distances[distances.length >> 1] };
}

/** PatchNCE of every position at temperature tau. */
export async function patchLosses(patches: LayerPatches, tau: number, signal?: AbortSignal): Promise<LossMap> {
  const { layer, input, head, keys } = patches;
  const area = layer.width * layer.height;
  const sample = area > MOST ? new Random(0).permutation(area, MOST) : null;
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
        // The own key is one of the sum, or is added to it: log(1 + exp(margin)).
        const counted = !among || among.has(start + i);
        values[start + i] = Math.max(0, margin) + (counted ? 0 : Math.log1p(Math.exp(-Math.abs(margin))));
      }
    }
  } finally {
    if (sample) others.dispose();
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / area;
  return { ...layer, values, mean, negatives: Math.min(area - 1, MOST) };
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
