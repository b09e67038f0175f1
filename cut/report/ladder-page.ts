// The page of `cutgpu metric --ladder`: one self-contained file (inline style, pictures as data URIs, no script) with
// the answers, curves over levels, every figure, and what the distortions look like.
import { columnName } from "../evaluation/ladder/compared.js";
import type { Ladder } from "../evaluation/ladder/ladder.js";
import type { LadderTables } from "../evaluation/ladder/ladder-tables.js";
import { renderTable, tableStyle } from "./figures-table.js";
import { escapeHtml, pngFigure } from "./html.js";
import { LADDER_CURVES, ladderCharts } from "./ladder-charts.js";
import { baseStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";

export interface LadderPage {
  /** What was compared, as pairs of name and value. */
  about: readonly (readonly [string, string])[];
  ladder: Ladder;
  tables: LadderTables;
  /** One picture distorted at every level. */
  strips: readonly { name: string; levels: readonly { caption: string; png: Uint8Array }[] }[];
}

const style = `${tableStyle}
.answers { list-style: none; margin: 0; padding: 10px 18px; }
.answers li { padding: 6px 0 6px 26px; position: relative; border-bottom: 1px solid var(--line); }
.answers li:last-child { border-bottom: 0; }
.answers li::before { content: "\\2713"; position: absolute; left: 2px; color: var(--series-2); font-weight: 700; }
.answers li.no::before { content: "\\2715"; color: var(--accent); }
.answers b { font-weight: 650; font-variant-numeric: tabular-nums; }
.curves { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
.legend {
  list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 10px; padding: 0; font-size: 13px;
}
.legend li::before {
  content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; background: var(--colour);
}
.strips { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 14px 28px; }
.strips h3 { margin: 0 0 4px; font-size: 13.5px; font-weight: 600; }
.strips div { display: grid; grid-template-columns: repeat(5, 1fr); gap: 4px; }
.strips figure { margin: 0; }
.strips img { display: block; width: 100%; height: auto; box-shadow: 0 0 0 1px var(--line); }
.strips figcaption { padding-top: 2px; color: var(--soft); font-size: 12px; }
`;

/** The page as text. */
export function renderLadderPage({ about, ladder, tables, strips }: LadderPage): string {
  const answers = ladder.verdicts.map(
    ({ criterion, figure, met }) =>
      `<li${met ? "" : ' class="no"'}>${escapeHtml(criterion)}: <b>${escapeHtml(figure)}</b></li>`,
  );
  const legend = LADDER_CURVES.map(
    ({ column, colour }) =>
      `<li style="--colour:var(--series-${colour})">${escapeHtml(columnName(column, ladder.window))}</li>`,
  );
  const charts = ladderCharts(ladder).map(
    ({ title, svg }) => `<section class="chart card"><h3>${escapeHtml(title)}</h3>${svg}</section>`,
  );
  const body = `${renderSummary(about)}
<h2>What it shows</h2>
<p>${escapeHtml(tables.summary)}</p>
<ul class="answers card">${answers.join("\n")}</ul>
<h2>Over levels</h2>
<p class="empty">Means over the pictures. SWD and PatchNCE: 0 is the same picture, 1 another one.</p>
<ul class="legend">${legend.join("")}</ul>
<div class="curves">${charts.join("\n")}</div>
<h2>All figures</h2>
${renderRows(tables.rows, 2)}
<h2>Rank correlations</h2>
${renderRows(tables.correlations, 1)}
<h2>Own source among others</h2>
<p class="empty">Area under the ROC curve: 1 where the own source is always nearer than any other, 0.5 for guessing.</p>
${renderRows(tables.areas, 1)}
<h2>The distortions</h2>
<div class="strips">${strips.map(renderStrip).join("\n")}</div>
<footer>Made by cutgpu.</footer>`;
  return renderPage({ kicker: "cutgpu metric", title: "What PatchNCE sees", style: baseStyle + style, body });
}

const renderRows = ([heads, ...rows]: readonly (readonly string[])[], names: number) => renderTable(heads, rows, names);

function renderStrip({ name, levels }: LadderPage["strips"][number]): string {
  const figures = levels.map(({ caption, png }) => pngFigure(png, caption));
  return `<section><h3>${escapeHtml(name)}</h3><div>${figures.join("")}</div></section>`;
}
