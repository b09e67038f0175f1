// PatchNCE between pictures by a trained encoder: the embeddings (unit vectors) of a picture's patches are computed
// once, and any two pictures of one size are then compared, layer by layer, both on the GPU. The time of a comparison
// grows with the square of the number of compared positions, its memory linearly; time and memory of the embeddings
// grow with the picture.
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { ShapeError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";
import { patchKeys, patchScores } from "../../../engine/operators/patch-nce/index.js";
import { type Program, record } from "../../../engine/program/program.js";
import type { Picture } from "../../data/picture.js";
import type { InspectModel } from "../../inspection/inspection-model.js";
import { padForGenerator } from "../../translation/padding.js";
import { SizedPass } from "../../translation/sized-pass.js";
import {
  addParts,
  bestInWindow,
  type FoundKeys,
  type LayerScores,
  layerScores,
  type PatchRows,
} from "./patch-scores.js";
import { type PositionGrid, positionGrid } from "./position-grid.js";

/** Rows that go through a head at a time: 4 MiB per buffer at 256 channels. */
const CHUNK = 4096;

export interface PatchMetricOptions {
  /** Pixels within which a patch may have moved; 0 by default. */
  window?: number;
  /** The maximum number of positions of a layer that are compared; 4,096 by default. */
  positions?: number;
  /** The seed of the choice of positions where a layer has more; 0 by default. */
  seed?: number;
}

/** The embeddings of a picture's patches, layer by layer. */
export interface PatchEmbeddings {
  width: number;
  height: number;
  layers: readonly LayerEmbeddings[];
}

interface LayerEmbeddings {
  grid: PositionGrid;
  /** One row for each position of the grid, or for all positions. */
  rows: PatchRows;
}

/** The scores of a layer, and the positions that they are for. */
export interface LayerComparison extends LayerScores {
  /** The tapped layer, as in nce_layers. */
  layer: number;
  grid: PositionGrid;
}

interface Pass {
  input: Tensor;
  features: Tensor[];
  program: Program;
}

/**
 * PatchNCE as a metric between pictures of one size. `model` is an encoder with its heads: a trained one
 * (loadInspectModel) or one trained on the pictures themselves (trainPatchEncoder); the caller disposes it.
 *
 * @example
 * ```ts
 * import { openGpu } from "cutgpu";
 * import { PatchMetric, trainPatchEncoder } from "cutgpu/cut";
 *
 * const gpu = await openGpu();
 * const data = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => (i * i) % 251);
 * const picture = { width: 32, height: 32, channels: 3 as const, data };
 * const model = await trainPatchEncoder(gpu, [picture], { steps: 2 });
 * const metric = new PatchMetric(gpu, model, { window: 4 });
 * const patches = await metric.embed(picture);
 * const layers = await metric.compare(patches, patches);
 * console.log(layers.every(({ nce, accuracy }) => nce >= 0 && accuracy <= 1)); // true
 * gpu.dispose();
 * ```
 */
export class PatchMetric {
  readonly window: number;
  readonly #gpu: Gpu;
  readonly #model: InspectModel;
  readonly #positions: number;
  readonly #seed: number;
  readonly #passes: SizedPass<Pass>;

  constructor(gpu: Gpu, model: InspectModel, { window = 0, positions = 4096, seed = 0 }: PatchMetricOptions = {}) {
    this.window = window;
    this.#gpu = gpu;
    this.#model = model;
    this.#positions = positions;
    this.#seed = seed;
    const { generator, layers } = model;
    this.#passes = new SizedPass(async ({ height, width }, own) => {
      const { program, result } = await record(gpu, () => {
        const input = gpu.empty([1, generator.architecture.input_nc, height, width]);
        return { input, features: gpu.noGrad(() => generator.encode(input, layers)) };
      });
      return { ...result, program: own(program) };
    });
  }

  /**
   * Computes a picture's embeddings. Throws a LimitError where it is too large for the adapter. Calls at once are done
   * one after the other.
   */
  async embed(picture: Picture): Promise<PatchEmbeddings> {
    const { width, height } = picture;
    const padded = padForGenerator(picture, this.#model.generator.architecture);
    const embedLayers = async ({ input, program, features }: Pass) => {
      input.write(padded.planes);
      program.replay();
      const layers: LayerEmbeddings[] = [];
      for (const [i, map] of features.entries()) layers.push(await this.#embedLayer(map, i, picture));
      return { width, height, layers };
    };
    return this.#passes.use(padded, embedLayers);
  }

  async #embedLayer(features: Tensor, i: number, { width, height }: Picture): Promise<LayerEmbeddings> {
    const { generator, layers, heads } = this.#model;
    const { scale: stride, pad } = generator.tap(layers[i]);
    const size = { columns: Math.ceil(width / stride), rows: Math.ceil(height / stride), stride };
    const grid = positionGrid(size, this.#positions, new Random(this.#seed).fork(`layer ${i}`));
    const all = () => Int32Array.from({ length: size.columns * size.rows }, (_, position) => position);
    // A window smaller than the stride holds no other position.
    const wanted = this.window < stride ? grid.chosen : all();
    const inMap = (position: number) =>
      (Math.floor(position / size.columns) + pad) * features.shape[3] + (position % size.columns) + pad;
    const head = heads?.head(i) ?? null;
    let rows: PatchRows | null = null;
    for (let start = 0; start < wanted.length; start += CHUNK) {
      const ids = this.#gpu.tensor(wanted.slice(start, start + CHUNK).map(inMap));
      const chunk = this.#gpu.scope(() => patchKeys(features, ids, head));
      const values = await chunk.read();
      const [, channels] = chunk.shape;
      rows ??= { width: channels, values: new Float32Array(wanted.length * channels) };
      rows.values.set(values, start * channels);
      chunk.dispose();
      ids.dispose();
    }
    return { grid, rows: rows as PatchRows };
  }

  /**
   * Compares two pictures layer by layer, in the order of the model's layers; `window` in pixels, 0 or that of the
   * metric, which is the default. Throws a ShapeError where they differ in size.
   */
  async compare(a: PatchEmbeddings, b: PatchEmbeddings): Promise<LayerComparison[]> {
    return (await this.compareBy(a, b, [this.window]))[0];
  }

  /** The same for several windows, each 0 or that of the metric. */
  async compareBy(a: PatchEmbeddings, b: PatchEmbeddings, windows: readonly number[]): Promise<LayerComparison[][]> {
    if (a.width !== b.width || a.height !== b.height) {
      throw new ShapeError(
        `PatchNCE: pictures of ${a.width} x ${a.height} and ${b.width} x ${b.height} pixels cannot be compared`,
        "Give equal sizes.",
      );
    }
    const compared: LayerComparison[][] = windows.map(() => []);
    for (const [i, first] of a.layers.entries()) {
      const second = b.layers[i];
      const { grid } = first;
      const { tau, layers } = this.#model;
      const found = await this.#found(first, second, windows);
      for (const [k, window] of windows.entries()) {
        const [there, back] = found[k];
        // The grid may hold only some of the positions in a window.
        if (window >= grid.stride && grid.chosen.length < grid.columns * grid.rows) {
          there.near = bestInWindow(first.rows, second.rows, grid, window);
          back.near = bestInWindow(second.rows, first.rows, grid, window);
        }
        compared[k].push({ ...layerScores([there, back], tau), layer: layers[i], grid });
      }
    }
    return compared;
  }

  /** The best matches of the grid's patches among its keys, in both directions, for each window. */
  async #found(a: LayerEmbeddings, b: LayerEmbeddings, windows: readonly number[]): Promise<[FoundKeys, FoundKeys][]> {
    const gpu = this.#gpu;
    const { chosen, columns, stride } = a.grid;
    const n = chosen.length;
    const places = new Int32Array(2 * n);
    for (const [i, position] of chosen.entries())
      places.set([Math.floor(position / columns), position % columns], 2 * i);
    const reaches = windows.map((window) => Math.floor(window / stride));
    const found = gpu.scope(() => {
      const rows = (layer: LayerEmbeddings) => gpu.tensor(this.#gridRows(layer), [n, layer.rows.width]);
      const q = rows(a);
      return patchScores(q, a === b ? q : rows(b), gpu.tensor(places, [n, 2]), { tau: this.#model.tau, reaches });
    });
    try {
      const values = await found.read();
      const size = values.length / found.shape[0] / found.shape[1];
      const direction = (at: number) => addParts(values.subarray(at * size, (at + 1) * size), n);
      return windows.map((_, k) => (a === b ? [direction(k), direction(k)] : [direction(2 * k), direction(2 * k + 1)]));
    } finally {
      found.dispose();
    }
  }

  #gridRows({ grid, rows: { width, values } }: LayerEmbeddings): Float32Array {
    if (values.length === grid.chosen.length * width) return values;
    const result = new Float32Array(grid.chosen.length * width);
    for (const [i, position] of grid.chosen.entries()) {
      result.set(values.subarray(position * width, (position + 1) * width), i * width);
    }
    return result;
  }

  /** Frees its memory, except the model's. */
  dispose(): void {
    this.#passes.dispose();
  }
}
