// Makes docs/patch-metric.md and its curves from the output of `cutgpu metric --ladder --json` on the scenes of
// ladder-scenes.ts: `node dist/cut/demo/ladder-document.js FILE.json` (CONTRIBUTING.md says how it is made).
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { columnName } from "../evaluation/ladder/compared.js";
import type { Ladder } from "../evaluation/ladder/ladder.js";
import { ladderTables } from "../evaluation/ladder/ladder-tables.js";
import { escapeHtml } from "../report/html.js";
import { LADDER_CURVES, ladderCharts } from "../report/ladder-charts.js";

const document = fileURLToPath(new URL("../../../docs/patch-metric.md", import.meta.url));
const curves = fileURLToPath(new URL("../../../docs/patch-metric.svg", import.meta.url));

/** A chart's size, in the drawing's units, and its title above it. */
const [WIDTH, HEIGHT, TITLE] = [250, 170, 22];
const COLUMNS = 4;

type Measured = Ladder & { size: string; encoder: string };

/** All curves in one drawing that contains its colours, light and dark. */
function drawing(ladder: Ladder): string {
  const charts = ladderCharts(ladder, WIDTH, HEIGHT);
  const rows = Math.ceil(charts.length / COLUMNS);
  const height = 34 + rows * (HEIGHT + TITLE);
  const legend = LADDER_CURVES.map(({ column, colour }, i) => {
    const x = 12 + 140 * i;
    const line = `<path d="M${x} 15h18" stroke="var(--series-${colour})" stroke-width="2"/>`;
    return `${line}<text x="${x + 24}" y="19">${escapeHtml(columnName(column, ladder.window))}</text>`;
  });
  const each = charts.map(({ title, svg }, i) => {
    const [x, y] = [WIDTH * (i % COLUMNS), 34 + Math.floor(i / COLUMNS) * (HEIGHT + TITLE)];
    const named = svg.replace(/<style>[\s\S]*?<\/style>/, `<title>${escapeHtml(title)}</title>`);
    const placed = named.replace("<svg ", `<svg x="${x}" y="${y + TITLE - 6}" `);
    return `<text x="${x + 36}" y="${y + 14}" font-weight="600">${escapeHtml(title)}</text>\n${placed}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${COLUMNS * WIDTH} ${height}" font-family="sans-serif"
 font-size="12" fill="currentColor">
<title>Distance over levels, for each distortion</title>
<style>
svg { color: #57606a; --series-0: #2f6fd0; --series-1: #d2601f; --series-2: #168a6b; --series-4: #b08500; }
@media (prefers-color-scheme: dark) {
  svg { color: #9aa0aa; --series-0: #6ea8ff; --series-1: #ff9a5c; --series-2: #4fd0a8; --series-4: #e3bd4a; }
}
</style>
${legend.join("\n")}
${each.join("\n")}
</svg>
`;
}

/** A table in Markdown; the first `names` columns are left-aligned. */
function markdown([heads, ...rows]: readonly (readonly string[])[], names: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, i) => (i < names ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** Broken into lines of at most 118 columns. */
const wrapped = (text: string): string => text.replace(/(?=.{119})(.{1,118}) /g, "$1\n  ");

const ladder: Measured = JSON.parse(readFileSync(process.argv[2] ?? "ladder.json", "utf8"));
const tables = ladderTables(ladder);
const text = `# PatchNCE as a metric

Can the loss that keeps content in CUT say how much content a picture keeps? \`cutgpu metric\` measures it: the
cross-entropy with which each patch of a result finds its source among the other patches, by an encoder that is a
model's or trains itself, on a scale from 0 (the source itself) to 1 (another picture).

This page is what \`cutgpu metric --ladder\` says of free pictures: ${ladder.pictures} scenes of ${ladder.size} pixels,
OpenMoji's colour drawings (CC BY-SA 4.0) on clouds and waves. The encoder is
${ladder.encoder}.
Each scene is distorted in fourteen known ways and compared with itself. ±${ladder.window} px: with a window, in which
a patch may have moved. [CONTRIBUTING.md](../CONTRIBUTING.md) says how to make the page again.

## What it shows

${[...tables.answers, tables.summary].map((answer) => wrapped(`- ${answer}`)).join("\n")}

So PatchNCE is a metric of content and structure whose invariances are those that its encoder was trained for: this one
has seen other colours, contrasts, noise and inversion, and forgives them. It grows with every change of texture, place
or content; with a window it forgives a misalignment up to the window and no more. A rearranged picture, which to the
sliced Wasserstein distance is nearer than another picture, is to it as wrong as one or worse: a loss of this kind
forbids rearrangements that one of textures allows.

![Distance over levels, for each distortion](patch-metric.svg)

## What it does not show

- Drawings on grounds are not photographs, ${ladder.pictures} scenes are few, and this is one seed of one encoder.
- There are no opinions of people in it. Whether it follows those, \`cutgpu metric --mos FILE.csv\` says to whoever has
  a data set with scores (TID2013, KADID-10k).
- It is blind to contrast and brightness, since the encoder normalises every feature map, and to colour by training. It
  says that content is kept, not that a picture looks like the target domain: read it beside SWD or KID.
- Encoders trained otherwise have other invariances: what one that never saw an inversion makes of inverted pictures,
  or that of a CUT model of anything here, is not in the figures.
- Light noise, blur and JPEG weigh little here, less than in PSNR or SSIM: for quality of that kind take those.

## Figures

Means over the scenes. PSNR in dB; SWD is that of the single pair, and like PatchNCE on the scale from 0 to 1.

${markdown(tables.rows, 2)}

Spearman's correlation with the level, 1 where every level is farther than the one before:

${markdown(tables.correlations, 1)}

Recognition of the own source of a restyled scene among all scenes, as area under the ROC curve (1: always nearest,
0.5: guessing):

${markdown(tables.areas, 1)}
`;
writeFileSync(document, text);
writeFileSync(curves, drawing(ladder));
console.log(`${document} and ${curves} written`);
