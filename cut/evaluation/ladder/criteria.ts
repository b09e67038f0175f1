// Conclusions from the figures of a ladder: rank correlations over levels, and each criterion that a metric of content
// should meet, with its figure and whether it is met. Pure.
import { spearman } from "../correlation.js";
import { SHIFT, SWAPPED } from "../distortions/ladder-steps.js";
import { type Column, type Columns, distance } from "./compared.js";
import type { LadderRow, Recognition } from "./rows.js";

export interface Verdict {
  /** The criterion as a sentence. */
  criterion: string;
  /** The figures that decide. */
  figure: string;
  met: boolean;
}

const MIN_SPEARMAN = 0.95;
const MAX_FORGIVEN = 0.1;
const MIN_NOTICED = 0.8;
const MAX_BLIND = 0.8;
const MIN_AREA = 0.95;

/** The probability that a number of `own` is below one of `others`, equal ones counting half. */
export function areaUnderCurve(own: readonly number[], others: readonly number[]): number {
  let sum = 0;
  for (const a of own) for (const b of others) sum += a < b ? 1 : a === b ? 0.5 : 0;
  return sum / (own.length * others.length);
}

/** The rows of distortions that have levels, by name. */
export function gradedRows<R extends Pick<LadderRow, "distortion">>(rows: readonly R[]): Map<string, R[]> {
  const grouped = new Map<string, R[]>();
  for (const row of rows) grouped.set(row.distortion, [...(grouped.get(row.distortion) ?? []), row]);
  return new Map([...grouped].filter(([, levels]) => levels.length > 1));
}

/**
 * Spearman's correlation of a column's means with the level of one distortion, 1 where the distance grows with each
 * level.
 */
export const rankCorrelation = (levels: readonly LadderRow[], column: Column): number =>
  spearman(
    levels.map((_, i) => i),
    levels.map(({ means }) => distance(means, column)),
  );

/** Checks the criteria, in the order in which they are printed. */
export function checkCriteria(ladder: {
  rows: readonly LadderRow[];
  recognition: readonly Recognition[];
  window: number;
}): Verdict[] {
  const { rows, recognition, window } = ladder;
  const graded = gradedRows(rows);
  const verdicts: Verdict[] = [];
  for (const [name, levels] of graded) {
    if (levels[0].kind === "colour") continue;
    const value = rankCorrelation(levels, "PatchNCE");
    verdicts.push({
      criterion: `PatchNCE grows with the level of ${name}: Spearman's correlation at least ${MIN_SPEARMAN}`,
      figure: value.toFixed(2),
      met: value >= MIN_SPEARMAN,
    });
  }
  const shifts = graded.get(SHIFT) as LadderRow[];
  const windowed = (row: LadderRow) => row.means["PatchNCE window"] as number;
  const [once, fourfold] = [windowed(shifts[2]), windowed(shifts[4])];
  verdicts.push(
    {
      criterion: `a shift of the window, ${window} px, is forgiven: distance with the window below ${MAX_FORGIVEN}`,
      figure: once.toFixed(3),
      met: once < MAX_FORGIVEN,
    },
    {
      criterion: `one of four times the window is not: distance with the window above ${MIN_NOTICED}`,
      figure: fourfold.toFixed(2),
      met: fourfold > MIN_NOTICED,
    },
  );
  const swapped = rows.find(({ distortion }) => distortion === SWAPPED)?.means as Columns;
  const [patches, swd] = [swapped.PatchNCE as number, swapped.SWD as number];
  verdicts.push({
    criterion: `swapped quadrants are worse than another picture, above 1, where SWD stays below ${MAX_BLIND}`,
    figure: `${patches.toFixed(2)}, SWD ${swd.toFixed(2)}`,
    met: patches > 1 && swd < MAX_BLIND,
  });
  const area = recognition.at(-1)?.areas.PatchNCE as number;
  verdicts.push({
    criterion: `the own source is recognised after restyling with inversion: area at least ${MIN_AREA}`,
    figure: area.toFixed(3),
    met: area >= MIN_AREA,
  });
  return verdicts;
}
