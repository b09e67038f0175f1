// The page that compares the runs of a sweep: a table of the differences and the results, curves of several runs in one
// chart, and the same pictures side by side.
import { type Comparison, drawComparison, renderCharts } from "./charts.js";
import { renderTable, tableStyle } from "./figures-table.js";
import { escapeHtml, pngFigure } from "./html.js";
import { baseStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";

export interface SweepRow {
  /** The run's own report, relative to the page; null where there is none yet. */
  report: string | null;
  /** Cells by the names of columns. */
  cells: ReadonlyMap<string, string>;
}

export interface SweepStrip {
  label: string;
  pictures: readonly { caption: string; png: Uint8Array }[];
}

export interface SweepPage {
  title: string;
  summary: readonly [string, string][];
  rows: readonly SweepRow[];
  /** The curves of all runs, a series each by the run's name. */
  curves: readonly Comparison[];
  strips: readonly SweepStrip[];
}

const style = `
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); gap: 10px; margin-bottom: 18px; }
.strip figure { margin: 0; }
.strip img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }
.strip figcaption { padding-top: 4px; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }
`;

/** The page as text. */
export function renderSweepPage({ title, summary, rows, curves, strips }: SweepPage): string {
  const charts = curves.filter(({ series }) => series.names.length > 0).map(drawComparison);
  const body = `${renderSummary(summary)}
<h2>Runs</h2>
${renderRows(rows)}
${charts.length > 0 ? `<h2>Side by side</h2>\n${renderCharts(charts)}` : ""}
${strips.map(renderStrip).join("\n")}
<footer>Made by cutgpu.</footer>`;
  return renderPage({ kicker: "cutgpu sweep", title, style: baseStyle + tableStyle + style, body });
}

function renderRows(rows: readonly SweepRow[]): string {
  const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  const body = rows.map(({ report, cells }) => {
    // A link without text could not be followed.
    const linked = columns.find((column) => cells.get(column));
    return columns.map((column) => {
      const text = cells.get(column) ?? "";
      return column === linked && report !== null ? { text, address: report } : text;
    });
  });
  return renderTable(columns, body, columns.length);
}

function renderStrip({ label, pictures }: SweepStrip): string {
  const figures = pictures.map(({ caption, png }) => pngFigure(png, caption, `${label}: ${caption}`));
  return `<h2>${escapeHtml(label)}</h2>\n<div class="strip">${figures.join("\n")}</div>`;
}
