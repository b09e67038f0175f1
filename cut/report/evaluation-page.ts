// The page of `cutgpu evaluate`: one self-contained file (inline style, pictures as data URIs, no script) with all
// figures and their floors, how far translations are from the nearest real, and sheets of pictures.
import * as Plot from "@observablehq/plot";
import { FIGURE_HEADS, type Figure, figureCells } from "../evaluation/figures.js";
import { renderTable, tableStyle } from "./figures-table.js";
import { escapeHtml, pngAddress } from "./html.js";
import { baseStyle } from "./page.css.js";
import { plotDocument, renderPage, renderSummary } from "./page.js";

/** A row of pictures, each with what is compared in it. */
export interface EvaluationSheet {
  title: string;
  note: string;
  figures: readonly { caption: string; pngs: readonly Uint8Array[] }[];
}

export interface EvaluationPage {
  /** What is compared, as pairs of name and value. */
  about: readonly (readonly [string, string])[];
  figures: readonly Figure[];
  /** How they were computed, a line each. */
  protocols: readonly string[];
  /** The distance of each translation to its nearest real, and of each real to the nearest other one. */
  distances: { by: string; fakes: readonly number[]; reals: readonly number[] };
  sheets: readonly EvaluationSheet[];
}

const style = `
.figures :is(th, td):last-child { text-align: left; }
.figures td:is(:nth-child(2), :nth-child(4), :nth-child(7), :last-child) { color: var(--soft); font-size: 13px; }
.figures td:nth-child(3) { font-weight: 650; }
.figures td:last-child { white-space: normal; }
.protocols { color: var(--soft); font-size: 13px; padding-left: 18px; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 14px; }
.sheet figure { margin: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 2px; }
.sheet img { display: block; width: 100%; height: auto; box-shadow: 0 0 0 1px var(--line); }
.sheet figcaption {
  grid-column: 1 / 3; padding-top: 4px; color: var(--soft); font-size: 12px; overflow-wrap: anywhere;
}
`;

/** The page as text. */
export function renderEvaluationPage({ about, figures, protocols, distances, sheets }: EvaluationPage): string {
  const body = `${renderSummary(about)}
<h2>Figures</h2>
${renderTable(FIGURE_HEADS, figures.map(figureCells), 1)}
<ul class="protocols">${protocols.map((line) => `<li>${escapeHtml(line)}</li>`).join("\n")}</ul>
<h2>Distances to the nearest real</h2>
<div class="charts">${histogram(distances)}</div>
${sheets.map(renderSheet).join("\n")}
<footer>Made by cutgpu.</footer>`;
  return renderPage({
    kicker: "cutgpu evaluation",
    title: "Translations against real pictures",
    style: baseStyle + tableStyle + style,
    body,
  });
}

/** Shares of translations and of reals by their distance to the nearest (other) real. */
function histogram({ by, fakes, reals }: EvaluationPage["distances"]): string {
  const series = [
    { name: "translations to reals", colour: 1, values: fakes },
    { name: "reals to other reals", colour: 0, values: reals },
  ];
  const marks = series.map(({ values, colour }) =>
    Plot.rectY(shares(values, [...fakes, ...reals]), {
      x1: "from",
      x2: "to",
      y: "share",
      fill: `var(--series-${colour})`,
      fillOpacity: 0.45,
    }),
  );
  const plot = Plot.plot({
    document: plotDocument,
    width: 480,
    height: 296,
    marginLeft: 50,
    marginBottom: 40,
    x: { label: "distance", labelArrow: "none", tickSize: 0 },
    y: { label: null, tickFormat: "%", tickSize: 0, grid: true },
    marks: [...marks, Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 })],
  });
  const legend = series.map(
    ({ name, colour }) => `<li style="--colour:var(--series-${colour})">${escapeHtml(name)}</li>`,
  );
  const closest = Math.min(...reals);
  const copies = fakes.filter((distance) => distance < closest).length;
  const note =
    `${copies} of ${fakes.length} translations are nearer to a real than any two reals are to each other. ` +
    `Distance: ${by}.`;
  return `<section class="chart card"><p>${escapeHtml(note)}</p><ul>${legend.join("")}</ul>${plot.outerHTML}</section>`;
}

const BINS = 30;

/** The share of `values` in each of thirty bins from the minimum to the maximum of `all`. */
function shares(values: readonly number[], all: readonly number[]): { from: number; to: number; share: number }[] {
  const [low, high] = all.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)], [all[0], 0]);
  const width = (high - low || 1) / BINS;
  const bins = Array.from({ length: BINS }, (_, i) => ({ from: low + i * width, to: low + (i + 1) * width, share: 0 }));
  for (const value of values) bins[Math.min(BINS - 1, Math.floor((value - low) / width))].share += 1 / values.length;
  return bins;
}

function renderSheet({ title, note, figures }: EvaluationSheet): string {
  const each = figures.map(({ caption, pngs }) => {
    const images = pngs.map((png) => `<img src="${pngAddress(png)}" alt="">`);
    return `<figure>${images.join("")}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
  });
  const head = `<h2>${escapeHtml(title)}</h2>\n<p class="empty">${escapeHtml(note)}</p>`;
  return `${head}\n<div class="sheet">${each.join("\n")}</div>`;
}
