// Looking inside (the paper's figures on what the encoder has learnt): how similar a patch of the translation is to
// every patch of the input, exp(v . k / tau) with unit rows v and k made as in training (docs/method.md section 3:
// encoder, head, L2 norm), and the encoder's features as colours, by their three principal components. A picture's
// features and keys stay on the GPU, so that a click costs one product per layer; both grow with the number of
// positions, never with its square. At 256 x 256 and ngf 64 that is about 300 MB. Callers scale large pictures down.

import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { CancellationOptions } from "../../engine/lib/cancellation.js";
import { ArgumentError, CheckpointError } from "../../engine/lib/errors.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { patchKeys } from "../../engine/operators/patch-nce/index.js";
import { sub } from "../../engine/operators/pointwise/index.js";
import { mean } from "../../engine/operators/reduction/index.js";
import { concat } from "../../engine/operators/strided/index.js";
import { Arena } from "../../engine/program/allocation.js";
import { type Program, record } from "../../engine/program/program.js";
import type { Picture } from "../data/picture.js";
import { padForGenerator } from "../translation/padding.js";
import { SizedPass } from "../translation/sized-pass.js";
import { describeLayer, type InspectedLayer, type Point, positionAt, positionChunks } from "./inspected-layer.js";
import type { InspectModel } from "./inspection-model.js";
import { type CorrespondenceMap, type LayerPatches, type LossMap, matchPatches, patchLosses } from "./patch-maps.js";
import { principalComponents, stretchToBytes } from "./pca.js";

/** A layer's similarities to one patch of the output. */
export interface SimilarityMap extends InspectedLayer {
  /** exp(v . k / tau) for every patch of the input, row-major, between exp(-1 / tau) and exp(1 / tau). */
  values: Float32Array;
  /** The patch of the output that was asked for, as a position of the map. */
  position: Point;
}

/** A layer's features as colours, one pixel per position. */
export interface ComponentsMap extends InspectedLayer {
  picture: Picture;
  /** Share of the variance, 0 to 1, of the components shown as red, green and blue (fewer where channels are fewer). */
  explained: number[];
}

/** A recorded pass for one size of pictures; features are kept, one tensor per tap. */
interface Pass {
  programs: { translate: Program; encode: Program };
  input: Tensor;
  image: Tensor;
  inputFeatures: Tensor[];
  outputFeatures: Tensor[];
}

interface Loaded {
  pass: Pass;
  translation: Picture;
  layers: InspectedLayer[];
  /** For each layer, unit rows [chunk, C'] of all positions in order. */
  keys: Tensor[][];
}

export class Inspector {
  readonly #gpu: Gpu;
  readonly #model: InspectModel;
  readonly #passes: SizedPass<Pass>;
  #loaded: Loaded | null = null;

