// Bars in HTML, which a narrow page can reflow: other engines' times against ours, and the steps of the ladder. Every
// bar is labelled with its name and figure, so that colour only says which is ours.
import { escapeHtml } from "../../cut/report/html.js";
import type { BenchRow } from "../measurement/row.js";
import { number, orNone, times } from "./format.js";
import { fastest, groupBy, isLadder } from "./select.js";

interface Bar {
  name: string;
  /** Share of the scale's length. */
  part: number;
  figure: string;
  kind: "ours" | "other" | "ahead";
}

function renderBar({ name, part, figure, kind }: Bar): string {
  const width = `${(100 * Math.min(1, Math.max(0, part))).toFixed(2)}%`;
  const cut = part > 1 ? " cut" : "";
  const bar = `<i><u style="width:${width}"></u></i>`;
  return `<div class="bar ${kind}${cut}"><span>${escapeHtml(name)}</span>${bar}<b>${escapeHtml(figure)}</b></div>`;
}

/** Rows with other engines' times: for each shape the fastest variant of ours that has them. */
export const comparedRows = (rows: readonly BenchRow[]): BenchRow[] =>
  fastest(rows.filter(({ peers }) => Object.keys(peers).length > 0));

/** The longest bar; longer ones are cut off, so that one slow engine does not make all others unreadable. */
const LONGEST = 12;

/** A card for each kernel with all of its shapes on one scale; ours is 1. */
export function renderPeers(rows: readonly BenchRow[]): string {
  const cards = [...groupBy(comparedRows(rows), ({ suite, kernel }) => [suite, kernel].join("\n")).values()].map(
    (group) => {
      const ratios = group.flatMap(({ peers }) => Object.values(peers).map(({ ratio }) => ratio));
      const scale = Math.min(LONGEST, Math.max(1, ...ratios));
      const shapes = group.map((row) => {
        const peers = Object.entries(row.peers).sort(([, a], [, b]) => a.ratio - b.ratio);
        const bars: Bar[] = [
          { name: "cutgpu", part: 1 / scale, figure: `${orNone(row.ms?.median)} ms`, kind: "ours" },
          ...peers.map(([name, { ratio }]): Bar => {
            return { name, part: ratio / scale, figure: times(ratio), kind: ratio < 1 ? "ahead" : "other" };
          }),
        ];
        const name = row.suite === "kernels" ? row.shape : `${row.shape}, ${row.variant}`;
        return `<div class="shape"><h4>${escapeHtml(name)}</h4>${bars.map(renderBar).join("")}</div>`;
      });
      const ours = `style="--one:${(100 / scale).toFixed(2)}%"`;
      const title = `<h3>${escapeHtml(group[0].kernel)}</h3>`;
      return `<section class="card bars" ${ours}>${title}${shapes.join("\n")}</section>`;
    },
  );
  return cards.length ? `<div class="stacks">${cards.join("\n")}</div>` : "";
}

/** A card for each ladder: its steps in order, a bar for each shape, and the step's lesson. */
export function renderLadders(rows: readonly BenchRow[]): string {
  const cards = [...groupBy(rows.filter(isLadder), ({ kernel }) => kernel).entries()].map(([kernel, ladder]) => {
    const top = Math.max(...ladder.map(({ gflops }) => gflops ?? 0), Number.MIN_VALUE);
    const bottom = new Map<string, number>();
    const best = new Map<string, number>();
    for (const { shape, gflops } of ladder) {
      if (!gflops) continue;
      if (!bottom.has(shape)) bottom.set(shape, gflops);
      best.set(shape, Math.max(gflops, best.get(shape) ?? 0));
    }
    const shapes = new Set(ladder.map(({ shape }) => shape));
    const steps = [...groupBy(ladder, ({ variant }) => variant).entries()].map(([step, group]) => {
      const bars = group.map(({ shape, gflops }) =>
        renderBar({
          name: shapes.size > 1 ? shape : "",
          part: (gflops ?? 0) / top,
          figure: gflops === null ? "not run" : `${number(gflops)}, ${times(gflops / (bottom.get(shape) ?? gflops))}`,
          kind: gflops !== null && gflops === best.get(shape) ? "ours" : "other",
        }),
      );
      const notes = [...new Set(group.map(({ note }) => note ?? ""))].map((note) => `<p>${escapeHtml(note)}</p>`);
      return `<li><h4>${escapeHtml(step)}</h4>${bars.join("")}${notes.join("")}</li>`;
    });
    const where = shapes.size > 1 ? "" : `, ${[...shapes][0]}`;
    const plain = shapes.size > 1 ? "" : " plain";
    const title = `<h3>${escapeHtml(kernel.replace("ladder.", "") + where)}</h3>`;
    const lead = "<p>GFLOP/s, and how many times the first step's; the fastest in colour</p>";
    return `<section class="card bars ladder${plain}">${title}${lead}<ol>${steps.join("\n")}</ol></section>`;
  });
  return cards.length ? `<div class="stacks">${cards.join("\n")}</div>` : "";
}
