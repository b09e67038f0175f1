// Which rows belong where in the report.
import type { BenchRow } from "../measurement/row.js";

/** What the roofline suite found: operations and bytes a second at the most; null where it was not run. */
export interface Roof {
  gflops: number;
  gbps: number;
}

const best = (rates: readonly (number | null)[]): number =>
  rates.reduce<number>((most, rate) => Math.max(most, rate ?? 0), 0);

export function roofOf(rows: readonly BenchRow[]): Roof | null {
  const suite = rows.filter((row) => row.suite === "roofline");
  const gflops = best(suite.filter(({ kernel }) => kernel === "fma").map((row) => row.gflops));
  const gbps = best(suite.filter(({ kernel }) => kernel === "read" || kernel === "copy").map((row) => row.gbps));
  return gflops > 0 && gbps > 0 ? { gflops, gbps } : null;
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

/** What work a row does. Variants are ways to do it where kernels are compared, and other work elsewhere. */
export function workOf({ suite, kernel, shape, variant }: BenchRow): string {
  const rivals = suite === "kernels" || suite === "nce" || suite === "roofline";
  return [suite, kernel, shape, rivals ? "" : variant].join("\n");
}

/** Of rows that do the same work, the fastest variant of each. */
export function fastest(rows: readonly BenchRow[]): BenchRow[] {
  const groups = groupBy(
    rows.filter(({ ms }) => ms !== null),
    workOf,
  );
  const time = (row: BenchRow) => row.ms?.median ?? Number.POSITIVE_INFINITY;
  return [...groups.values()].map((group) => group.reduce((a, b) => (time(b) < time(a) ? b : a)));
}
