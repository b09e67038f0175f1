// bench/report.html: one self-contained page (inline style, charts as inline SVG, no script) of a benchmark's rows: the
// roofline with every kernel, comparisons with other engines, the ladder, patch-NCE against N, and every row in a
// table. bench/node/render-report.ts makes it of a file.
import { escapeHtml } from "../../cut/report/html.js";
import { renderPage, renderSummary } from "../../cut/report/page.js";
import type { Ceilings } from "../measurement/case.js";
import type { BenchRow, Suite } from "../measurement/row.js";
import { comparedRows, renderLadders, renderPeers } from "./bars.js";
import { number, percent, times } from "./format.js";
import { type NceChart, nceCharts } from "./nce-charts.js";
import { rooflineChart } from "./roofline-chart.js";
import { fastest, isLadder, roofOf } from "./select.js";
import { benchStyle } from "./style.css.js";
import { renderTable, suiteTitles } from "./tables.js";

export interface ReportAbout {
  /** The adapter's name. */
  adapter: string;
  /** The day of the measurement, as people write it. */
  date: string;
  /** cutgpu's version. */
  version: string;
}

const FOOTER =
  "Medians of all runs, with the fastest and the slowest. Operations are nominal FLOPs, by the direct algorithm; " +
  "bytes count each operand as read once and each result as written once. Made by cutgpu.";

/** The page as text. Parts for which there are no rows are left out. */
export function benchReport(rows: readonly BenchRow[], about: ReportAbout): string {
  const roof = roofOf(rows);
  const parts = [
    renderSummary(summaryOf(rows, about, roof)),
    rows.length === 0 ? '<p class="empty">Nothing has been measured yet.</p>' : "",
    section("Roofline", rooflineLead(roof), renderRoofline(rows, roof)),
    section(
      "Beside other engines",
      "Time on the same adapter, through the same WebGPU implementation, one engine after the other: how many times " +
        "ours. The line marks ours; bars beyond twelve times are cut.",
      renderPeers(rows),
    ),
    section(
      "The ladder",
      "The same work by kernels that change one thing at a time, up to the engine's own. What pays on a GPU need " +
        "not pay on a processor.",
      renderLadders(rows),
    ),
    ...(["step", "generator", "nce", "overhead", "roofline"] as const).map((suite) => renderSuite(rows, suite)),
    renderKernels(rows),
    `<footer>${FOOTER}</footer>`,
  ];
  const body = parts.filter(Boolean).join("\n");
  return renderPage({ kicker: "cutgpu benchmark", title: about.adapter, style: benchStyle, body });
}

function section(title: string, lead: string, content: string): string {
  return content && `<h2>${escapeHtml(title)}</h2>\n<p class="lead">${escapeHtml(lead)}</p>\n${content}`;
}

function summaryOf(
  rows: readonly BenchRow[],
  { date, version }: ReportAbout,
  roof: Ceilings | null,
): [string, string][] {
  const tiles: [string, string][] = [
    ["measured", date],
    ["cutgpu", version],
    ["kernel profile", [...new Set(rows.map(({ profile }) => profile))].join(", ")],
  ];
  if (roof) tiles.push(["multiply-adds", `${number(roof.gflops)} GFLOP/s`], ["memory", `${number(roof.gbps)} GB/s`]);
  const kernels = rows.filter((row) => row.suite === "kernels" && row.gflops && !isLadder(row));
  const top = kernels.reduce<BenchRow | null>((a, b) => (a && (a.gflops ?? 0) >= (b.gflops ?? 0) ? a : b), null);
  if (top) tiles.push([`fastest kernel, ${top.kernel}`, `${number(top.gflops ?? 0)} GFLOP/s`]);
  const bestPeers = comparedRows(rows).map(({ peers }) => Math.min(...Object.values(peers).map(({ ratio }) => ratio)));
  if (bestPeers.length > 0) {
    const mean = Math.exp(bestPeers.reduce((sum, ratio) => sum + Math.log(ratio), 0) / bestPeers.length);
    tiles.push(
      ["best peer's time (geometric mean)", times(mean)],
      ["the same, worst shape", times(Math.min(...bestPeers))],
    );
  }
  return tiles.filter(([, value]) => value !== "");
}

const rooflineLead = (roof: Ceilings | null): string =>
  roof
    ? `Kernels left of ${number(roof.gflops / roof.gbps)} FLOP / byte are bound by memory, those right of it by ` +
      "arithmetic. The roof was measured on this adapter; data that stay in caches, and kernels that need fewer " +
      "operations than the nominal FLOPs, can pass it."
    : "The roof is not drawn, since its rows are not among these: run the suite roofline, too.";

function renderRoofline(rows: readonly BenchRow[], roof: Ceilings | null): string {
  const chart = rooflineChart(rows, roof);
  if (!chart) return "";
  const legend = [
    "<li>fastest variant of a shape</li>",
    '<li class="other">other variants, steps of the ladder</li>',
    roof ? '<li class="roof">roof</li>' : "",
  ];
  return `<section class="card roofline"><ul>${legend.join("")}</ul>${chart}</section>`;
}

function renderSuite(rows: readonly BenchRow[], suite: Suite): string {
  const own = rows.filter((row) => row.suite === suite);
  if (own.length === 0) return "";
  const { title, note } = suiteTitles[suite];
  const charts = suite === "nce" ? nceCharts(rows).map(renderChart) : [];
  const drawn = charts.length ? `<div class="charts">${charts.join("\n")}</div><br>` : "";
  return section(title, note, drawn + renderTable(own));
}

function renderChart({ title, note, legend, svg }: NceChart): string {
  const entries = legend.map(
    ({ name, colour, last }) => `<li style="--colour:${colour}">${escapeHtml(name)} <b>${escapeHtml(last)}</b></li>`,
  );
  const head = `<h3>${escapeHtml(title)}</h3><p>${escapeHtml(note)}</p>`;
  return `<section class="chart card">${head}<ul>${entries.join("")}</ul>${svg}</section>`;
}

/** The long table, folded, below a summary of its rows. */
function renderKernels(rows: readonly BenchRow[]): string {
  const own = rows.filter(({ suite }) => suite === "kernels");
  if (own.length === 0) return "";
  const shares = fastest(own.filter((row) => !isLadder(row)))
    .flatMap(({ roofline }) => roofline ?? [])
    .sort((a, b) => a - b);
  const { title, note } = suiteTitles.kernels;
  const typical =
    shares.length > 1
      ? ` The fastest variants reach ${percent(shares[0])} to ${percent(shares[shares.length - 1])} of the roof, ` +
        `half of them ${percent(shares[Math.floor(shares.length / 2)])} or more.`
      : "";
  return section(
    title,
    note + typical,
    `<details class="table"><summary>All ${own.length} rows</summary>${renderTable(own)}</details>`,
  );
}
