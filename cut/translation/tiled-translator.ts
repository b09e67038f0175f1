// Translation of pictures that are too large for the GPU, tile by tile, with the result of the whole: instance norms
// take the statistics of the whole picture, so there are no seams. The generator runs in passes over all tiles
// (generator-passes.ts); each ends at a norm and gathers that norm's mean and variance, merged in float64. A tile is
// computed in a window with as much halo as the pass's receptive field needs; where the picture ends so does the
// window, and the modules pad by themselves. What lies between passes are maps of a quarter of the sides, in a scratch
// store. Memory: the picture and its translation as bytes, one window on the GPU, and 3 ngf bytes a pixel in the store;
// of SinCUT's generator, which needs no store, 4 bytes a pixel for its noise.

import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { CancellationOptions } from "../../engine/lib/cancellation.js";
import { ArgumentError, LimitError } from "../../engine/lib/errors.js";
import {
  cropPicture,
  mirroredWindow,
  type Picture,
  pastePicture,
  pictureToPlanes,
  planesToPicture,
  type Size,
  toChannels,
} from "../data/picture.js";
import { resizePicture, scaledSides } from "../data/resize.js";
import { type AnyGenerator, isSingleImage } from "../networks/any-generator.js";
import { translationNoise } from "../networks/single-image-generator.js";
import { ChannelStatistics } from "./channel-statistics.js";
import { MAP_SCALE, type MapName, mapChannels, type TiledPass } from "./generator-passes.js";
import { paddedSides } from "./padding.js";
import { normTensor, RecordedPass } from "./recorded-pass.js";
import { memoryScratch, type OpenScratch, StoredMap, storedNumbers } from "./stored-map.js";
import { planTiles, type TilePlan, tilesTooLarge } from "./tile-plan.js";
import {
  copyPlanes,
  intersection,
  type MapRegion,
  type Rectangle,
  SMALLEST_TILE,
  scaledBy,
  TILE_MULTIPLE,
  type Tile,
  tilesOf,
  windowSides,
} from "./tiles.js";

/** A picture as planes of which windows are read, and where its translation's tiles go. */
export interface TiledPicture extends Size {
  /** [input_nc, height, width] over a window. */
  read(window: Tile["window"]): Float32Array;
  /** Takes [output_nc, height, width] over the tile's window, of which the tile is to be kept. */
  write(tile: Tile, planes: Float32Array): void;
}

export interface TiledOptions {
  /**
   * Side of a tile in pixels, a multiple of 4 from 16 on; by default the largest of some that takes 512 MiB, or less
   * where the GPU has no such memory left.
   */
  tile?: number | null;
  /** Where feature maps are kept between passes; in memory by default. */
  scratch?: OpenScratch;
}

/**
 * Translates pictures of any size with a generator, with little memory, in about twice the time of a Translator.
 *
 * @example
 * ```ts
 * import { openGpu } from "cutgpu";
 * import { Generator, TiledTranslator } from "cutgpu/cut";
 *
 * const gpu = await openGpu();
 * const architecture = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
 * const translator = new TiledTranslator(gpu, new Generator(gpu, architecture), { tile: 16 });
 * const gray = { width: 40, height: 24, channels: 3 as const, data: new Uint8Array(40 * 24 * 3).fill(128) };
 * const picture = await translator.translate(gray);
 * console.log(picture.width, picture.height); // 40 24
 * gpu.dispose();
 * ```
 */
export class TiledTranslator {
  readonly generator: AnyGenerator;
  readonly #gpu: Gpu;
  readonly #tile: number | null;
  readonly #scratch: OpenScratch;
  /** For pictures of the last size. */
  #planned: (Size & { plan: TilePlan }) | null = null;

  constructor(gpu: Gpu, generator: AnyGenerator, { tile = null, scratch = memoryScratch }: TiledOptions = {}) {
    if (tile !== null && !(tile >= SMALLEST_TILE && tile % TILE_MULTIPLE === 0)) {
      throw new ArgumentError(
        `TiledTranslator: tiles of ${tile} pixels`,
        `Give a multiple of ${TILE_MULTIPLE} of at least ${SMALLEST_TILE}.`,
      );
    }
    this.generator = generator;
    this.#gpu = gpu;
    this.#tile = tile;
    this.#scratch = scratch;
  }

  /**
   * The translation of a picture, of the same size; `size` first scales the picture so that its longer side is that
   * long. Throws a LimitError where the GPU cannot hold even one tile.
   */
  async translate(picture: Picture, size: number | null = null, work: CancellationOptions = {}): Promise<Picture> {
    const { input_nc, output_nc } = this.generator.architecture;
    const [width, height] = size === null ? [picture.width, picture.height] : scaledSides(picture, size);
    const source = toChannels(resizePicture(picture, width, height), input_nc as 1 | 3);
    const channels = output_nc as 1 | 3;
    const result: Picture = { width, height, channels, data: new Uint8Array(width * height * channels) };
    const sides = paddedSides(width, height);
    const read: TiledPicture["read"] = (window) =>
      pictureToPlanes(mirroredWindow(source, window.left, window.top, window.width, window.height));
    const write: TiledPicture["write"] = ({ inner, window }, planes) => {
      const { left, top, ...own } = intersection(inner, { left: 0, top: 0, width, height });
      // A tile may lie wholly in the padding.
      if (own.width <= 0 || own.height <= 0) return;
      const whole = planesToPicture(planes, channels, window.height, window.width);
      pastePicture(cropPicture(whole, left - window.left, top - window.top, own.width, own.height), result, left, top);
    };
    await this.translatePlanes({ width: sides.width, height: sides.height, read, write }, work);
    return result;
  }

