// The experiment that shows what a metric is sensitive to: pictures are distorted in fourteen known ways, most at five
// levels, and compared with the originals by PatchNCE and by other metrics. Pictures are also restyled, to see whether
// a metric still finds the source of each among all. Without files or terminal.
import { CutgpuError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";
import type { Picture } from "../../data/picture.js";
import { ladderDistortions, restyled } from "../distortions/ladder-steps.js";
import { knownMean } from "../patches/content-scale.js";
import type { PatchMetric } from "../patches/patch-metric.js";
import { COLUMNS, type Columns, Comparison, distance, type LadderFeatures, type PictureScale } from "./compared.js";
import { areaUnderCurve, checkCriteria, type Verdict } from "./criteria.js";
import type { LadderRow, Recognition } from "./rows.js";

export interface LadderInput {
  /** At least 2 RGB pictures of one size, of 32 pixels a side or more. */
  pictures: readonly Picture[];
  /** With a window. */
  metric: PatchMetric;
  /** The seed of distortions and metrics; 0 by default. */
  seed?: number;
  signal?: AbortSignal;
  /** Comparisons done, their total, and the present one. */
  onProgress?(done: number, total: number, what: string): void;
}

export interface Ladder {
  pictures: number;
  window: number;
  rows: LadderRow[];
  recognition: Recognition[];
  verdicts: Verdict[];
}

/** Runs the experiment. Throws a CutgpuError where a metric gives no number for the pictures. */
export async function runLadder({ pictures, metric, seed = 0, signal, onProgress }: LadderInput): Promise<Ladder> {
  const random = new Random(seed);
  const distortions = ladderDistortions(metric.window);
  const count = pictures.length;
  const levels = distortions.reduce((sum, of) => sum + of.levels.length, 0);
  const total = count * (count - 1) + count * levels + RESTYLINGS.length * count * count;
  let done = 0;
  const step = async (what: string) => {
    onProgress?.(++done, total, what);
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  };

  const comparison = new Comparison(metric, random.fork("comparison"));
  const sources: LadderFeatures[] = [];
  for (const picture of pictures) {
    signal?.throwIfAborted();
    sources.push(await comparison.extractFeatures(picture));
  }
  const scales: PictureScale[] = [];
  for (const [i, source] of sources.entries()) {
    const others = sources.filter((_, j) => j !== i);
    scales.push(await comparison.scaleOf(source, others, () => step("other pictures")));
  }

  const rows: LadderRow[] = [];
  for (const { name, kind, levels } of distortions) {
    for (const { label, of } of levels) {
      const each: Columns[] = [];
      for (const [i, picture] of pictures.entries()) {
        // The same random numbers at every level: a higher level is the same distortion, stronger.
        const distorted = of(picture, random.fork(`${name} ${i}`), pictures[(i + 1) % count]);
        each.push(await comparison.columns(sources[i], await comparison.extractFeatures(distorted), scales[i]));
        await step(`${name} ${label}`);
      }
      rows.push({ distortion: name, kind, level: label, means: meansOf(each, name) });
    }
  }

  const recognition: Recognition[] = [];
  for (const { restyling, inversion } of RESTYLINGS) {
    const table: Columns[][] = sources.map(() => []);
    for (const [j, picture] of pictures.entries()) {
      const other = await comparison.extractFeatures(restyled(picture, random.fork(`restyling ${j}`), inversion));
      for (const [i, source] of sources.entries()) {
        table[i].push(await comparison.columns(source, other, scales[i]));
        await step(restyling);
      }
    }
    recognition.push({ restyling, areas: areasOf(table) });
  }
  const results = { rows, recognition, window: metric.window };
  return { pictures: count, ...results, verdicts: checkCriteria(results) };
}

const RESTYLINGS = [
  { restyling: "other colours, contrast, noise, JPEG", inversion: false },
  { restyling: "the same and inverted", inversion: true },
];

const byColumn = (of: (column: (typeof COLUMNS)[number]) => number): Columns =>
  Object.fromEntries(COLUMNS.map((column) => [column, of(column)])) as Columns;

function meansOf(each: readonly Columns[], what: string): Columns {
  return byColumn((column) => {
    const mean = knownMean(each.map((columns) => columns[column]));
    if (mean !== null) return mean;
    throw new CutgpuError(
      "LADDER",
      `${column} has no scale on these pictures (${what}), which look alike;`,
      "give pictures with more in them.",
    );
  });
}

/** For a table [source, restyled]: the diagonal, each picture and its source, against all other pairs. */
function areasOf(table: readonly (readonly Columns[])[]): Columns {
  return byColumn((column) => {
    const own = table.map((row, i) => distance(row[i], column));
    const others = table.flatMap((row, i) => row.filter((_, j) => j !== i).map((of) => distance(of, column)));
    return areaUnderCurve(own, others);
  });
}
