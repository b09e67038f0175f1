// Rows as lines of text for a terminal, as `cutgpu bench` prints them: columns of fixed width, because rows are printed
// as they are measured.
import type { BenchRow } from "../measurement/row.js";
import { digits } from "./format.js";

type Column = readonly [title: string, width: number, cell: (row: BenchRow) => string];

const some = (value: number | null, text = digits) => (value === null ? "-" : text(value));
const percent = (share: number) => `${digits(100 * share)}%`;

/** The distance of the fastest and the slowest sample from the median. */
function spread({ ms, runs }: BenchRow): string {
  if (!ms || runs < 2) return "-";
  const from = (value: number) => `${(100 * Math.abs(value / ms.median - 1)).toFixed(0)}%`;
  return `-${from(ms.min)} +${from(ms.max)}`;
}

const columns: readonly Column[] = [
  ["kernel", -24, ({ kernel }) => kernel],
  ["shape", -34, ({ shape }) => shape],
  ["variant", -18, ({ variant }) => variant],
  ["median ms", 10, ({ ms }) => some(ms?.median ?? null)],
  ["spread", 11, spread],
  ["runs", 4, ({ runs }) => String(runs)],
  ["GFLOP/s", 8, ({ gflops }) => some(gflops)],
  ["GB/s", 7, ({ gbps }) => some(gbps)],
  ["roofline", 8, ({ roofline }) => some(roofline, percent)],
  ["reference ms", 12, ({ reference_ms }) => some(reference_ms)],
];

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => {
      const width = columns[i]?.[1] ?? 0;
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join(" ")
    .trimEnd();
}

/** The titles of the columns, aligned like the rows. */
export const tableHead = (): string => line(columns.map(([title]) => title));

const figure = ([name, value]: [string, number]) =>
  name === "wall_clock" ? "wall time" : `${name} ${Number.isInteger(value) ? value : digits(value)}`;

/** A row's line; beneath it, where there are any, other engines, figures and the note. */
export function tableRow(row: BenchRow): string {
  const peers = Object.entries(row.peers).map(
    ([name, { ms, ratio }]) => `${name} ${digits(ms)} ms (${digits(ratio)}x)`,
  );
  const figures = Object.entries(row.figures ?? {}).map(figure);
  const beneath = [peers.join(", "), figures.join(", "), row.note ?? ""].filter(Boolean);
  return [line(columns.map(([, , cell]) => cell(row))), ...beneath.map((text) => `    ${text}`)].join("\n");
}
