// The patch-NCE path against the number of patches N, both axes logarithmic: memory and time of each variant, with
// lines that grow as N and as N^2 from the first variant's first point, to compare slopes.
import * as Plot from "@observablehq/plot";
import { plotDocument } from "../../cut/report/page.js";
import type { BenchRow } from "../measurement/row.js";
import { bytes, logTicks, number, rowText } from "./format.js";
import { groupBy } from "./select.js";

interface Point {
  patches: number;
  value: number;
  text: string;
}

export interface NceChart {
  title: string;
  note: string;
  svg: string;
  legend: { name: string; colour: string; last: string }[];
}

const patchCount = /\b(\d+) patches\b/;

/** Bytes that the row's program takes. */
const memoryOf = ({ figures = {} }: BenchRow): number | null =>
  figures["program_bytes"] ?? figures["bytes_in_use"] ?? null;

/** Charts of the rows of the suite "nce" that differ in nothing but N; none where fewer than two sizes were run. */
export function nceCharts(rows: readonly BenchRow[]): NceChart[] {
  const alike = groupBy(
    rows.filter(({ suite, shape }) => suite === "nce" && patchCount.test(shape)),
    ({ kernel, shape }) => `${kernel} ${shape.replace(patchCount, "N patches")}`,
  );
  const sizes = (group: readonly BenchRow[]) => new Set(group.map(({ shape }) => shape)).size;
  const [longest] = [...alike.values()].sort((a, b) => sizes(b) - sizes(a));
  if (!longest || sizes(longest) < 2) return [];
  const time = seriesOf(longest, ({ ms }) => ms?.median ?? null);
  const memory = seriesOf(longest, memoryOf);
  return [
    chart("Memory of the patch-NCE path", "Bytes of the recorded program's own buffers.", memory, bytes, 4),
    chart("Time of the patch-NCE path", "Milliseconds for loss and gradients.", time, (ms) => `${number(ms)} ms`, 10),
  ].flatMap((found) => found ?? []);
}

function seriesOf(rows: readonly BenchRow[], value: (row: BenchRow) => number | null): Map<string, Point[]> {
  const series = new Map<string, Point[]>();
  for (const [variant, group] of groupBy(rows, (row) => row.variant)) {
    const points = group.flatMap((row) => {
      const found = value(row);
      return found ? [{ patches: Number(patchCount.exec(row.shape)?.[1]), value: found, text: rowText(row) }] : [];
    });
    if (points.length > 0)
      series.set(
        variant,
        points.sort((a, b) => a.patches - b.patches),
      );
  }
  return series;
}

const colours = ["var(--accent)", "var(--peer)", "var(--series-0)", "var(--series-2)"];

function chart(
  title: string,
  note: string,
  series: Map<string, Point[]>,
  write: (value: number) => string,
  base: number,
): NceChart | null {
  const all = [...series.values()].flat();
  const [first] = series.values();
  if (!first) return null;
  const patches = [...new Set(all.map((point) => point.patches))].sort((a, b) => a - b);
  const y: [number, number] = [
    Math.min(...all.map(({ value }) => value)) / 1.6,
    Math.max(...all.map(({ value }) => value)) * 1.6,
  ];
  const guides = [1, 2].map((power) => {
    const at = (n: number) => first[0].value * (n / first[0].patches) ** power;
    // To the frame's end or its top.
    const end = Math.min(patches[patches.length - 1], first[0].patches * (y[1] / first[0].value) ** (1 / power));
    return { power, line: [first[0].patches, end].map((n) => ({ patches: n, value: at(n) })) };
  });
  const place = { x: "patches", y: "value" };
  const entries = [...series.entries()].map(([name, points], i) => ({
    name,
    points,
    colour: colours[i % colours.length],
  }));
  const plot = Plot.plot({
    document: plotDocument,
    width: 480,
    height: 290,
    marginLeft: 82,
    marginRight: 34,
    marginTop: 14,
    marginBottom: 42,
    x: { type: "log", base: 2, ...axis, ticks: patches, tickFormat: number, label: "N, patches" },
    y: {
      type: "log",
      base,
      ...axis,
      domain: y,
      ticks: logTicks(y, base, 6),
      tickFormat: write,
      grid: true,
      label: null,
    },
    marks: [
      ...guides.flatMap(({ power, line }) => [
        Plot.line(line, { ...place, stroke: "currentColor", strokeOpacity: 0.55, strokeDasharray: "2 4" }),
        Plot.text([line[1]], {
          ...place,
          text: () => (power === 1 ? "∝ N" : "∝ N²"),
          dx: 6,
          textAnchor: "start",
          fill: "currentColor",
        }),
      ]),
      ...entries.flatMap(({ points, colour }) => [
        Plot.line(points, { ...place, stroke: colour, strokeWidth: 2 }),
        Plot.dot(points, { ...place, fill: colour, r: 4, title: "text" }),
      ]),
    ],
  });
  const legend = entries.map(({ name, points, colour }) => {
    const last = points[points.length - 1];
    return { name, colour, last: `${write(last.value)} at ${number(last.patches)}` };
  });
  return { title, note: `${note} Dotted: what grows as N, and as N².`, legend, svg: plot.outerHTML };
}

const axis = { tickSize: 0, tickPadding: 8, labelArrow: "none" } as const;
