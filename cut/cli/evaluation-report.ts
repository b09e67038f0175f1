// The pictures of an evaluation's page: which to show, read again and scaled down.
import { scaleDown } from "../data/resize.js";
import type { Evaluation } from "../evaluation/evaluate.js";
import { figureText, protocolLines } from "../evaluation/figures.js";
import type { PairScores, PictureSet } from "../evaluation/pairs.js";
import { encodePng } from "../files/decode.js";
import { type EvaluationSheet, renderEvaluationPage } from "../report/evaluation-page.js";

interface Sets {
  fakes: PictureSet;
  reals: PictureSet;
  pairs: PictureSet | null;
}

/** Pictures of a sheet of nearest neighbours, and of each end of a sheet of best and worst. */
const NEAREST = 48;
const ENDS = 6;
/** Pixels of the longer side of a picture. */
const SIDE = 128;

/** The page as text. */
export async function drawEvaluation(
  evaluation: Evaluation,
  about: readonly [string, string][],
  { fakes, reals, pairs }: Sets,
): Promise<string> {
  const { figures, nearest } = evaluation;
  const byDistance = sorted(nearest.fakes, ({ distance }) => distance);
  const compared = async (i: number, set: PictureSet, j: number, score: string) => ({
    caption: `${fakes.names[i]} and ${set.names[j]}: ${score}`,
    pngs: [await smallPng(fakes, i), await smallPng(set, j)],
  });
  const besideReal = (ids: readonly number[]) =>
    Promise.all(ids.map((i) => compared(i, reals, nearest.fakes[i].id, nearest.fakes[i].distance.toPrecision(3))));
  const sheets: EvaluationSheet[] = [
    {
      title: "Nearest reals",
      note: "Each translation beside the real picture that is nearest to it, the nearest first: copies come on top.",
      figures: await besideReal(byDistance.slice(0, NEAREST)),
    },
    {
      title: "Farthest from every real",
      note: "Translations whose nearest real is farthest away, the farthest first.",
      figures: await besideReal(byDistance.slice(-2 * ENDS).reverse()),
    },
  ];
  for (const { name, better } of pairs ? figures.filter((of) => of.name in evaluation.pairs[0]) : []) {
    const order = bestFirst(evaluation.pairs, name, better);
    const beside = (ids: readonly number[]) =>
      Promise.all(ids.map((i) => compared(i, pairs!, i, `${name} ${figureText(evaluation.pairs[i][name])}`)));
    const [best, worst] = [order.slice(0, ENDS), order.slice(ENDS).slice(-ENDS).reverse()];
    if (best.length > 0)
      sheets.push({ title: `Best by ${name}`, note: "Beside the truth.", figures: await beside(best) });
    if (worst.length > 0)
      sheets.push({ title: `Worst by ${name}`, note: "Beside the truth.", figures: await beside(worst) });
  }
  return renderEvaluationPage({
    about,
    figures,
    protocols: protocolLines(figures),
    distances: {
      by: nearest.by,
      fakes: nearest.fakes.map(({ distance }) => distance),
      reals: nearest.reals.map(({ distance }) => distance),
    },
    sheets,
  });
}

/** Indices of `values`, the lowest value first. */
function sorted<T>(values: readonly T[], by: (value: T) => number): number[] {
  return values.map((_, i) => i).sort((i, j) => by(values[i]) - by(values[j]));
}

/** Pictures that have a score, the best first. */
function bestFirst(scores: readonly PairScores[], name: string, better: "lower" | "higher"): number[] {
  const sign = better === "lower" ? 1 : -1;
  return sorted(scores, (of) => sign * (of[name] ?? 0)).filter((i) => scores[i][name] !== null);
}

const smallPng = async (set: PictureSet, i: number): Promise<Uint8Array> =>
  encodePng(scaleDown(await set.read(i), SIDE));
