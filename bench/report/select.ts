// The rows of each part of the report, on the page "Kernels" and in the README, and which of them are the fastest.
import type { Ceilings } from "../measurement/case.js";
import { ceilingsOf } from "../measurement/rating.js";
import type { BenchRow } from "../measurement/row.js";

/** The measured roof; null where the rows of the suite "roofline" are missing. */
export function roofOf(rows: readonly BenchRow[]): Ceilings | null {
  const roof = ceilingsOf(rows);
  return roof.gflops > 0 && roof.gbps > 0 ? roof : null;
}

export const isLadder = (row: BenchRow): boolean => row.kernel.startsWith("ladder.");

/** Rows in groups of one key, in order of first appearance. */
export function groupBy(rows: readonly BenchRow[], key: (row: BenchRow) => string): Map<string, BenchRow[]> {
  const groups = new Map<string, BenchRow[]>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

/** A key of a row's work. Variants are alternatives where kernels are compared, and different work elsewhere. */
export function workOf({ suite, kernel, shape, variant }: BenchRow): string {
  const rivals = suite === "kernels" || suite === "nce";
  return [suite, kernel, shape, rivals ? "" : variant].join("\n");
}

/** The fastest variant of each work. */
export function fastest(rows: readonly BenchRow[]): BenchRow[] {
  const groups = groupBy(
    rows.filter(({ ms }) => ms !== null),
    workOf,
  );
  const time = (row: BenchRow) => row.ms?.median ?? Number.POSITIVE_INFINITY;
  return [...groups.values()].map((group) => group.reduce((a, b) => (time(b) < time(a) ? b : a)));
}
