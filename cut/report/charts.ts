// Loss curves as inline SVG, drawn without a browser (Observable Plot on linkedom's document). Raw values are faint and
// a moving average lies on top. Colours are CSS variables of the page, so that light and dark need one drawing.
import * as Plot from "@observablehq/plot";
import { LOSS_SCALE } from "../training/training-step.js";
import { exponential, isExponentialAxis, lastText } from "./axis-numbers.js";
import { axisRange, beyondText, type CurveValues } from "./axis-range.js";
import { escapeHtml } from "./html.js";
import type { LossHistory } from "./losses.js";
import { FLOOR } from "./metrics.js";
import { plotDocument } from "./page.js";
import type { NamedSeries, Point, Series } from "./series.js";

/** Chart size in its own units; the page scales it to the column. */
const width = 480;
const height = 256;

/** How a curve is drawn, and its entry in the legend. */
interface Stroke {
  /** Number of the CSS variable --series-N. */
  colour: number;
  /** Number of the pattern, of which 0 is solid. */
  dash: number;
}

interface Curve extends Stroke {
  name: string;
  /** The faint line. */
  raw: Point[];
  line: Point[];
  /** Some of the raw values. */
  sample: number[];
}

export interface Chart {
  title: string;
  /** What to look for in it, as one sentence. */
  note: string;
  legend: (Stroke & { name: string; last: string })[];
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
    note: "In balance lsgan's G_GAN stays well below 1; at 1, with D near 0, the discriminator has won.",
    takes: (name) => ["D_real", "D_fake", "G_GAN", "G_A", "G_B", "D_A", "D_B"].includes(name),
  },
  {
    title: "Patch losses, and G, the sum that the generator lowers",
    note: "How hard it is to find each patch's source among the others: falling means structure is kept.",
    takes: (name) => /^((NCE|HDCE)(_Y)?|NCE[12]|SRC|BYOL|G)$/.test(name),
  },
  {
    title: "Patch losses by layer",
    note: "Early layers see single pixels, late ones whole parts.",
    takes: (name) => /^(NCE|HDCE|BYOL).*\d$/.test(name),
  },
  {
    title: "Cycles and identity",
    note: "How far pictures are from themselves, there and back, and by the generator of their own side.",
    takes: (name) => /^(cycle_|idt)/.test(name),
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

const SCALE = {
  title: "Loss scale",
  note: "What f16 multiplies losses by, so that small gradients do not vanish; where large ones overflow it is halved.",
};

const METRICS =
  "Between translations of held-out pictures and real ones, lower is better; the floor is that of two halves of the " +
  "real ones.";

/**
 * Charts of all losses, and of the learning rate; none where there are no rows. `keys` gives by layer the number of
 * patches among which a query finds its own, and adds the bound on mutual information (van den Oord et al., 2018);
 * `retrieval` gives the shares of those that find it, by the names of layers.
 */
export function drawCharts(
  losses: LossHistory,
  keys: ReadonlyMap<number, number> = new Map(),
  retrieval: NamedSeries | null = null,
): Chart[] {
  if (!losses.last) return [];
  const left = new Set(losses.names);
  const charts: Chart[] = [];
  for (const group of groups) {
    const names = [...left].filter((name) => name !== LOSS_SCALE && group.takes(name));
    for (const name of names) left.delete(name);
    const strokes = strokesOf(names);
    const curves = names.map((name, i) => curveOf(losses.series.get(name)!, name, strokes[i]));
    if (curves.length > 0) charts.push(chartOf(group, curves));
  }
  const layers = strokesOf([...keys].map(([layer]) => `layer ${layer}`));
  const bounds = [...keys].flatMap(([layer, count], i) => {
    const series = losses.series.get(`NCE_${layer}`);
    return series ? [curveOf(series, `layer ${layer}`, layers[i], (loss) => Math.log(count) - loss)] : [];
  });
  if (bounds.length > 0) charts.push(chartOf(BOUNDS, bounds));
  if (retrieval && retrieval.names.length > 0) charts.push(chartOf(RETRIEVAL, measured(retrieval, retrieval.names)));
  if (left.has(LOSS_SCALE)) charts.push(chartOf(SCALE, measured(losses.series, [LOSS_SCALE])));
  charts.push(learningRateChart(losses.series.get("lr")!.outline()));
  return charts;
}

/** A chart for each metric of evaluations, with its floor. */
export function drawMetrics(metrics: NamedSeries): Chart[] {
  const { names } = metrics;
  return names
    .filter((name) => !name.endsWith(FLOOR))
    .map((title) =>
      chartOf(
        { title, note: METRICS },
        measured(
          metrics,
          names.filter((name) => isOf(name, title)),
        ),
      ),
    );
}

/** A quantity of several runs, a series each. */
export interface Comparison {
  title: string;
  note: string;
  /** Whether it is a loss, noisy from step to step, whose average is drawn. */
  noisy: boolean;
  series: NamedSeries;
}

/** The same quantity of several runs in one chart. */
export function drawComparison({ title, note, noisy, series }: Comparison): Chart {
  const { names } = series;
  const strokes = strokesOf(names);
  const losses = () => names.map((name, i) => ({ ...curveOf(series.get(name)!, name, strokes[i]), raw: [] }));
  return chartOf({ title, note }, noisy ? losses() : measured(series, names), true);
}

/** The colours --series-N that there are. */
const COLOURS = 6;
/** SVG's patterns of dashes; the legend's are in page.css.ts. */
const DASHES = ["none", "7 3", "2 3", "9 3 2 3"] as const;

/**
 * A stroke for each name. Losses of one layer, as NCE_4 and NCE_Y_4, have one colour and differ in their dashes, as do
 * names beyond the last colour.
 */
function strokesOf(names: readonly string[]): Stroke[] {
  const parts = names.map((name) => /^(.+)_(\d+)$/.exec(name)?.slice(1) ?? ["", name]);
  const [kinds, hues] = [0, 1].map((part) => [...new Set(parts.map((each) => each[part]))]);
  const rounds = Math.ceil(hues.length / COLOURS);
  return parts.map(([kind, hue]) => {
    const at = hues.indexOf(hue);
    const dash = kinds.indexOf(kind) * rounds + Math.floor(at / COLOURS);
    return { colour: at % COLOURS, dash: dash % DASHES.length };
  });
}

const isOf = (name: string, metric: string) => name === metric || name === metric + FLOOR;

/** A loss's curve, noisy from step to step. `of` is linear in the recorded values. */
function curveOf(series: Series, name: string, stroke: Stroke, of = (value: number) => value): Curve {
  const through = (points: Point[]) => points.map(({ step, value }) => ({ step, value: of(value) }));
  const [raw, line] = [through(series.outline()), through(series.smoothed())];
  return { name, ...stroke, raw, line, sample: series.sample().map(of) };
}

/** Curves of occasional measurements. */
function measured(all: NamedSeries, names: readonly string[]): Curve[] {
  const strokes = strokesOf(names);
  return names.map((name, i) => {
    const series = all.get(name)!;
    return { name, ...strokes[i], raw: [], line: series.means(), sample: series.sample() };
  });
}

/** What the axis has to show of curves: their lines, and all but the wildest of their raw values. */
const shownValues = (curves: readonly Curve[]): CurveValues[] =>
  curves.map(({ name, line, sample }) => {
    const sorted = Float64Array.from(sample).sort();
    const raw = sorted.slice(Math.floor(0.005 * sorted.length), 1 + Math.floor(0.99 * (sorted.length - 1)));
    return { name, values: [...raw, ...line.map(({ value }) => value)] };
  });

function chartOf({ title, note }: Pick<ChartGroup, "title" | "note">, curves: Curve[], alike = false): Chart {
  const place = { x: "step", y: "value", clip: true };
  const stroke = ({ colour }: Curve) => `var(--series-${colour})`;
  // All raw lines lie below all others.
  const marks = [
    ...curves.map((curve) =>
      Plot.line(curve.raw, { ...place, stroke: stroke(curve), strokeOpacity: 0.22, strokeWidth: 0.8 }),
    ),
    ...curves.map((curve) =>
      Plot.line(curve.line, {
        ...place,
        stroke: stroke(curve),
        strokeWidth: 2,
        strokeLinejoin: "round",
        strokeDasharray: DASHES[curve.dash],
      }),
    ),
    // A line of one point is invisible.
    ...curves.map((curve) => Plot.dot(curve.line.length === 1 ? curve.line : [], { ...place, fill: stroke(curve) })),
  ];
  const shown = shownValues(curves);
  const range = axisRange(shown, alike);
  const [low, high] = range;
  // Losses near 0 are read against 0; for a band far above it that would waste the chart.
  const domain = [low >= 0 && low < 0.5 * high ? 0 : low, high > low ? high : low + 1];
  const top = Math.max(...domain.map(Math.abs));
  return {
    title,
    note: [note, beyondText(shown, range)].filter(Boolean).join(" "),
    legend: curves.map(({ name, line, colour, dash }) => ({
      name,
      colour,
      dash,
      last: lastText(line.at(-1)!.value),
    })),
    svg: draw(marks, { domain, nice: true, ticks: 5, tickFormat: isExponentialAxis(top) ? exponential : undefined }),
  };
}

/** Charts in a grid. */
export const renderCharts = (charts: readonly Chart[]) =>
  `<div class="charts">${charts.map(renderChart).join("\n")}</div>`;

function renderChart(chart: Chart): string {
  const legend = chart.legend.map(
    ({ name, colour, dash, last }) =>
      `<li style="--colour:var(--series-${colour})"${dash > 0 ? ` data-dash="${dash}"` : ""}>` +
      `${escapeHtml(name)} <b>${escapeHtml(last)}</b></li>`,
  );
  const head = `<h3>${escapeHtml(chart.title)}</h3><p>${escapeHtml(chart.note)}</p>`;
  return `<section class="chart card">${head}<ul>${legend.join("")}</ul>${chart.svg}</section>`;
}

function learningRateChart(points: readonly Point[]): Chart {
  const top = points.reduce((max, { value }) => Math.max(max, value), 0);
  const line = Plot.line(points, { x: "step", y: "value", stroke: "var(--series-3)", strokeWidth: 2 });
  return {
    title: "Learning rate",
    note: "Networks with a rate of their own, as lr_F, go along with it in proportion.",
    legend: [{ name: "lr", colour: 3, dash: 0, last: exponential(points.at(-1)!.value) }],
    svg: draw([line], { domain: [0, top || 1], ticks: 4, tickFormat: exponential }),
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
    marginBottom: 40,
    x: { label: "step", tickFormat: "~s", ticks: 5, tickSize: 0, tickPadding: 8, labelArrow: "none" },
    y: { ...y, label: null, tickSize: 0, grid: true },
    // The scale may begin below its domain, at a round number.
    marks: [Plot.frame({ anchor: "bottom", stroke: "currentColor", strokeOpacity: 0.35 }), ...marks],
  });
  return plot.outerHTML;
}
