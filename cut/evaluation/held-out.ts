// Translations of a model under training, measured repeatedly against the same real pictures: the sliced
// Wasserstein distance and, where there are features, the kernel distance, each with its floor between two halves of
// the reals. The numbers are those of evaluate() for the same pictures; random draws are the same each time. Without
// files or terminal.
import { Random } from "../../engine/lib/random.js";
import { type Features, rowsOf } from "./features.js";
import { metricName } from "./figures.js";
import { KernelDistance } from "./kernel-distance.js";
import { levelCount, levelDistance, type PyramidPatches } from "./laplacian-pyramid.js";
import type { PictureSet } from "./pairs.js";
import {
  extractSetFeatures,
  type FeatureExtractor,
  patchesPerPicture,
  type SetFeatures,
  scaledTo,
} from "./picture-features.js";
import { drawHalves } from "./set-figures.js";

/** A metric of which lower is better. */
export interface Measured {
  name: string;
  value: number;
  /** Null where halves of the reals are too small for it. */
  floor: number | null;
}

/** The features of the reals, extracted once. */
interface RealFeatures extends SetFeatures {
  levels: number;
  floors: Map<string, number | null>;
}

export class HeldOut {
  readonly #reals: PictureSet;
  readonly #size: number;
  readonly #random = new Random(0);
  #realFeatures: RealFeatures | null = null;

  /** At least 2 pictures of 3 channels. For the pyramid they are scaled to `size` pixels a side, at least 16. */
  constructor(reals: PictureSet, size: number) {
    this.#reals = reals;
    this.#size = size;
  }

  /**
   * Measures translations, at least 2, the same number and with the same extractor each time. `step` is called
   * after each piece of work, and may throw to cancel it.
   */
  async measure(
    fakes: PictureSet,
    extractor: FeatureExtractor | null,
    step: (done: number, total: number) => void,
  ): Promise<Measured[]> {
    const counts = [fakes.names.length, this.#reals.names.length] as const;
    const toExtract = counts[0] + (this.#realFeatures ? 0 : counts[1]);
    let done = 0;
    const next = async () => {
      step(Math.min(++done, toExtract), toExtract);
      await new Promise((resolve) => setTimeout(resolve));
    };
    const perPicture = patchesPerPicture(...counts);
    const extract = (set: PictureSet, what: string) =>
      extractSetFeatures(set, { perPicture, size: this.#size, extractor }, this.#random.fork(what), next);
    const metrics = metricsOf(extractor, this.#random, next);
    this.#realFeatures ??= await this.#extractReals(counts[0], (set) => extract(set, "reals"), metrics);
    const { levels, floors, ...reals } = this.#realFeatures;
    const fake = await extract(fakes, "fakes");
    const measured: Measured[] = [];
    for (const [name, of] of metrics) {
      measured.push({ name, value: (await of(fake, reals, levels))!, floor: floors.get(name)! });
    }
    return measured;
  }

  async #extractReals(
    fakes: number,
    extract: (set: PictureSet) => Promise<SetFeatures>,
    metrics: ReadonlyMap<string, Metric>,
  ): Promise<RealFeatures> {
    const levels = levelCount(scaledTo(await this.#reals.read(0), this.#size));
    const reals = await extract(this.#reals);
    const [first, second] = drawHalves(fakes, this.#reals.names.length, this.#random.fork("halves")).reals.map(
      (ids) => ({
        patches: Array.from(ids, (id) => reals.patches[id]),
        features: rowsOf(reals.features, ids),
      }),
    );
    const floors = new Map<string, number | null>();
    for (const [name, of] of metrics) floors.set(name, await of(first, second, levels));
    return { ...reals, levels, floors };
  }
}

type Metric = (a: SetFeatures, b: SetFeatures, levels: number) => Promise<number | null>;

function metricsOf(
  extractor: FeatureExtractor | null,
  random: Random,
  step: () => Promise<void>,
): ReadonlyMap<string, Metric> {
  const metrics = new Map<string, Metric>([
    ["SWD", (a, b, levels) => pyramidDistance(a.patches, b.patches, levels, random, step)],
  ]);
  if (extractor)
    metrics.set(metricName("KID", extractor.network), async (a, b) => kernelDistance(a.features, b.features));
  return metrics;
}

/** The mean over all levels. */
async function pyramidDistance(
  a: readonly PyramidPatches[],
  b: readonly PyramidPatches[],
  levels: number,
  random: Random,
  step: () => Promise<void>,
): Promise<number> {
  let sum = 0;
  for (let level = 0; level < levels; level++) {
    sum += levelDistance(a, b, level, random.fork(`level ${level}`));
    await step();
  }
  return sum / levels;
}

/** Unbiased, times 1,000; null where a set has one picture. */
const kernelDistance = (x: Features, y: Features): number | null =>
  Math.min(x.count, y.count) < 2 ? null : 1000 * new KernelDistance(x, y).full;
