// The roofline plot (Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", 2009): how
// many FLOPs per second a kernel reaches against how many it does for each byte that it must move. Only kernels that
// need fewer operations than the nominal FLOPs can lie above the roof. It is drawn for three widths of pages, because
// scaled text is unreadable.
import * as Plot from "@observablehq/plot";
import { plotDocument } from "../../cut/report/page.js";
import type { Ceilings } from "../measurement/case.js";
import type { BenchRow } from "../measurement/row.js";
import { logTicks, number, rowText } from "./format.js";
import { fastest, isLadder } from "./select.js";

interface Dot {
  intensity: number;
  gflops: number;
  row: BenchRow;
}

interface Frame {
  width: number;
  height: number;
  x: [number, number];
  y: [number, number];
}

// At the top there is room for the name of the axis above a number at the very end.
const margin = { left: 52, right: 18, top: 30, bottom: 44 };
const fontSize = 12;

/** Shows one of the drawings, in an element of the class roofline. */
export const rooflineStyle = `.roofline :is(.middle, .narrow) { display: none; }
@media (max-width: 860px) {
  .roofline .wide { display: none; }
  .roofline .middle { display: block; }
}
@media (max-width: 500px) {
  .roofline .middle { display: none; }
  .roofline .narrow { display: block; }
}`;

/** The drawings, of which rooflineStyle shows one; null where no kernel has a rate. */
export function rooflineChart(rows: readonly BenchRow[], roof: Ceilings | null): string | null {
  const all = dotsOf(rows.filter(({ suite }) => suite === "kernels"));
  if (all.length === 0) return null;
  const winners = new Set(fastest(all.map(({ row }) => row).filter((row) => !isLadder(row))));
  const first = all.filter(({ row }) => winners.has(row));
  const others = all.filter(({ row }) => !winners.has(row));
  const x = domainOf([...all.map(({ intensity }) => intensity), ...(roof ? [roof.gflops / roof.gbps] : [])], 2.5);
  const y = domainOf([...all.map(({ gflops }) => gflops), ...(roof ? [roof.gflops] : [])], 1.8);
  const drawn = (name: string, width: number, height: number) =>
    `<div class="${name}">${draw({ width, height, x, y }, first, others, roof)}</div>`;
  return drawn("wide", 1000, 470) + drawn("middle", 640, 430) + drawn("narrow", 390, 400);
}

function dotsOf(rows: readonly BenchRow[]): Dot[] {
  return rows.flatMap((row) =>
    row.gflops && row.flops > 0 && row.bytes > 0 ? [{ intensity: row.flops / row.bytes, gflops: row.gflops, row }] : [],
  );
}

function domainOf(values: readonly number[], room: number): [number, number] {
  return [Math.min(...values) / room, Math.max(...values) * room];
}

const position = (value: number, [low, high]: readonly [number, number]) =>
  Math.log(value / low) / Math.log(high / low);
const pixelX = ({ width, x }: Frame, value: number) =>
  margin.left + (width - margin.left - margin.right) * position(value, x);
const pixelY = ({ height, y }: Frame, value: number) =>
  height - margin.bottom - (height - margin.top - margin.bottom) * position(value, y);

function draw(frame: Frame, first: readonly Dot[], others: readonly Dot[], roof: Ceilings | null): string {
  const place = { x: "intensity", y: "gflops", title: ({ row }: Dot) => rowText(row) };
  const plot = Plot.plot({
    document: plotDocument,
    width: frame.width,
    height: frame.height,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    style: { fontSize: `${fontSize}px` },
    x: {
      type: "log",
      domain: frame.x,
      ...axis,
      ticks: logTicks(frame.x, 10, 8),
      label: "Arithmetic intensity, FLOP / byte",
    },
    y: { type: "log", domain: frame.y, ...axis, ticks: logTicks(frame.y, 10, 8), grid: true, label: "GFLOP/s" },
    marks: [
      ...(roof ? roofMarks(frame, roof) : []),
      Plot.dot(others, { ...place, r: 3, stroke: "currentColor", strokeOpacity: 0.65, fill: "var(--card)" }),
      Plot.dot(first, { ...place, r: 4.5, fill: "var(--accent)", stroke: "var(--card)", strokeWidth: 1 }),
      ...labels(frame, first, others, roof),
    ],
  });
  return plot.outerHTML;
}

const axis = { tickSize: 0, tickPadding: 8, tickFormat: number, labelArrow: "none" } as const;

