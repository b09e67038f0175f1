// How near translations of the demo's held-out drawings are to the truths, one by one and as sets.
import type { Picture } from "../data/picture.js";
import { type Evaluation, evaluate } from "../evaluation/evaluate.js";

/** Evaluates translations, each against its own truth, and all against all truths. */
export function scoreDrawings(truths: readonly Picture[], translations: readonly Picture[]): Promise<Evaluation> {
  const names = truths.map((_, i) => String(i));
  const setOf = (pictures: readonly Picture[]) => ({ names, read: async (i: number) => pictures[i] });
  return evaluate({ fakes: setOf(translations), reals: setOf(truths), pairs: setOf(truths) });
}

/** The figure with this name. */
export const figureOf = ({ figures }: Evaluation, wanted: string) => figures.find(({ name }) => name === wanted)!;
