// What the ladder compares two pictures by: PSNR, SSIM, the sliced Wasserstein distance of this one pair, and PatchNCE
// without and with a window. The last three are on one scale: 0 the same picture, 1 the mean over other pictures.
import type { Random } from "../../../engine/random.js";
import type { Picture } from "../../data/picture.js";
import { normalisedPatches, randomPatches } from "../laplacian-pyramid.js";
import { psnr, ssim } from "../pair-metrics.js";
import { type ContentScale, distanceOf, layerMeans } from "../patches/content-scale.js";
import type { LayerComparison, PatchDescription, PatchMetric } from "../patches/patch-metric.js";
import { type Planes, planesOf } from "../planes.js";
import { lineDistance, randomDirections, sortedProjections } from "../sliced-wasserstein.js";

/** The columns of the ladder, in order. All but PSNR, in dB, are larger the farther pictures are apart. */
export const COLUMNS = ["PSNR", "1-SSIM", "SWD", "PatchNCE", "PatchNCE window"] as const;
export type Column = (typeof COLUMNS)[number];
/** Null where a picture has no scale, as blank ones have not. */
export type Columns = Record<Column, number | null>;

/** A column as a head or a legend calls it. */
export const columnName = (column: Column, window: number): string =>
  column === "PatchNCE window" ? `PatchNCE ±${window} px` : column;

/** A column's value, larger the farther pictures are apart: PSNR is negated, and no value is 0. */
export const distance = (columns: Columns, column: Column): number =>
  (column === "PSNR" ? -1 : 1) * (columns[column] ?? 0);

/** Patches of a level of the pyramid, and directions on which they are projected. */
const SWD_PATCHES = 2048;
const SWD_DIRECTIONS = 64;

/** A picture as it is compared. */
export interface Described {
  planes: Planes;
  /** Sorted projections of patches, level by level of the pyramid. */
  levels: readonly Float64Array[][];
  patches: PatchDescription;
}

/** A pair, off the scale. */
interface Raw {
  swd: number;
  /** Without and with the window. */
  patches: readonly LayerComparison[][];
}

/** What a pair of one picture with others is brought to its scale by. */
export interface PictureScale {
  swd: number;
  patches: readonly ContentScale[];
}

export class Comparison {
  readonly #metric: PatchMetric;
  readonly #random: Random;

  /** The metric has the window; of `random` the positions of patches follow, the same for all pictures. */
  constructor(metric: PatchMetric, random: Random) {
    this.#metric = metric;
    this.#random = random;
  }

  /** Describes an RGB picture. */
  async describe(picture: Picture): Promise<Described> {
    const planes = planesOf(picture);
    const patches = randomPatches(planes, SWD_PATCHES, this.#random.fork("positions"));
    const levels = patches.map((level) => {
      const points = normalisedPatches(level, planes.channels);
      return sortedProjections(points, randomDirections(this.#random.fork("directions"), points.width, SWD_DIRECTIONS));
    });
    return { planes, levels, patches: await this.#metric.describe(picture) };
  }

  async #raw(a: Described, b: Described): Promise<Raw> {
    const distances = a.levels.map((level, i) => lineDistance(level, b.levels[i]));
    const swd = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    return { swd, patches: await this.#metric.compareBy(a.patches, b.patches, [0, this.#metric.window]) };
  }

  /** The scale of a picture: what it and the others are apart. `step` is called after each comparison. */
  async scaleOf(picture: Described, others: readonly Described[], step: () => Promise<void>): Promise<PictureScale> {
    const same = await this.#raw(picture, picture);
    const apart: Raw[] = [];
    for (const other of others) {
      apart.push(await this.#raw(picture, other));
      await step();
    }
    const patches = same.patches.map((own, window) => ({
      same: layerMeans([own]),
      others: layerMeans(apart.map((raw) => raw.patches[window])),
    }));
    return { swd: apart.reduce((sum, { swd }) => sum + swd, 0) / apart.length, patches };
  }

  /** All columns of a pair; the scale is that of the first. */
  async columns(a: Described, b: Described, scale: PictureScale): Promise<Columns> {
    const { swd, patches } = await this.#raw(a, b);
    const [plain, windowed] = patches.map((layers, i) => distanceOf(layers, scale.patches[i]));
    return {
      PSNR: psnr(a.planes, b.planes),
      "1-SSIM": 1 - ssim(a.planes, b.planes),
      SWD: scale.swd > 0 ? swd / scale.swd : null,
      PatchNCE: plain,
      "PatchNCE window": windowed,
    };
  }
}
