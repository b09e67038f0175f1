// The metrics of pairs, translations against their truths: the mean of each and the scores of every picture. Their
// floor is the score of two different truths, each of one random half against one of the other. Without files.
import type { Picture } from "../data/picture.js";
import { type Figure, type FigureKind, figure } from "./figures.js";
import { l1, MS_SSIM_SIDE, msSsim, psnr, SSIM_SIDE, ssim } from "./pair-metrics.js";
import { type Planes, planesOf } from "./planes.js";

/** Pictures that are read when needed. */
export interface PictureSet {
  names: readonly string[];
  read(i: number): Promise<Picture>;
}

export interface PairMetric {
  name: string;
  better: "lower" | "higher";
  protocol: string;
  /** Pixels per side that a picture must have. */
  side: number;
  of(a: Planes, b: Planes): number | Promise<number>;
}

export const PAIR_METRICS: readonly PairMetric[] = [
  { name: "L1", better: "lower", protocol: "mean absolute difference, range 1", side: 1, of: l1 },
  { name: "PSNR", better: "higher", protocol: "dB, range 1, mean over pictures", side: 1, of: psnr },
  {
    name: "SSIM",
    better: "higher",
    protocol: "Gaussian window 11, sigma 1.5, mean over channels",
    side: SSIM_SIDE,
    of: ssim,
  },
  { name: "MS-SSIM", better: "higher", protocol: "five scales, mean over channels", side: MS_SSIM_SIDE, of: msSsim },
];

/** A picture's scores by the names of the metrics; null where it is too small. */
export type PairScores = Record<string, number | null>;

/** The properties of a metric that are known without computing it. */
export type PairMetricKind = Omit<PairMetric, "of">;

export async function scorePair(a: Picture, b: Picture, metrics: readonly PairMetric[]): Promise<PairScores> {
  const side = Math.min(a.width, a.height);
  const [planesA, planesB] = [planesOf(a), planesOf(b)];
  const scores: PairScores = {};
  for (const { name, side: min, of } of metrics) scores[name] = side < min ? null : await of(planesA, planesB);
  return scores;
}

/** The means of the scores of each translation, and of truths of one half against those of the other. */
export function pairFigures(
  metrics: readonly PairMetricKind[],
  each: readonly PairScores[],
  chance: readonly PairScores[],
): Figure[] {
  return metrics.map(({ name, better, protocol, side }) => {
    const n = [each.length, each.length] as const;
    const kind: FigureKind = { better, protocol, n, floorN: [chance.length, chance.length] };
    const mean = (scores: readonly PairScores[]) => meanOf(scores.map((of) => of[name]));
    return figure(kind, name, [mean(each), null, mean(chance)], { needs: `needs ${side} pixels a side` });
  });
}

function meanOf(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return values.reduce((sum: number, value) => sum + (value as number), 0) / values.length;
}
