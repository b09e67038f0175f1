// Compares rows with those of an earlier run on the same adapter and with the same profile of kernels, by their names.
// A row is slower where its median exceeds the earlier median by more than the spreads of both runs together and by
// more than 5 %. The spread is the distance from the fastest sample to the median: samples above the median are slowed
// by the machine's other work. Single samples have no spread, so for them the 5 % decide. A row that had a time and
// could not run now is lost, which is no better than slower.
import { CutgpuError } from "../engine/lib/errors.js";
import { caseName } from "./measurement/case.js";
import type { BenchRow } from "./measurement/row.js";

const LEAST_CHANGE = 0.05;

export interface Change {
  name: string;
  before: number;
  now: number;
}

export interface Comparison {
  slower: Change[];
  faster: Change[];
  /** Rows of both runs that have a time in the earlier one alone, and why. */
  lost: { name: string; before: number; why: string }[];
  /** Number of rows that both runs have, with times in the earlier one. */
  compared: number;
}

const spreadOf = ({ ms }: BenchRow) => (ms ? ms.median - ms.min : 0);

/**
 * Throws a CutgpuError that names both adapters, or both profiles of kernels, where they differ, and where the files
 * have no row in common.
 */
export function compareWithBaseline(rows: readonly BenchRow[], baseline: readonly BenchRow[]): Comparison {
  const [now, before] = [rows[0], baseline[0]];
  if (now?.adapter !== before?.adapter) {
    throw new CutgpuError(
      "BASELINE",
      `the baseline was measured on "${before?.adapter}" and this run on "${now?.adapter}"`,
      "Give a file of the same adapter.",
    );
  }
  if (now?.profile !== before?.profile) {
    throw new CutgpuError(
      "BASELINE",
      `the baseline was measured with kernels of profile ${before?.profile}, and this run has those of ${now?.profile}`,
      `Give --profile ${before?.profile}, or a file of the same profile.`,
    );
  }
  const earlier = new Map(baseline.map((row) => [caseName(row), row]));
  const comparison: Comparison = { slower: [], faster: [], lost: [], compared: 0 };
  for (const row of rows) {
    const other = earlier.get(caseName(row));
    if (!other?.ms) continue;
    comparison.compared++;
    if (!row.ms) {
      comparison.lost.push({ name: caseName(row), before: other.ms.median, why: row.note ?? "no time" });
      continue;
    }
    const difference = row.ms.median - other.ms.median;
    const noise = Math.max(spreadOf(row) + spreadOf(other), LEAST_CHANGE * other.ms.median);
    const change = { name: caseName(row), before: other.ms.median, now: row.ms.median };
    if (difference > noise) comparison.slower.push(change);
    else if (-difference > noise) comparison.faster.push(change);
  }
  if (comparison.compared === 0) {
    throw new CutgpuError(
      "BASELINE",
      "the baseline has a time of none of these rows",
      "Run the suites that it was made by.",
    );
  }
  return comparison;
}
