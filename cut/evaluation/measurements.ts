// The part of an evaluation that is computed for each picture separately. The pictures, their order and the random
// draws are the same each time, so that processes can share the work; evaluate.ts computes the figures from the
// results. Without files.
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import type { Picture, Size } from "../data/picture.js";
import { randomPositions } from "./laplacian-pyramid.js";
import { type PairMetric, type PairScores, type PictureSet, scorePair } from "./pairs.js";
import {
  extractPictureFeatures,
  type FeatureExtractor,
  type PictureFeatures,
  patchesPerPicture,
  scaledTo,
  sidesAt,
} from "./picture-features.js";

export interface MeasuredPicture extends PictureFeatures {
  /** Scores of a fake against its ground truth, where there is one. */
  scores: PairScores | null;
  /** Score between two random ground truths: the baseline. Set on the first half of the fakes only. */
  chance: PairScores | null;
}

export interface Measurement {
  set: "fakes" | "reals";
  name: string;
  /** The pictures that it needs: set and index. */
  reads: readonly (readonly [set: "fakes" | "reals" | "pairs", i: number])[];
  measure(pictures: readonly Picture[]): Promise<MeasuredPicture>;
}

/** The input of measurements; see EvaluationInput. */
export interface MeasuredInput {
  fakes: Pick<PictureSet, "names">;
  reals: Pick<PictureSet, "names">;
  pairs: object | null;
  pairMetrics: readonly PairMetric[];
  size: number | null;
  extractor: FeatureExtractor | null;
}

/** The measurements of an evaluation, fakes first; `sides` is the size of pictures scaled to `size`. */
export function measurements(input: MeasuredInput, sides: Size): Measurement[] {
  const { fakes, reals, pairs, pairMetrics, size, extractor } = input;
  const count = fakes.names.length;
  const perPicture = patchesPerPicture(count, reals.names.length);
  const random = new Random(0);
  const order = random.fork("pairs").permutation(count);
  const half = count >> 1;
  const pairsOf = (i: number): Measurement["reads"] => {
    if (!pairs) return [];
    const places = i < half ? [i, order[i], order[i + half]] : [i];
    return places.map((place) => ["pairs", place]);
  };
  const score = async (a: Picture | undefined, b: Picture | undefined) =>
    a && b ? scorePair(scaledTo(a, size), scaledTo(b, size), pairMetrics) : null;
  const measurementsOf = (set: Measurement["set"], names: readonly string[]) => {
    const draws = random.fork(set);
    return names.map((name, i): Measurement => {
      const positions = randomPositions(sides, perPicture, draws);
      return {
        set,
        name,
        reads: [[set, i], ...(set === "fakes" ? pairsOf(i) : [])],
        async measure([picture, truth, one, other]) {
          const { width, height } = sidesAt(picture, size);
          if (width !== sides.width || height !== sides.height) {
            throw new CutgpuError(
              "SIZE",
              `${name} is ${width} x ${height} pixels, and pictures of ${sides.width} x ${sides.height} are evaluated;`,
              "give pictures of one size, or a size to scale all to.",
            );
          }
          const extracted = await extractPictureFeatures(picture, name, positions, { size, extractor });
          return { ...extracted, scores: await score(picture, truth), chance: await score(one, other) };
        },
      };
    });
  };
  return [...measurementsOf("fakes", fakes.names), ...measurementsOf("reals", reals.names)];
}
