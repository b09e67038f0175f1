// Every row as a table, one table per suite. Empty columns of a suite are left out. A row's own figures and its note
// are below it, over the table's whole width.
import { escapeHtml } from "../../cut/report/html.js";
import type { BenchRow, Suite } from "../measurement/row.js";
import { figure, number, orNone, percent, times, timing, words } from "./format.js";
import { fastest, workOf } from "./select.js";

interface Column {
  head: string;
  text: (row: BenchRow) => string;
  /** Whether the row has a value there. */
  has: (row: BenchRow) => boolean;
}

const columns: Column[] = [
  { head: "ms (min to max)", text: ({ ms }) => timing(ms), has: ({ ms }) => ms !== null },
  { head: "runs", text: ({ runs }) => number(runs), has: ({ runs }) => runs > 0 },
  { head: "GFLOP/s", text: ({ gflops }) => orNone(gflops), has: ({ gflops }) => gflops !== null },
  { head: "GB/s", text: ({ gbps }) => orNone(gbps), has: ({ gbps }) => gbps !== null },
  { head: "of the roof", text: ({ roofline }) => orNone(roofline, percent), has: ({ roofline }) => roofline !== null },
  { head: "reference, ms", text: (row) => orNone(row.reference_ms), has: (row) => row.reference_ms !== null },
];

/** Information on the clock, no figure to compare. */
const unlisted = new Set(["wall_clock"]);

const names = (rows: readonly BenchRow[], of: (row: BenchRow) => object | undefined): string[] => [
  ...new Set(rows.flatMap((row) => Object.keys(of(row) ?? {}))),
];

function columnsOf(rows: readonly BenchRow[]): Column[] {
  const peers = names(rows, (row) => row.peers).map((name): Column => {
    return {
      head: `${name}, times ours`,
      text: (row) => orNone(row.peers[name]?.ratio, times),
      has: (row) => name in row.peers,
    };
  });
  return [...columns, ...peers].filter(({ has }) => rows.some(has));
}

/** A row's figures and note; nothing where it has neither. */
function renderMore({ figures = {}, note }: BenchRow, width: number): string {
  const parts = Object.entries(figures)
    .filter(([name]) => !unlisted.has(name))
    .map(([name, value]) => `<span>${escapeHtml(words(name))} <b>${escapeHtml(figure(name, value))}</b></span>`);
  if (note) parts.push(`<span>${escapeHtml(note)}</span>`);
  return parts.length ? `<tr class="more"><td colspan="${width}"><div>${parts.join("")}</div></td></tr>` : "";
}

/** The rows of one suite. The fastest variant of each shape is highlighted where there are several. */
export function renderTable(rows: readonly BenchRow[]): string {
  const shown = columnsOf(rows);
  const first = new Set(fastest(rows));
  const contested = (row: BenchRow) => rows.some((other) => other !== row && workOf(other) === workOf(row));
  const head = [
    ...["kernel", "shape", "variant"].map((name) => `<th scope="col" class="name">${name}</th>`),
    ...shown.map((column) => `<th scope="col">${escapeHtml(column.head)}</th>`),
  ];
  const body = rows.map((row) => {
    const cells = shown
      .map(({ head, text }) => `<td data-head="${escapeHtml(head)}">${escapeHtml(text(row))}</td>`)
      .join("");
    const kind = first.has(row) && contested(row) ? ' class="first"' : "";
    const [kernel, shape, variant] = [row.kernel, row.shape, row.variant].map(escapeHtml);
    const name = `<th scope="row" class="name">${kernel}</th>`;
    const more = renderMore(row, shown.length + 3);
    return `<tr${kind}>${name}<td class="name">${shape}</td><td class="name">${variant}</td>${cells}</tr>${more}`;
  });
  return `<div class="rows card"><table><thead><tr>${head.join("")}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
}

export const suiteTitles: { readonly [S in Suite]: { title: string; note: string } } = {
  step: {
    title: "Training step",
    note: "A whole step of CUT, recorded and replayed: both networks, all losses, all three optimizers.",
  },
  generator: {
    title: "Generator",
    note: "The ResNet generator, forward alone and with the gradients of all of its parameters.",
  },
  nce: { title: "Patch-NCE", note: "Loss and gradients, fused and composed of plain operators." },
  overhead: { title: "Overhead", note: "What is not arithmetic: JavaScript, memory, the start." },
  roofline: { title: "Ceilings of the adapter", note: "What every other row is rated against." },
  kernels: { title: "Every kernel", note: "All variants; the fastest of each shape in colour." },
};
