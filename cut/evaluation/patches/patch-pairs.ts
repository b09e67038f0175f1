// PatchNCE of results against their sources, picture by picture and layer by layer, on the scale of the sources: 0 is
// the source itself, 1 the mean over other sources. Pictures are read one by one, and few are kept. Without files.
import { Random } from "../../../engine/lib/random.js";
import type { PictureSet } from "../pairs.js";
import { type ContentScale, knownMean, layerDistances, layerMeans } from "./content-scale.js";
import type { LayerComparison, PatchEmbeddings, PatchMetric } from "./patch-metric.js";

export interface PatchPairsInput {
  metric: PatchMetric;
  /** At least 2 pictures, all of one size, and as many results. */
  sources: PictureSet;
  results: PictureSet;
  /** The seed of the choice of other sources for a scale; 0 by default. */
  seed?: number;
  signal?: AbortSignal;
  /** Called after each pair, and may draw it. */
  onPair?(pair: PatchPair, done: number, total: number): Promise<void> | void;
}

/** A result against its source. */
export interface PatchPair {
  /** The index of both in their sets. */
  id: number;
  /** Mean over the layers; null where the source and other sources look alike. */
  distance: number | null;
  layers: PairLayer[];
}

/** A layer's scores, and its distance on the scale. */
export interface PairLayer extends LayerComparison {
  distance: number | null;
}

/** How many other sources a scale is the mean over, if there are as many. */
const OTHERS = 3;

/**
 * Compares each result with its source; pairs come in the order of the sets. Throws a ShapeError where sizes differ.
 *
 * @example
 * ```ts
 * import { openGpu } from "cutgpu";
 * import { comparePatchPairs, PatchMetric, type PictureSet, trainPatchEncoder } from "cutgpu/cut";
 *
 * const gpu = await openGpu();
 * const byte = (i: number, k: number) => (k * (i + 3) * 37) % 256;
 * const read = async (i: number) => {
 *   const data = Uint8Array.from({ length: 3 * 32 * 32 }, (_, k) => byte(i, k));
 *   return { width: 32, height: 32, channels: 3 as const, data };
 * };
 * const sources: PictureSet = { names: ["a", "b"], read };
 * const model = await trainPatchEncoder(gpu, [await read(0), await read(1)], { steps: 2 });
 * const pairs = await comparePatchPairs({ metric: new PatchMetric(gpu, model), sources, results: sources });
 * console.log(pairs.map(({ distance }) => distance)); // 0,0: each is its own result
 * gpu.dispose();
 * ```
 */
export async function comparePatchPairs(input: PatchPairsInput): Promise<PatchPair[]> {
  const { metric, sources, results, seed = 0, signal, onPair } = input;
  const count = sources.names.length;
  const order = new Random(seed).permutation(count);
  const embedded = new Map<number, PatchEmbeddings>();
  const embed = async (set: PictureSet, i: number): Promise<PatchEmbeddings> => {
    signal?.throwIfAborted();
    return metric.embed(await set.read(i));
  };
  const source = async (i: number): Promise<PatchEmbeddings> => {
    const known = embedded.get(i) ?? (await embed(sources, i));
    embedded.set(i, known);
    return known;
  };
  const compare = async (a: PatchEmbeddings, b: PatchEmbeddings): Promise<LayerComparison[]> => {
    signal?.throwIfAborted();
    return metric.compare(a, b);
  };
  const pairs: PatchPair[] = [];
  for (let k = 0; k < count; k++) {
    const id = order[k];
    const own = await source(id);
    const apart: LayerComparison[][] = [];
    for (let next = 1; next <= Math.min(OTHERS, count - 1); next++) {
      apart.push(await compare(own, await source(order[(k + next) % count])));
    }
    const scale: ContentScale = { same: layerMeans([await compare(own, own)]), others: layerMeans(apart) };
    const layers = await compare(own, await embed(results, id));
    const distances = layerDistances(layers, scale);
    const placed = layers.map((layer, i) => ({ ...layer, distance: distances[i] }));
    const pair = { id, distance: knownMean(distances), layers: placed };
    pairs.push(pair);
    // The last ones are compared with the first.
    if (k >= OTHERS) embedded.delete(id);
    await onPair?.(pair, k + 1, count);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return pairs.sort((a, b) => a.id - b.id);
}

/** A layer's means over pairs. */
export interface LayerMean {
  layer: number;
  /** Null where no pair has one. */
  distance: number | null;
  nce: number;
  accuracy: number;
  bound: number;
  /** Positions that were compared. */
  positions: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of each layer over pairs, of which there is one at least. */
export const meansByLayer = (pairs: readonly PatchPair[]): LayerMean[] =>
  pairs[0].layers.map(({ layer, grid }, i) => ({
    layer,
    distance: knownMean(pairs.map(({ layers }) => layers[i].distance)),
    nce: meanOf(pairs.map(({ layers }) => layers[i].nce)),
    accuracy: meanOf(pairs.map(({ layers }) => layers[i].accuracy)),
    bound: meanOf(pairs.map(({ layers }) => layers[i].bound)),
    positions: grid.chosen.length,
  }));
