// report.html: one self-contained page (inline style, pictures as data URIs, curves as inline SVG, no script) that
// shows what a training has learnt. Light or dark by the reader's system, and readable on a phone.
import { showValue } from "../options/schema.js";
import { drawCharts, drawMetrics, renderCharts } from "./charts.js";
import { escapeHtml, pngAddress } from "./html.js";
import type { LossHistory } from "./losses.js";
import type { MetricHistory } from "./metrics.js";
import { pageStyle } from "./page.css.js";
import { renderPage, renderSummary } from "./page.js";
import type { NamedSeries } from "./series.js";

export interface SampleImage {
  /** Step at which it was made, for outputs during training. */
  step?: number;
  caption: string;
  png: Uint8Array;
}

/** One picture's way through the training: input, outputs, and the truth where it is known. */
export interface SampleRow {
  label: string;
  images: SampleImage[];
}

/** A picture before and after translation, to be shown large. */
export interface BeforeAfter {
  label: string;
  before: Uint8Array;
  after: Uint8Array;
}

export interface ReportContent {
  title: string;
  /** Shown first, above all figures. */
  pairs?: readonly BeforeAfter[];
  /** The run's configuration. */
  options: Record<string, unknown>;
  /** Defaults to compare `options` with: differences are highlighted. */
  defaults?: Record<string, unknown>;
  losses: LossHistory;
  /** By layer the number of patches among which a query finds its own, for the chart of mutual information. */
  keys?: ReadonlyMap<number, number>;
  /** How well patches found their source, by layer. */
  retrieval?: NamedSeries;
  /** Evaluations during the run. */
  metrics?: MetricHistory;
  /** Alarms during the run, a line each. */
  alarms?: readonly string[];
  samples: readonly SampleRow[];
  /** Figures to show first, as pairs of name and value. */
  summary: readonly [string, string][];
}

/** The page as text. */
export function renderReport(content: ReportContent): string {
  const {
    title,
    pairs = [],
    options,
    defaults,
    losses,
    keys,
    retrieval,
    metrics,
    alarms = [],
    samples,
    summary,
  } = content;
  const charts = drawCharts(losses, keys, retrieval);
  const curves = charts.length > 0 ? renderCharts(charts) : '<p class="empty">No step has been recorded yet.</p>';
  const evaluations = metrics ? drawMetrics(metrics.series) : [];
  const body = `${pairs.length > 0 ? renderPairs(pairs) : ""}
${renderSummary(summary)}
${alarms.length > 0 ? renderAlarms(alarms) : ""}
${samples.length > 0 ? `<h2>Pictures</h2>\n${renderSamples(samples)}` : ""}
${evaluations.length > 0 ? `<h2>Evaluations</h2>\n${renderCharts(evaluations)}` : ""}
<h2>Losses</h2>
${curves}
<h2>Options</h2>
${renderOptions(options, defaults)}
<footer>Losses: steps faint (of long runs their extremes), the moving average on top; wild values may leave the frame.
Made by cutgpu.</footer>`;
  return renderPage({ kicker: "cutgpu training report", title, style: pageStyle, body });
}

function renderAlarms(alarms: readonly string[]): string {
  // Options do not break at their dashes.
  const item = (line: string) => `<li>${escapeHtml(line).replace(/--\w+/g, "<span>$&</span>")}</li>`;
  return `<ul class="alarms card">${alarms.map(item).join("\n")}</ul>`;
}

function renderPairs(pairs: readonly BeforeAfter[]): string {
  const figures = pairs.map(({ label, before, after }) => {
    const name = escapeHtml(label);
    const image = (png: Uint8Array, what: string) => `<img src="${pngAddress(png)}" alt="${name}, ${what}">`;
    return `<figure>${image(before, "before")}${image(after, "after")}<figcaption>${name}</figcaption></figure>`;
  });
  return `<div class="pairs">${figures.join("\n")}</div>`;
}

function captionOf({ step, caption }: SampleImage): string {
  return [caption, step === undefined ? "" : `step ${step.toLocaleString("en")}`].filter(Boolean).join(", ");
}

/** A table, one row per picture; captions stand once on top where all rows share them, else under each picture. */
function renderSamples(rows: readonly SampleRow[]): string {
  const captions = rows[0].images.map(captionOf);
  const shared = rows.every((row) => row.images.map(captionOf).join("\n") === captions.join("\n"));
  const columns = captions.map((caption, i) => {
    const last = i === captions.length - 1 ? ' class="last"' : "";
    return `<th scope="col"${last}>${escapeHtml(caption)}</th>`;
  });
  const head = shared ? `<tr class="head"><td></td>${columns.join("")}</tr>` : "";
  const body = rows.map((row) => {
    const cells = row.images.map((image) => {
      const caption = escapeHtml(captionOf(image));
      const small = pngWidth(image.png) < 132 ? ' class="small"' : "";
      const picture = `<img src="${pngAddress(image.png)}" alt="${escapeHtml(row.label)}: ${caption}"${small}>`;
      return shared ? `<td data-caption="${caption}">${picture}</td>` : `<td>${picture}${caption}</td>`;
    });
    return `<tr><th scope="row" class="row">${escapeHtml(row.label)}</th>${cells.join("")}</tr>`;
  });
  return `<div class="samples card"><table>${head}${body.join("\n")}</table></div>`;
}

/** The width in a PNG's header. */
function pngWidth(png: Uint8Array): number {
  return png.length < 24 ? 0 : new DataView(png.buffer, png.byteOffset, png.byteLength).getUint32(16);
}

function renderOptions(options: Record<string, unknown>, defaults: Record<string, unknown> = {}): string {
  const entries = Object.entries(options).map(([name, value]) => {
    const changed = name in defaults && showValue(defaults[name]) !== showValue(value) ? ' class="changed"' : "";
    return `<div${changed}><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(showValue(value))}</dd></div>`;
  });
  const list = `<dl class="options">${entries.join("")}</dl>`;
  return `<details class="card"><summary>All ${entries.length} options</summary>${list}</details>`;
}
