// The evaluation of translated pictures against real ones: every metric that the pictures, and features where there are
// any, allow, each beside its floor, which is the same metric between two random halves of the reals. Pictures are read
// one by one and not kept; the random draws are the same each time, and so are the figures. Without files or terminal.
import { CutgpuError } from "../../engine/core/errors.js";
import { Random } from "../../engine/random.js";
import type { Picture } from "../data/picture.js";
import { resizePicture } from "../data/resize.js";
import { featuresOf } from "./features.js";
import type { Figure } from "./figures.js";
import { levelCount, type PyramidPatches, randomPatches } from "./laplacian-pyramid.js";
import { type Nearest, nearestRows } from "./neighbours.js";
import { measurePairs, PAIR_METRICS, type PairMetric, type PairScores, type PictureSet } from "./pairs.js";
import { planesOf } from "./planes.js";
import { drawHalves, featureFigures, pyramidFigures } from "./set-figures.js";

/** What makes a row of numbers of a picture. */
export interface FeatureExtractor {
  /** What metrics are called after, as in KID-mnv2-96; empty for the network that FID and KID are defined by. */
  network: string;
  /** What it is and how pictures reach it, with the hash of its weights. */
  protocol: string;
  extract(picture: Picture): Promise<ArrayLike<number>>;
}

export interface EvaluationInput {
  /** Pictures of 3 channels and of one size, all of them, unless `size` is given. At least 2 in a set. */
  fakes: PictureSet;
  reals: PictureSet;
  /** The truth of every fake. */
  pairs?: PictureSet | null;
  /** What pairs are measured by; all that needs no network by default. */
  pairMetrics?: readonly PairMetric[];
  /** SWD and the metrics of pairs read pictures scaled to this many pixels a side; extractors as they are. */
  size?: number | null;
  extractor?: FeatureExtractor | null;
  signal?: AbortSignal;
  /** Pictures read and metrics computed, of all. */
  onProgress?(done: number, total: number, what: string): void;
}

export interface Evaluation {
  figures: Figure[];
  /** Scores of each fake against its truth. */
  pairs: PairScores[];
  /** For each fake the nearest real, and for each real the nearest other real. */
  nearest: { by: string; fakes: Nearest[]; reals: Nearest[] };
}

/** Patches of a level in all, which is what 128 pictures have with the usual 128 each. */
const PATCHES = 2 ** 14;
const MOST_PATCHES_A_PICTURE = 128;
/** Pixels per side of the small pictures that are compared where there are no features. */
const THUMBNAIL = 16;

/** Evaluates `fakes`. Throws a CutgpuError where a picture cannot be read or its features are not finite. */
export async function evaluate(input: EvaluationInput): Promise<Evaluation> {
  const { fakes, reals, pairs = null, pairMetrics = PAIR_METRICS, extractor = null, size = null } = input;
  const [fakeCount, realCount] = [fakes.names.length, reals.names.length];
  const perPicture = Math.min(MOST_PATCHES_A_PICTURE, Math.ceil(PATCHES / Math.max(fakeCount, realCount)));
  const random = new Random(0);
  const workOfPairs = pairs ? fakeCount + (fakeCount >> 1) : 0;
  const scaled = (picture: Picture) => (size === null ? picture : resizePicture(picture, size, size));
  const sides = scaled(await reals.read(0));
  // A level takes about as long as reading a quarter of as many pictures as have that many patches.
  const levelWork = Math.ceil((perPicture * (fakeCount + realCount)) / 512);
  const work = fakeCount + realCount + workOfPairs + levelCount(sides) * levelWork + (extractor ? 5 : 1);
  const step = stepper(work, input);

  const describe = async (set: PictureSet, what: string) => {
    const patches: PyramidPatches[] = [];
    const rows: ArrayLike<number>[] = [];
    const places = random.fork(what);
    for (const [i, name] of set.names.entries()) {
      const picture = await set.read(i);
      patches.push(randomPatches(planesOf(scaled(picture)), perPicture, places));
      rows.push(extractor ? await finiteFeatures(extractor, picture, name) : thumbnail(picture));
      await step(name);
    }
    return { patches, features: featuresOf(rows) };
  };
  const fake = await describe(fakes, "fakes");
  const real = await describe(reals, "reals");
  const halves = drawHalves(fakeCount, realCount, random.fork("halves"));

  const figures: Figure[] = [];
  for (const work of extractor ? featureFigures(extractor, fake.features, real.features, halves, random) : []) {
    figures.push(...work());
    await step("distances of features");
  }
  const levelDone = () => step("sliced Wasserstein distance", levelWork);
  figures.push(...(await pyramidFigures(fake.patches, real.patches, halves, sides, random, levelDone)));
  const nearest = {
    by: extractor?.protocol ?? `root mean square difference at ${THUMBNAIL} x ${THUMBNAIL} pixels`,
    fakes: nearestRows(fake.features, real.features),
    reals: nearestRows(real.features, real.features),
  };
  await step("nearest neighbours");
  if (!pairs) return { figures, pairs: [], nearest };
  const sized = (set: PictureSet): PictureSet => ({ ...set, read: async (i) => scaled(await set.read(i)) });
  const scores = await measurePairs(sized(fakes), sized(pairs), pairMetrics, random.fork("pairs"), step);
  return { figures: [...figures, ...scores.figures], pairs: scores.each, nearest };
}

/** Called after each piece of work: tells of it, lets others run, and throws where the work was called off. */
function stepper(
  total: number,
  { signal, onProgress }: EvaluationInput,
): (what: string, amount?: number) => Promise<void> {
  let done = 0;
  return async (what, amount = 1) => {
    done += amount;
    onProgress?.(done, total, what);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  };
}

async function finiteFeatures(extractor: FeatureExtractor, picture: Picture, name: string): Promise<ArrayLike<number>> {
  const row = await extractor.extract(picture);
  if (Array.from(row).every(Number.isFinite)) return row;
  throw new CutgpuError("FEATURES", `the features of ${name} are not all finite;`, "use another file of weights.");
}

/** A small picture, so divided that distances are root mean square differences, 0 to 1. */
function thumbnail(picture: Picture): Float64Array {
  const { data } = planesOf(resizePicture(picture, THUMBNAIL, THUMBNAIL));
  return data.map((value) => value / Math.sqrt(data.length));
}
