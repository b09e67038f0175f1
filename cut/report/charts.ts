// Loss curves as inline SVG, drawn without a browser (Observable Plot on linkedom's document). Raw values are faint and
// a moving average lies on top; both are thinned to what a chart of this width can show, so that the page stays small
// after a hundred thousand steps. Colours are CSS variables of the page, so that light and dark need one drawing.
import * as Plot from "@observablehq/plot";
import { type LossRow, lossNames, outline, type Point, smooth } from "./losses.js";
import { plotDocument } from "./page.js";

/** Chart size in its own units; the page scales it to the column. */
const width = 480;
const height = 250;
const buckets = 240;

interface Series {
  name: string;
  points: Point[];
  smoothed: Point[];
  /** Number of the CSS variable --series-N. */
  colour: number;
}

export interface Chart {
  title: string;
  /** What to look for in it, as one sentence. */
  note: string;
  legend: { name: string; colour: number; last: string }[];
  svg: string;
}

interface ChartGroup {
  title: string;
  note: string;
  takes(name: string): boolean;
}

const groups: ChartGroup[] = [
  {
    title: "Adversarial losses",
    note: "In balance G_GAN stays well below 1; at 1, with D near 0, the discriminator has won.",
    takes: (name) => ["D_real", "D_fake", "G_GAN", "G_A", "G_B", "D_A", "D_B"].includes(name),
  },
  {
    title: "Patch losses, and G, the sum that the generator lowers",
    note: "How hard it is to find each patch's source among the others: falling means structure is kept.",
    takes: (name) => /^((NCE|HDCE)(_Y)?|SRC|G)$/.test(name),
  },
  {
    title: "Patch losses by layer",
    note: "Early layers see single pixels, late ones whole parts.",
    takes: (name) => /^(NCE|HDCE).*\d$/.test(name),
  },
  {
    title: "Cycles and identity",
    note: "How far pictures are from themselves, there and back, and by the generator of their own side.",
    takes: (name) => /^(cycle|idt)_/.test(name),
  },
  { title: "Other losses", note: "Whatever else was recorded.", takes: () => true },
];

const BOUNDS = {
  title: "Mutual information",
  note: "What a patch of the output is shown to tell of its source, in nats: at least log(N + 1) - NCE.",
};

const RETRIEVAL = {
  title: "Retrieval accuracy",
  note: "Share of the samples' patches that find their own source among the others, by layer.",
};

/** Shares by layer at a step. */
export interface RetrievalRow {
  step: number;
  accuracy: ReadonlyMap<number, number>;
}

function retrievalChart(rows: readonly RetrievalRow[]): Chart {
  const series = [...rows[0].accuracy.keys()].map((layer, colour): Series => {
    const points = rows.map(({ step, accuracy }) => ({ step, value: accuracy.get(layer) ?? 0 }));
    return { name: `layer ${layer}`, points, smoothed: points, colour };
  });
  return lossChart(RETRIEVAL, series);
}

/**
 * Charts of all losses in `rows`, and of the learning rate; none where there are no rows. With `keys`, the patches
 * among which a query finds its own by layer, also of the bound on mutual information (van den Oord et al., 2018).
 */
export function drawCharts(
  rows: readonly LossRow[],
  keys: ReadonlyMap<number, number> = new Map(),
  retrieval: readonly RetrievalRow[] = [],
): Chart[] {
  if (rows.length === 0) return [];
  const left = new Set(lossNames(rows));
  const charts: Chart[] = [];
  for (const group of groups) {
    const names = [...left].filter((name) => group.takes(name));
    for (const name of names) left.delete(name);
    const series = names
      .map((name, colour) => lossSeries(rows, name, colour))
      .filter(({ points }) => points.length > 0);
    if (series.length > 0) charts.push(lossChart(group, series));
  }
  const bounds = [...keys].map(([layer, count], colour) =>
    lossSeries(rows, `layer ${layer}`, colour, (row) => Math.log(count) - row[`NCE_${layer}`]),
  );
  if (bounds.some(({ points }) => points.length > 0)) charts.push(lossChart(BOUNDS, bounds));
  if (retrieval.length > 0) charts.push(retrievalChart(retrieval));
  charts.push(learningRateChart(rows));
  return charts;
}

