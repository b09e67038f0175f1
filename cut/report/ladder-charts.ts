// Curves of a ladder as inline SVG: for each distortion that has levels, how far every metric puts the pictures apart.
import * as Plot from "@observablehq/plot";
import type { Column } from "../evaluation/ladder/compared.js";
import { gradedRows } from "../evaluation/ladder/criteria.js";
import type { Ladder } from "../evaluation/ladder/ladder.js";
import { plotDocument } from "./page.js";

/**
 * The drawn metrics, by the numbers of the CSS variables --series-N. PSNR has another scale and is left to the table.
 */
export const LADDER_CURVES: readonly { column: Column; colour: number }[] = [
  { column: "1-SSIM", colour: 4 },
  { column: "SWD", colour: 2 },
  { column: "PatchNCE", colour: 0 },
  { column: "PatchNCE window", colour: 1 },
];

export interface LadderChart {
  title: string;
  svg: string;
}

/** A chart for each distortion that has levels; all have one scale. Sizes are in the chart's own units. */
export function ladderCharts({ rows }: Pick<Ladder, "rows">, width = 320, height = 200): LadderChart[] {
  const top = Math.max(...rows.flatMap(({ means }) => LADDER_CURVES.map(({ column }) => means[column] ?? 0)));
  return [...gradedRows(rows)].map(([title, levels]) => {
    const marks = LADDER_CURVES.flatMap(({ column, colour }) => {
      const points = levels.map(({ level, means }) => ({ level, value: means[column] }));
      const of = { x: "level", y: "value", stroke: `var(--series-${colour})` };
      return [
        Plot.line(points, { ...of, strokeWidth: 2 }),
        Plot.dot(points, { x: "level", y: "value", fill: `var(--series-${colour})`, r: 2.5 }),
      ];
    });
    const plot = Plot.plot({
      document: plotDocument,
      width,
      height,
      marginLeft: 36,
      marginRight: 16,
      marginTop: 10,
      marginBottom: 26,
      style: { fontSize: "11px", background: "none" },
      x: { type: "point", domain: levels.map(({ level }) => level), label: null, tickSize: 0 },
      y: { domain: [0, Math.max(1, top)], label: null, tickSize: 0, ticks: 4, grid: true },
      marks: [Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 }), ...marks],
    });
    return { title, svg: plot.outerHTML };
  });
}
