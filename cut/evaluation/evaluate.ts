// The evaluation of translated pictures against real ones: every metric that the pictures, and features where there are
// any, allow. Each comes with its floor, the same metric between two random halves of the reals. Pictures are read
// one by one and not kept; the random draws are the same each time, and so are the figures. Without files or terminal.
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import type { Picture, Size } from "../data/picture.js";
import type { Figure } from "./figures.js";
import { levelCount } from "./laplacian-pyramid.js";
import { type MeasuredPicture, measurements } from "./measurements.js";
import { type Nearest, nearestRows } from "./neighbours.js";
import {
  PAIR_METRICS,
  type PairMetric,
  type PairMetricKind,
  type PairScores,
  type PictureSet,
  pairFigures,
} from "./pairs.js";
import { type FeatureExtractor, joinFeatures, patchesPerPicture, sidesAt, THUMBNAIL } from "./picture-features.js";
import { drawHalves, featureFigures, pyramidFigures } from "./set-figures.js";
import { MIN_PICTURES } from "./train-test-split.js";

export interface EvaluationInput {
  /** Pictures of 3 channels and of one size, all of them, unless `size` is given. At least 2 in a set. */
  fakes: PictureSet;
  reals: PictureSet;
  /** The truth of every fake. */
  pairs?: PictureSet | null;
  /** The metrics of pairs; by default all that need no network. */
  pairMetrics?: readonly PairMetric[];
  /** SWD and the metrics of pairs read pictures scaled to this many pixels a side; extractors read them unscaled. */
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

/**
 * Evaluates `fakes`. Throws a CutgpuError where a set has too few pictures, where one cannot be read or has another
 * size, and where its features are not finite; and the signal's reason when it is aborted.
 */
export async function evaluate(input: EvaluationInput): Promise<Evaluation> {
  const { fakes, reals, pairs = null, extractor = null, pairMetrics = PAIR_METRICS, size = null } = input;
  for (const [what, { names }] of Object.entries({ fakes, reals })) {
    if (names.length >= MIN_PICTURES) continue;
    const found = `an evaluation needs ${MIN_PICTURES} pictures in each set, and there are ${names.length} ${what};`;
    throw new CutgpuError("FEATURES", found, "give more.");
  }
  input.signal?.throwIfAborted();
  const sides = sidesAt(await reals.read(0), size);
  const todo = measurements({ fakes, reals, pairs, pairMetrics, size, extractor }, sides);
  const kind = { fakes: fakes.names.length, sides, extractor, pairMetrics };
  const step = stepper(todo.length + workOf(kind, todo.length), input);
  const sets = { fakes, reals, pairs };
  const measured: MeasuredPicture[] = [];
  for (const { name, reads, measure } of todo) {
    const pictures: Picture[] = [];
    for (const [set, i] of reads) pictures.push(await sets[set]!.read(i));
    measured.push(await measure(pictures));
    await step(name);
  }
  return evaluationOf(measured, kind, step);
}

/** What the figures depend on besides the measurements. */
export interface EvaluationKind {
  /** How many of the pictures are fakes, which come first. */
  fakes: number;
  /** Size of the pictures as SWD reads them. */
  sides: Size;
  extractor: Pick<FeatureExtractor, "network" | "protocol"> | null;
  pairMetrics: readonly PairMetricKind[];
}

/** Units of progress of one pyramid level: about the time it takes, in measured pictures. */
const workOfLevel = ({ fakes }: EvaluationKind, pictures: number) =>
  Math.ceil((patchesPerPicture(fakes, pictures - fakes) * pictures) / 512);

const workOf = (kind: EvaluationKind, pictures: number) =>
  levelCount(kind.sides) * workOfLevel(kind, pictures) + (kind.extractor ? 5 : 1);

/** The evaluation that follows from what was measured of every picture, in the order of measurements(). */
export async function evaluationOf(
  measured: readonly MeasuredPicture[],
  kind: EvaluationKind,
  step: (what: string, amount?: number) => Promise<void>,
): Promise<Evaluation> {
  const { fakes: fakeCount, sides, extractor, pairMetrics } = kind;
  const fake = joinFeatures(measured.slice(0, fakeCount));
  const real = joinFeatures(measured.slice(fakeCount));
  const random = new Random(0);
  const halves = drawHalves(fakeCount, measured.length - fakeCount, random.fork("halves"));
  const figures: Figure[] = [];
  for (const work of extractor ? featureFigures(extractor, fake.features, real.features, halves, random) : []) {
    figures.push(...work());
    await step("distances of features");
  }
  const levelDone = () => step("sliced Wasserstein distance", workOfLevel(kind, measured.length));
  figures.push(...(await pyramidFigures(fake.patches, real.patches, halves, sides, random, levelDone)));
  const nearest = {
    by: extractor?.protocol ?? `root mean square difference at ${THUMBNAIL} x ${THUMBNAIL} pixels`,
    fakes: nearestRows(fake.features, real.features),
    reals: nearestRows(real.features, real.features),
  };
  await step("nearest neighbours");
  const pairs = measured.map((of) => of.scores).filter((of) => of !== null);
  const chance = measured.map((of) => of.chance).filter((of) => of !== null);
  return {
    figures: pairs.length > 0 ? [...figures, ...pairFigures(pairMetrics, pairs, chance)] : figures,
    pairs,
    nearest,
  };
}

/** Called after each piece of work: reports progress, yields to other tasks, and throws if the work was cancelled. */
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