function lossSeries(
  rows: readonly LossRow[],
  name: string,
  colour: number,
  lossOf = (row: LossRow) => row[name],
): Series {
  const points = rows
    .map((row) => ({ step: row.step, value: lossOf(row) }))
    .filter(({ value }) => typeof value === "number" && Number.isFinite(value));
  const smoothed = smooth(points, points.length / 40);
  const every = Math.ceil(smoothed.length / (2 * buckets));
  return {
    name,
    points,
    smoothed: smoothed.filter((_, i) => i % every === 0 || i === smoothed.length - 1),
    colour,
  };
}

/** From 0 or the lowest value up to where all but the wildest raw values lie: one spike must not flatten the rest. */
function verticalDomain(series: readonly Series[]): [number, number] {
  const raw = new Float64Array(series.reduce((count, { points }) => count + points.length, 0));
  let at = 0;
  for (const { points } of series) for (const { value } of points) raw[at++] = value;
  raw.sort();
  const low = raw[Math.floor(0.005 * raw.length)];
  const typicalHigh = raw[Math.min(raw.length - 1, Math.floor(0.99 * raw.length))];
  const smoothHigh = series.reduce((most, { smoothed }) => smoothed.reduce((m, p) => Math.max(m, p.value), most), low);
  const high = Math.max(typicalHigh, smoothHigh);
  // Losses near 0 are read against 0; a band far above it would waste the chart on nothing.
  return [low >= 0 && low < 0.5 * high ? 0 : low, high > low ? high : low + 1];
}

function lossChart(group: Pick<ChartGroup, "title" | "note">, series: Series[]): Chart {
  const marks = series.flatMap(({ points, smoothed, colour }) => [
    Plot.line(outline(points, buckets), {
      x: "step",
      y: "value",
      stroke: `var(--series-${colour % 6})`,
      strokeOpacity: 0.22,
      strokeWidth: 0.8,
      clip: true,
    }),
    Plot.line(smoothed, {
      x: "step",
      y: "value",
      stroke: `var(--series-${colour % 6})`,
      strokeWidth: 2,
      strokeLinejoin: "round",
      clip: true,
    }),
  ]);
  // All raw lines lie below all smoothed ones.
  const ordered = [...marks.filter((_, i) => i % 2 === 0), ...marks.filter((_, i) => i % 2 === 1)];
  return {
    title: group.title,
    note: group.note,
    legend: series.map(({ name, smoothed, colour }) => ({
      name,
      colour: colour % 6,
      last: smoothed.at(-1)!.value.toPrecision(3),
    })),
    svg: draw(ordered, { domain: verticalDomain(series), nice: true, ticks: 5 }),
  };
}

function shortExponential(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace(".0e", "e");
}

function learningRateChart(rows: readonly LossRow[]): Chart {
  const points = outline(
    rows.map(({ step, lr }) => ({ step, value: lr })),
    buckets,
  );
  const top = points.reduce((most, { value }) => Math.max(most, value), 0);
  const line = Plot.line(points, { x: "step", y: "value", stroke: "var(--series-3)", strokeWidth: 2 });
  return {
    title: "Learning rate",
    note: "The same for the generator, the discriminator and the patch heads.",
    legend: [{ name: "lr", colour: 3, last: shortExponential(rows.at(-1)!.lr) }],
    svg: draw([line], { domain: [0, top || 1], ticks: 4, tickFormat: shortExponential }),
  };
}

function draw(marks: Plot.Markish[], y: Plot.ScaleOptions): string {
  const plot = Plot.plot({
    document: plotDocument,
    width,
    height,
    marginLeft: 50,
    marginRight: 12,
    marginTop: 10,
    marginBottom: 34,
    style: { fontSize: "12px" },
    x: { label: "step", tickFormat: "~s", ticks: 5, tickSize: 0, tickPadding: 8, labelArrow: "none" },
    y: { ...y, label: null, tickSize: 0, grid: true },
    marks: [Plot.ruleY([(y.domain as number[])[0]], { stroke: "currentColor", strokeOpacity: 0.35 }), ...marks],
  });
  return plot.outerHTML;
}