function roofMarks({ x, y }: Frame, { gflops, gbps }: Ceilings): Plot.Markish[] {
  const ridge = gflops / gbps;
  const start = Math.max(x[0], y[0] / gbps);
  const line = [
    { x: start, y: start * gbps },
    { x: ridge, y: gflops },
    { x: x[1], y: gflops },
  ];
  const shade = line.map((point) => ({ ...point, top: y[1] }));
  return [
    // The region that the adapter cannot reach.
    Plot.areaY(shade, { x: "x", y1: "y", y2: "top", fill: "currentColor", fillOpacity: 0.06, clip: true }),
    Plot.line(line, { x: "x", y: "y", stroke: "var(--ink)", strokeWidth: 1.8, strokeLinejoin: "round" }),
  ];
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function boxAround(x: number, y: number, width: number, height: number): Box {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

/** The roof's figures, and each kernel's name next to its best dot where there is room for it. */
function labels(frame: Frame, first: readonly Dot[], others: readonly Dot[], roof: Ceilings | null): Plot.Markish[] {
  const dots = [...first, ...others].map(({ intensity, gflops }) => {
    const size = 9;
    return boxAround(pixelX(frame, intensity), pixelY(frame, gflops), size, size);
  });
  const taken: Box[] = [];
  const marks: Plot.Markish[] = [];
  const write = (box: Box, text: string, weight: number) => {
    taken.push(box);
    marks.push(
      Plot.text([text], {
        text: (t: string) => t,
        frameAnchor: "top-left",
        textAnchor: "start",
        lineAnchor: "middle",
        dx: box.left - margin.left,
        dy: (box.top + box.bottom) / 2 - margin.top,
        fill: "var(--ink)",
        fontWeight: weight,
        stroke: "var(--card)",
        strokeWidth: 3,
        fontSize,
      }),
    );
  };
  const widthOf = (text: string) => text.length * fontSize * 0.6;
  if (roof) {
    const text = `${number(roof.gflops)} GFLOP/s`;
    const y = pixelY(frame, roof.gflops) - 10;
    write(boxAround(frame.width - margin.right - widthOf(text) / 2, y, widthOf(text), 14), text, 600);
    for (const bandwidth of bandwidthBoxes(frame, roof, widthOf)) {
      if (dots.some((dot) => overlap(dot, bandwidth.box))) continue;
      write(bandwidth.box, bandwidth.text, 600);
      break;
    }
  }
  const inside: Box = { left: margin.left, right: frame.width, top: 0, bottom: frame.height - margin.bottom };
  for (const { row, intensity, gflops } of speakers(first)) {
    const [x, y, width] = [pixelX(frame, intensity), pixelY(frame, gflops), widthOf(row.kernel)];
    const places = [
      boxAround(x + 9 + width / 2, y, width, 13),
      boxAround(x - 9 - width / 2, y, width, 13),
      boxAround(x, y - 14, width, 13),
      boxAround(x, y + 14, width, 13),
    ];
    const room = places.find(
      (box) =>
        box.left >= inside.left &&
        box.right <= inside.right &&
        box.top >= inside.top &&
        box.bottom <= inside.bottom &&
        ![...taken, ...dots].some((other) => overlap(other, box)),
    );
    if (room) write(room, row.kernel, 400);
  }
  return marks;
}

/** Places for the bandwidth's label: beside the slope, from its middle up and down, on the left where it fits. */
function bandwidthBoxes(frame: Frame, { gflops, gbps }: Ceilings, widthOf: (text: string) => number) {
  const text = `${number(gbps)} GB/s`;
  const ridge = gflops / gbps;
  const start = Math.max(frame.x[0], frame.y[0] / gbps);
  const width = widthOf(text);
  const beside = (side: 1 | -1) =>
    [0.5, 0.65, 0.35, 0.8].map((share) => {
      const x = start * (ridge / start) ** share;
      return boxAround(pixelX(frame, x) + side * (10 + width / 2), pixelY(frame, x * gbps) + side * 8, width, 14);
    });
  const boxes = [...beside(-1).filter(({ left }) => left >= margin.left), ...beside(1)];
  return boxes.map((box) => ({ text, box }));
}

/** For each kernel the dot that its name is written at: the fastest one. The heaviest kernels are placed first. */
function speakers(first: readonly Dot[]): Dot[] {
  const byKernel = new Map<string, Dot>();
  for (const dot of first) {
    const found = byKernel.get(dot.row.kernel);
    if (!found || dot.gflops > found.gflops) byKernel.set(dot.row.kernel, dot);
  }
  return [...byKernel.values()].sort((a, b) => b.row.flops - a.row.flops);
}
