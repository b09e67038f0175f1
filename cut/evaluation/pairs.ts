// The metrics of pairs, translations against their truths: the mean of each and the scores of every picture. Their
// floor is what two different truths score, each of one random half against one of the other. Without files.
import type { Random } from "../../engine/random.js";
import type { Picture } from "../data/picture.js";
import { type Figure, type FigureKind, figure } from "./figures.js";
import { l1, MS_SSIM_SIDE, msSsim, psnr, SSIM_SIDE, ssim } from "./pair-metrics.js";
import { type Planes, planesOf } from "./planes.js";

/** Pictures that are read when they are needed. */
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

/** Scores of each translation and their means. `step` is called after each pair. */
export async function measurePairs(
  fakes: PictureSet,
  truths: PictureSet,
  metrics: readonly PairMetric[],
  random: Random,
  step: (what: string) => Promise<void>,
): Promise<{ figures: Figure[]; each: PairScores[] }> {
  const count = fakes.names.length;
  const score = async (a: Picture, b: Picture): Promise<PairScores> => {
    const side = Math.min(a.width, a.height);
    const [planesA, planesB] = [planesOf(a), planesOf(b)];
    const scores: PairScores = {};
    for (const { name, side: least, of } of metrics) scores[name] = side < least ? null : await of(planesA, planesB);
    return scores;
  };
  const each: PairScores[] = [];
  for (const [i, name] of fakes.names.entries()) {
    each.push(await score(await fakes.read(i), await truths.read(i)));
    await step(name);
  }
  const order = random.permutation(count);
  const chance: PairScores[] = [];
  for (let i = 0; i < count >> 1; i++) {
    chance.push(await score(await truths.read(order[i]), await truths.read(order[i + (count >> 1)])));
    await step("pairs of the halves");
  }
  const figures = metrics.map(({ name, better, protocol, side }) => {
    const kind: FigureKind = { better, protocol, n: [count, count], floorN: [count >> 1, count >> 1] };
    const mean = (scores: PairScores[]) => meanOf(scores.map((of) => of[name]));
    return figure(kind, name, [mean(each), null, mean(chance)], { needs: `needs ${side} pixels a side` });
  });
  return { figures, each };
}

function meanOf(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return values.reduce((sum: number, value) => sum + (value as number), 0) / values.length;
}
