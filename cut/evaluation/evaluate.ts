// The evaluation of translated pictures against real ones: every metric that the pictures, and features where there are
// any, allow, each beside its floor, which is the same metric between two random halves of the reals. Pictures are read
// one by one and not kept; the random draws are the same each time, and so are the figures. Without files or terminal.
import { Random } from "../../engine/random.js";
import { describeSet, type FeatureExtractor, patchesPerPicture, scaledTo, THUMBNAIL } from "./described-set.js";
import type { Figure } from "./figures.js";
import { levelCount } from "./laplacian-pyramid.js";
import { type Nearest, nearestRows } from "./neighbours.js";
import { measurePairs, PAIR_METRICS, type PairMetric, type PairScores, type PictureSet } from "./pairs.js";
import { drawHalves, featureFigures, pyramidFigures } from "./set-figures.js";

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

/** Evaluates `fakes`. Throws a CutgpuError where a picture cannot be read or its features are not finite. */
export async function evaluate(input: EvaluationInput): Promise<Evaluation> {
  const { fakes, reals, pairs = null, pairMetrics = PAIR_METRICS, extractor = null, size = null } = input;
  const [fakeCount, realCount] = [fakes.names.length, reals.names.length];
  const perPicture = patchesPerPicture(fakeCount, realCount);
  const random = new Random(0);
  const workOfPairs = pairs ? fakeCount + (fakeCount >> 1) : 0;
  const sides = scaledTo(await reals.read(0), size);
  // A level takes about as long as reading a quarter of as many pictures as have that many patches.
  const levelWork = Math.ceil((perPicture * (fakeCount + realCount)) / 512);
  const work = fakeCount + realCount + workOfPairs + levelCount(sides) * levelWork + (extractor ? 5 : 1);
  const step = stepper(work, input);

  const describe = (set: PictureSet, what: string) =>
    describeSet(set, { perPicture, size, extractor }, random.fork(what), step);
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
  const sized = (set: PictureSet): PictureSet => ({ ...set, read: async (i) => scaledTo(await set.read(i), size) });
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
