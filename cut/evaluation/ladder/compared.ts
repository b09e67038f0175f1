// The metrics of the ladder for two pictures: PSNR, SSIM, the sliced Wasserstein distance of this one pair, and
// PatchNCE without and with a window. The last three share a scale: 0 is the same picture, 1 the mean over other
// pictures.
import type { Random } from "../../../engine/lib/random.js";
import type { Picture } from "../../data/picture.js";
import { normalisedPatches, randomPatches } from "../laplacian-pyramid.js";
import { psnr, ssim } from "../pair-metrics.js";
import { type ContentScale, distanceOf, layerMeans } from "../patches/content-scale.js";
import type { LayerComparison, PatchEmbeddings, PatchMetric } from "../patches/patch-metric.js";
import { type Planes, planesOf } from "../planes.js";
import { lineDistance, randomDirections, sortedProjections } from "../sliced-wasserstein.js";

/** The columns of the ladder, in order. All but PSNR (in dB) are distances: larger means less similar. */
export const COLUMNS = ["PSNR", "1-SSIM", "SWD", "PatchNCE", "PatchNCE window"] as const;
export type Column = (typeof COLUMNS)[number];
/** Null where a picture has no scale, such as a blank one. */
export type Columns = Record<Column, number | null>;

/** A column's name in headings and legends. */
export const columnName = (column: Column, window: number): string =>
  column === "PatchNCE window" ? `PatchNCE ±${window} px` : column;

/** A column's value as a distance: PSNR is negated, and a missing value is 0. */
export const distance = (columns: Columns, column: Column): number =>
  (column === "PSNR" ? -1 : 1) * (columns[column] ?? 0);

/** Patches of a level of the pyramid, and the number of random directions they are projected on. */
const SWD_PATCHES = 2048;
const SWD_DIRECTIONS = 64;

/** The features that pictures are compared by. */
export interface LadderFeatures {
  planes: Planes;
  /** Sorted projections of patches, level by level of the pyramid. */
  levels: readonly Float64Array[][];
  patches: PatchEmbeddings;
}

/** The distances of a pair, not scaled yet. */
interface Raw {
  swd: number;
  /** Without and with the window. */
  patches: readonly LayerComparison[][];
}

/** The scale of a picture: what its distances to others are divided by. */
export interface PictureScale {
  swd: number;
  patches: readonly ContentScale[];
}

export class Comparison {
  readonly #metric: PatchMetric;
  readonly #random: Random;

  /** The window is the metric's; `random` determines the positions of patches, the same for all pictures. */
  constructor(metric: PatchMetric, random: Random) {
    this.#metric = metric;
    this.#random = random;
  }

  /** Extracts the features that an RGB picture is compared by. */
  async extractFeatures(picture: Picture): Promise<LadderFeatures> {
    const planes = planesOf(picture);
    const patches = randomPatches(planes, SWD_PATCHES, this.#random.fork("positions"));
    const levels = patches.map((level) => {
      const points = normalisedPatches(level, planes.channels);
      return sortedProjections(points, randomDirections(this.#random.fork("directions"), points.width, SWD_DIRECTIONS));
    });
    return { planes, levels, patches: await this.#metric.embed(picture) };
  }

  async #raw(a: LadderFeatures, b: LadderFeatures): Promise<Raw> {
    const distances = a.levels.map((level, i) => lineDistance(level, b.levels[i]));
    const swd = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    return { swd, patches: await this.#metric.compareBy(a.patches, b.patches, [0, this.#metric.window]) };
  }

  /** The scale of a picture, from its distances to others. `step` is called after each comparison. */
  async scaleOf(
    picture: LadderFeatures,
    others: readonly LadderFeatures[],
    step: () => Promise<void>,
  ): Promise<PictureScale> {
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

  /** All columns of a pair, on the scale of the first picture. */
  async columns(a: LadderFeatures, b: LadderFeatures, scale: PictureScale): Promise<Columns> {
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
