// Live curves of a training: the adversarial losses, the patch losses and those of cycles, every step faint and the
// moving average on top, as in the report, and the metrics of its evaluations with their floor. Plain SVG, drawn a few
// times per second.
import { exponential, isExponentialAxis, lastText } from "../report/axis-numbers.js";
import { axisRange, beyondText } from "../report/axis-range.js";
import type { LossHistory } from "../report/losses.js";
import { FLOOR, type MetricHistory } from "../report/metrics.js";
import type { Point } from "../report/series.js";
import { make, makeSvg } from "./dom.js";

const WIDTH = 480;
const HEIGHT = 220;
const LEFT = 44;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 28;

const GROUPS: { title: string; names: RegExp }[] = [
  { title: "Generator against discriminator", names: /^(G_GAN|D_real|D_fake|[GD]_[AB])$/ },
  { title: "Patch losses", names: /^((NCE|HDCE)(_Y)?|NCE[12]|SRC|BYOL)$/ },
  { title: "Cycles and identity", names: /^(cycle|idt)/ },
];

/** Draws losses and metrics into `target`, in place of what it showed. */
export function drawCharts(target: HTMLElement, losses: LossHistory, metrics: MetricHistory): void {
  const [first = null] = losses.names.flatMap((name) => losses.series.get(name)!.outline().slice(0, 1));
  const range = [first?.step ?? 0, losses.last?.step ?? 0] as const;
  const charts = GROUPS.map(({ title, names }) => {
    const shown = losses.names.filter((name) => names.test(name));
    const curves = shown.map((name) => {
      const series = losses.series.get(name)!;
      return { name, faint: series.outline(), line: series.smoothed() };
    });
    return drawChart(title, curves, range);
  });
  const measured = metrics.series.names
    .filter((name) => !name.endsWith(FLOOR))
    .map((title) => {
      const names = metrics.series.names.filter((name) => name === title || name === title + FLOOR);
      const curves = names.map((name) => ({ name, faint: [], line: metrics.series.get(name)!.means() }));
      return drawChart(`${title} of translations (lower is nearer to real pictures)`, curves, range);
    });
  target.replaceChildren(...[...charts, ...measured].filter((chart) => chart !== null));
}

/** A moving average, and fainter the curve that it smooths. */
interface Curve {
  name: string;
  faint: readonly Point[];
  line: readonly Point[];
}

function drawChart(
  title: string,
  curves: readonly Curve[],
  [first, end]: readonly [number, number],
): HTMLElement | null {
  if (curves.length === 0) return null;
  const series = curves.map((curve, colour) => ({ ...curve, colour }));
  // Spikes of single steps may leave the frame: the averages matter.
  const averages = curves.map(({ name, line }) => ({ name, values: line.map(({ value }) => value) }));
  const range = axisRange(averages);
  const top = 1.15 * Math.max(range[1], 1e-6);
  const last = Math.max(first + 1, end);
  const x = (step: number) => LEFT + ((step - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (Math.max(0, value) / top) * (HEIGHT - TOP - BOTTOM);
  const path = (points: readonly Point[]) =>
    points.map(({ step, value }, i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title} over the steps`,
  });
  const clip = `clip-${series[0].name.replace(/\W/g, "-")}`;
  svg.append(
    makeSvg(
      "clipPath",
      { id: clip },
      makeSvg("rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }),
    ),
  );
  const tickText = isExponentialAxis(top) ? exponential : (value: number) => String(Number(value.toPrecision(3)));
  for (const value of niceTicks(top)) {
    svg.append(
      makeSvg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), stroke: "var(--line)" }),
      makeSvg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, tickText(value)),
    );
  }
  const ends: [number, string][] = [
    [first, "start"],
    [last, "end"],
  ];
  for (const [step, anchor] of ends) {
    svg.append(makeSvg("text", { x: x(step), y: HEIGHT - 6, "text-anchor": anchor }, `step ${step}`));
  }
  for (const { faint, line, colour } of series) {
    const stroke = { fill: "none", stroke: `var(--series-${colour})`, "clip-path": `url(#${clip})` };
    svg.append(
      makeSvg("path", { ...stroke, d: path(faint), "stroke-opacity": 0.22 }),
      // A single value is a dot.
      makeSvg("path", {
        ...stroke,
        d: `${path(line)}h0`,
        "stroke-width": line.length === 1 ? 7 : 2,
        "stroke-linecap": "round",
      }),
    );
  }
  const legend = make("ul");
  for (const { name, colour, line } of series) {
    const item = make("li", {}, `${name} `, make("b", { textContent: lastText(line[line.length - 1].value) }));
    item.style.setProperty("--colour", `var(--series-${colour})`);
    legend.append(item);
  }
  const beyond = beyondText(averages, [Number.NEGATIVE_INFINITY, range[1]]);
  const note = beyond ? [make("p", { textContent: beyond })] : [];
  return make("section", { className: "chart card" }, make("h3", { textContent: title }), ...note, legend, svg);
}

/** 0 and a few round values up to `top`. */
function niceTicks(top: number): number[] {
  const rough = top / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
}