  /** The same for planes in [-1, 1] wherever they are; sides are multiples of 4 and at least 8. */
  async translatePlanes(picture: TiledPicture, work: CancellationOptions = {}): Promise<void> {
    work.signal?.throwIfAborted();
    let plan = await this.#planFor(picture, this.#tile);
    for (;;) {
      try {
        return await this.#translateBy(plan, picture, work);
      } catch (error) {
        // The plan knows what the adapter allows, not how much memory is taken already.
        if (!(error instanceof LimitError) || this.#gpu.failure) throw error;
        if (this.#tile !== null) throw tilesTooLarge(this.#tile, error);
        const smaller = TILE_MULTIPLE * Math.floor(plan.tile / 2 / TILE_MULTIPLE);
        if (smaller < SMALLEST_TILE) throw error;
        plan = await this.#planFor(picture, smaller);
      }
    }
  }

  async #translateBy(
    { tile, passes }: TilePlan,
    picture: TiledPicture,
    { signal, onProgress }: CancellationOptions,
  ): Promise<void> {
    const { architecture } = this.generator;
    const layout = {
      channels: mapChannels(architecture),
      width: picture.width / MAP_SCALE,
      height: picture.height / MAP_SCALE,
      tile: tile / MAP_SCALE,
    };
    const numbers = storedNumbers(layout);
    const noise = isSingleImage(architecture) ? await this.#noiseOf(picture) : null;
    this.#gpu.trimMemory();
    const scratch = this.#scratch(3 * numbers);
    const norms = new Map<string, Tensor>();
    try {
      const maps = new Map<MapName, StoredMap>(
        (["input", "first", "second"] as const).map((name, i) => [name, new StoredMap(layout, scratch, i * numbers)]),
      );
      const all = passes.reduce((total, { flops }) => total + flops, 0);
      let before = 0;
      for (const { pass, flops } of passes) {
        const progress = (part: number) => onProgress?.((before + part * flops) / all);
        await this.#runPass(pass, tile, { picture, noise, maps, norms, signal, progress });
        before += flops;
      }
    } finally {
      for (const norm of norms.values()) norm.dispose();
      scratch.close();
    }
  }

  /** The noise that the translation of the whole picture would get. */
  async #noiseOf({ width, height }: Size): Promise<MapRegion> {
    const noise = translationNoise(this.#gpu, 1, height, width);
    const over = { left: 0, top: 0, width, height };
    return { over, data: (await noise.read().finally(() => noise.dispose())) as Float32Array };
  }

  /** The plan for tiles of a size or, with null, that of the last picture of this size or a new one. */
  async #planFor({ width, height }: Size, tile: number | null): Promise<TilePlan> {
    if (tile !== this.#tile || this.#planned?.width !== width || this.#planned.height !== height) {
      const { maxBufferSize, maxStorageBufferBindingSize } = this.#gpu.device.limits;
      const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
      const plan = await planTiles(this.#gpu, limit, this.generator.architecture, { width, height }, tile);
      this.#planned = { width, height, plan };
    }
    return this.#planned.plan;
  }

  async #runPass(
    pass: TiledPass,
    tile: number,
    around: {
      picture: TiledPicture;
      noise: MapRegion | null;
      maps: ReadonlyMap<MapName, StoredMap>;
      norms: Map<string, Tensor>;
      signal: AbortSignal | undefined;
      progress: (part: number) => void;
    },
  ): Promise<void> {
    const { picture, noise, maps, norms, signal, progress } = around;
    const window = windowSides(picture, tile, pass.halo);
    const recorded = await RecordedPass.record(this.#gpu, pass, this.generator, window, norms);
    const statistics = recorded.measuredChannels === null ? null : new ChannelStatistics(recorded.measuredChannels);
    /** The tile that the GPU computes while the next is read. */
    let running = Promise.resolve();
    try {
      const tiles = tilesOf(picture, tile, pass.halo);
      for (const [i, each] of tiles.entries()) {
        signal?.throwIfAborted();
        const { inner, window } = each;
        const inputs = pass.reads.map((name) => {
          if (name === "noise") return planesOver(window, noise as MapRegion);
          return maps.get(name)?.read(scaledBy(window, MAP_SCALE)) ?? picture.read(window);
        });
        const result = recorded.run(each, inputs);
        // A rejection is reported where the promise is awaited; until then it must not count as unhandled.
        result.catch(() => {});
        await running;
        running = result.then(({ written, part }) => {
          if (part) statistics?.add(part.count, part.mean, part.variance);
          for (const [n, name] of pass.writes.entries()) {
            const map = maps.get(name);
            const over = scaledBy(window, MAP_SCALE);
            if (map) map.write(scaledBy(inner, MAP_SCALE), { over, data: written[n] });
            else picture.write(each, written[n]);
          }
          progress((i + 1) / tiles.length);
        });
      }
      await running;
    } finally {
      // The tile under way still writes to the store.
      await running.catch(() => {});
      recorded.dispose();
      // Programs of other sizes follow, and pooled buffers would add up.
      this.#gpu.trimMemory();
    }
    if (statistics && pass.measures) norms.set(pass.measures, normTensor(this.#gpu, statistics));
  }
}

/** A window of a plane. */
function planesOver(over: Rectangle, plane: MapRegion): Float32Array {
  const data = new Float32Array(over.width * over.height);
  copyPlanes(plane, { over, data }, 1);
  return data;
}
