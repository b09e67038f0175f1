// The page that compares the runs of a sweep: a table with what differs and what came of it, curves of several runs in
// one chart, and the same pictures side by side.
import { type Comparison, drawComparison, renderCharts } from "./charts.js";
import { escapeHtml, pngFigure } from "./html.js";
import { baseStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";

export interface SweepRow {
  name: string;
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
  /** What is drawn of all runs, a series each by the run's name. */
  curves: readonly Comparison[];
  strips: readonly SweepStrip[];
}

const style = `
.runs { overflow-x: auto; padding: 6px 14px; }
.runs table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
.runs th, .runs td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid var(--line); }
.runs th { color: var(--soft); font-weight: 500; white-space: nowrap; }
.runs a { color: inherit; text-decoration-color: var(--accent); }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); gap: 10px; margin-bottom: 18px; }
.strip figure { margin: 0; }
.strip img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }
.strip figcaption { padding-top: 4px; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  .runs :is(table, tbody, tr, td) { display: block; }
  .runs tr.head { display: none; }
  .runs tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  .runs td { display: flex; gap: 12px; justify-content: space-between; border: 0; padding: 1px 0; text-align: right; }
  .runs td::before { content: attr(data-column); color: var(--soft); }
}
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
  return renderPage({ kicker: "cutgpu sweep", title, style: baseStyle + style, body });
}

function renderRows(rows: readonly SweepRow[]): string {
  const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  const head = `<tr class="head">${columns.map((column) => `<th>${escapeHtml(column)}</th>`).join("")}</tr>`;
  const body = rows.map(({ report, cells }) => {
    const each = columns.map((column, i) => {
      const text = escapeHtml(cells.get(column) ?? "");
      const linked = i === 0 && report !== null ? `<a href="${escapeHtml(encodeURI(report))}">${text}</a>` : text;
      return `<td data-column="${escapeHtml(column)}">${linked}</td>`;
    });
    return `<tr>${each.join("")}</tr>`;
  });
  return `<div class="runs card"><table>${head}${body.join("\n")}</table></div>`;
}

function renderStrip({ label, pictures }: SweepStrip): string {
  const figures = pictures.map(({ caption, png }) => pngFigure(png, caption, `${label}: ${caption}`));
  return `<h2>${escapeHtml(label)}</h2>\n<div class="strip">${figures.join("\n")}</div>`;
}