  /** The caller disposes the model. Throws a CheckpointError where its encoder cannot read its translations. */
  constructor(gpu: Gpu, model: InspectModel) {
    const { input_nc, output_nc } = model.generator.architecture;
    if (input_nc !== output_nc) {
      throw new CheckpointError(
        `the model turns ${input_nc} channels into ${output_nc}, and its encoder cannot read its own translations`,
        "Give a model with as many channels in as out.",
      );
    }
    this.#gpu = gpu;
    this.#model = model;
    const { generator, layers } = model;
    this.#passes = new SizedPass(async ({ height, width }, own) => {
      const arena = new Arena();
      const work = () => {
        const input = gpu.empty([1, generator.architecture.input_nc, height, width]);
        return { input, ...gpu.noGrad(() => generator.translateWithFeatures(input, layers)) };
      };
      const first = await record(gpu, work, arena);
      const translate = own(first.program);
      const { input, image, features: inputFeatures } = first.result;
      const second = await record(gpu, () => gpu.noGrad(() => generator.encode(image, layers)), arena);
      const programs = { translate, encode: own(second.program) };
      return { programs, input, image, inputFeatures, outputFeatures: second.result };
    });
  }

  /** The translation of the loaded picture, of its size. */
  get translation(): Picture {
    return this.#latest().translation;
  }

  /** The tapped layers, with the sizes they have for the loaded picture. */
  get layers(): readonly InspectedLayer[] {
    return this.#latest().layers;
  }

  /**
   * Translates a picture and prepares the keys of all its patches; it is then the loaded picture. Other calls must have
   * ended. If it is aborted or fails, no picture is loaded; aborts take effect between pieces of work. Throws a
   * LimitError for a picture that is too large for the adapter.
   */
  async load(picture: Picture, { signal, onProgress }: CancellationOptions = {}): Promise<void> {
    const { generator, heads, layers } = this.#model;
    this.#forget();
    signal?.throwIfAborted();
    const padded = padForGenerator(picture, generator.architecture);
    const pass = await this.#passes.use(padded, (made) => made);
    const total = 2 + layers.length;
    const done = (pieces: number) => {
      onProgress?.(pieces / total);
      signal?.throwIfAborted();
    };
    pass.input.write(padded.planes);
    pass.programs.translate.replay();
    const planes = await pass.image.read();
    done(1);
    pass.programs.encode.replay();
    await this.#gpu.finish();
    done(2);
    const described = pass.inputFeatures.map(({ shape }, i) => describeLayer(layers[i], shape, padded.width));
    const keys: Tensor[][] = [];
    try {
      for (const [i, features] of pass.inputFeatures.entries()) {
        const chunks: Tensor[] = [];
        keys.push(chunks);
        const head = heads?.head(i) ?? null;
        for (const ids of positionChunks(described[i])) {
          chunks.push(this.#gpu.scope(() => patchKeys(features, this.#gpu.tensor(ids), head)));
          await this.#gpu.finish();
          signal?.throwIfAborted();
        }
        done(3 + i);
      }
    } catch (error) {
      disposeAll(keys);
      throw error;
    }
    this.#loaded = {
      pass,
      keys,
      translation: padded.unpad(planes),
      layers: described,
    };
  }

  /**
   * For every layer, how similar the patch of the output at pixel (x, y) is to every patch of the input. Throws an
   * ArgumentError for a point outside of the picture.
   */
  async similarity(x: number, y: number): Promise<SimilarityMap[]> {
    const { pass, translation, layers, keys } = this.#latest();
    requireInside(translation, x, y);
    const { heads, tau } = this.#model;
    const gpu = this.#gpu;
    const reads = layers.map(async (layer, i) => {
      const position = positionAt(layer, x, y);
      const products = gpu.noGrad(() =>
        gpu.scope(() => {
          const id = gpu.tensor(Int32Array.of(position.y * layer.width + position.x));
          const query = patchKeys(pass.outputFeatures[i], id, heads?.head(i) ?? null);
          // [1, chunk] each; joined along the first axis, for one read.
          const rows = keys[i].map((chunk) => matmul(query, chunk, { transposeB: true }));
          return concat(rows.map((row) => reshape(row, [row.size])));
        }),
      );
      try {
        const values = (await products.read()).map((product) => Math.exp(product / tau));
        return { ...layer, values, position };
      } finally {
        products.dispose();
      }
    });
    return Promise.all(reads);
  }

  /**
   * For every layer, the features of the input as colours: their first three principal components over all positions,
   * each stretched between its 1st and 99th percentile.
   */
  components(options: CancellationOptions = {}): Promise<ComponentsMap[]> {
    return this.#eachLayer(options, ({ input, layer }) => this.#componentsOf(input, layer, options.signal));
  }

  /** For every layer, which patches of the input those of the output are most similar to. */
  async sources(options: CancellationOptions = {}): Promise<CorrespondenceMap[]> {
    const { translation } = this.#latest();
    return this.#eachLayer(options, (patches) => matchPatches(patches, translation, options.signal));
  }

  /** For every layer, the PatchNCE of every patch. */
  losses(options: CancellationOptions = {}): Promise<LossMap[]> {
    const { tau } = this.#model;
    return this.#eachLayer(options, (patches) => patchLosses(patches, tau, options.signal));
  }

  /** Frees all memory, except the model's. */
  dispose(): void {
    this.#forget();
    this.#passes.dispose();
  }

  async #eachLayer<T>(
    { signal, onProgress }: CancellationOptions,
    work: (patches: LayerPatches) => Promise<T>,
  ): Promise<T[]> {
    const { pass, layers, keys } = this.#latest();
    const maps: T[] = [];
    for (const [i, layer] of layers.entries()) {
      signal?.throwIfAborted();
      const [input, output] = [pass.inputFeatures[i], pass.outputFeatures[i]];
      maps.push(await work({ layer, input, output, head: this.#model.heads?.head(i) ?? null, keys: keys[i] }));
      onProgress?.((i + 1) / layers.length);
    }
    return maps;
  }

  async #componentsOf(features: Tensor, layer: InspectedLayer, signal?: AbortSignal): Promise<ComponentsMap> {
    const gpu = this.#gpu;
    const { channels, width, height } = layer;
    const area = width * height;
    const center = gpu.noGrad(() => gpu.scope(() => reshape(mean(features, [0, 2, 3]), [1, channels])));
    /** For each chunk of positions, reads the result of `work` on their centred rows [chunk, C]. */
    const eachChunk = async (work: (rows: Tensor) => Tensor, take: (values: Float32Array, start: number) => void) => {
      for (const ids of positionChunks(layer)) {
        const result = gpu.noGrad(() => gpu.scope(() => work(sub(gatherPositions(features, gpu.tensor(ids)), center))));
        try {
          take(await result.read(), ids[0]);
        } finally {
          result.dispose();
        }
        signal?.throwIfAborted();
      }
    };
    let basis: Tensor | null = null;
    try {
      const covariance = new Float64Array(channels * channels);
      await eachChunk(
        (rows) => matmul(rows, rows, { transposeA: true }),
        (products) => {
          for (let k = 0; k < products.length; k++) covariance[k] += products[k] / area;
        },
      );
      const { variances, vectors } = principalComponents(covariance, channels);
      const count = vectors.length;
      const loadings = gpu.tensor(
        Float32Array.from({ length: count * channels }, (_, k) => vectors[Math.floor(k / channels)][k % channels]),
        [count, channels],
      );
      basis = loadings;
      const scores = vectors.map(() => new Float32Array(area));
      await eachChunk(
        (rows) => matmul(rows, loadings, { transposeB: true }),
        (values, start) => {
          for (let k = 0; k < values.length; k++) scores[k % count][start + Math.floor(k / count)] = values[k];
        },
      );
      const planes = scores.map((values) => stretchToBytes(values));
      // One channel has one component, which is then gray.
      const data = Uint8Array.from({ length: 3 * area }, (_, k) => planes[(k % 3) % count][Math.floor(k / 3)]);
      let total = 0;
      for (let c = 0; c < channels; c++) total += covariance[c * channels + c];
      const explained = [...variances].map((variance) => (total > 0 ? variance / total : 0));
      return { ...layer, picture: { width, height, channels: 3, data }, explained };
    } finally {
      center.dispose();
      basis?.dispose();
    }
  }

  #latest(): Loaded {
    if (!this.#loaded) throw new ArgumentError("no picture has been loaded", "Call load() first.");
    return this.#loaded;
  }

  #forget(): void {
    if (this.#loaded) disposeAll(this.#loaded.keys);
    this.#loaded = null;
  }
}

function disposeAll(keys: readonly Tensor[][]): void {
  for (const chunk of keys.flat()) chunk.dispose();
}

/** Throws an ArgumentError unless (x, y) is a pixel of the picture. */
function requireInside({ width, height }: Picture, x: number, y: number): void {
  const inside = Number.isInteger(x) && Number.isInteger(y) && x >= 0 && x < width && y >= 0 && y < height;
  if (inside) return;
  throw new ArgumentError(
    `(${x}, ${y}) is no pixel of a picture of ${width} x ${height}`,
    `Give x from 0 to ${width - 1} and y from 0 to ${height - 1}.`,
  );
}
