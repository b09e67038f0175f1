// `cutgpu metric --mos`: how well PatchNCE and other metrics follow people's opinions of distorted pictures.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import { COLUMNS, type Columns, Comparison, columnName, type LadderFeatures } from "../evaluation/ladder/compared.js";
import { correlateOpinions, type Opinion, parseOpinions } from "../evaluation/opinion-scores.js";
import { PatchMetric } from "../evaluation/patches/patch-metric.js";
import { scaledTo } from "../evaluation/picture-features.js";
import { readPicture } from "../files/decode.js";
import { readText } from "../files/read-whole.js";
import { checkSizes } from "./evaluation-sets.js";
import { encoderText, openEncoder } from "./metric-encoder.js";
import type { MetricJob, MetricSettings } from "./metric-job.js";
import { LADDER_WINDOW } from "./metric-ladder.js";
import { startProgress } from "./terminal/index.js";
import { textTable } from "./text-table.js";

/** Default maximum number of compared positions of a layer. */
const POSITIONS = 1024;
/** Number of other references that a reference's scale is the mean over. */
const OTHERS = 3;

/** Reads the file of scores and checks that its pictures are there; their paths are relative to its folder. */
export async function opinionsJob(file: string, settings: MetricSettings): Promise<MetricJob> {
  const { size, model } = settings;
  const window = settings.window ?? LADDER_WINDOW;
  const opinions = parseOpinions(readText(file), file);
  const path = (name: string) => join(dirname(file), name);
  const references = [...new Set(opinions.map(({ reference }) => reference))];
  const names = [...references, ...opinions.map(({ distorted }) => distorted)];
  const missing = names.find((name) => !existsSync(path(name)));
  if (missing !== undefined) {
    throw new CutgpuError(
      "OPINIONS",
      `${file} names ${missing}, and there is no ${path(missing)};`,
      "correct the file.",
    );
  }
  if (references.length < 2) {
    throw new CutgpuError("OPINIONS", `${file} has one reference, and 2 are needed at least;`, "add another.");
  }
  await checkSizes([{ what: `--mos ${file}`, folder: dirname(file), files: names.map(path) }], size);
  const read = async (name: string) => scaledTo(await readPicture(path(name), 3), size);
  const { width, height } = await read(references[0]);
  return {
    reading: [{ what: `--mos ${file} and its pictures`, paths: [file, ...names.map(path)] }],
    side: Math.min(width, height),
    async run(gpu, choice) {
      const patchModel = await openEncoder(gpu, choice, () => Promise.all(references.map(read)));
      const metric = new PatchMetric(gpu, patchModel, {
        window,
        positions: settings.positions ?? POSITIONS,
        seed: choice.seed,
      });
      const comparison = new Comparison(metric, new Random(choice.seed));
      const progress = startProgress({ label: "comparing", total: opinions.length });
      const values: (Columns | null)[] = opinions.map(() => null);
      let done = 0;
      try {
        const features = async (name: string) => comparison.extractFeatures(await read(name));
        const next = Math.min(OTHERS, references.length - 1);
        // Features are extracted once and cached: the last references are compared with the first ones.
        const cache = new Map<number, LadderFeatures>();
        const featuresAt = async (i: number) => {
          const found = cache.get(i) ?? (await features(references[i]));
          cache.set(i, found);
          return found;
        };
        for (const [k, reference] of references.entries()) {
          const own = await featuresAt(k);
          const others: LadderFeatures[] = [];
          for (let i = 1; i <= next; i++) others.push(await featuresAt((k + i) % references.length));
          if (k >= next) cache.delete(k);
          const scale = await comparison.scaleOf(own, others, async () => choice.signal.throwIfAborted());
          for (const [i, opinion] of opinions.entries()) {
            if (opinion.reference !== reference) continue;
            values[i] = await comparison.columns(own, await features(opinion.distorted), scale);
            progress.update(++done, opinion.distorted);
            choice.signal.throwIfAborted();
          }
        }
      } finally {
        progress.stop();
        metric.dispose();
      }
      return resultOf(file, opinions, values as Columns[], {
        window,
        encoder: encoderText(model, choice.steps, references.length),
      });
    },
  };
}

const HEADS = ["metric", "SRCC", "PLCC", "KRCC", "n"];

function resultOf(
  file: string,
  opinions: readonly Opinion[],
  values: readonly Columns[],
  about: { window: number; encoder: string },
) {
  const rows = COLUMNS.map((column) => {
    // Equal pictures have an infinite PSNR, and blank references no scale.
    const known = values.flatMap((of, i) => {
      const value = of[column];
      return value !== null && Number.isFinite(value) ? [{ value, score: opinions[i].score }] : [];
    });
    const lists = [known.map(({ value }) => value), known.map(({ score }) => score)] as const;
    return { metric: column, ...correlateOpinions(...lists), n: known.length };
  });
  const cells = rows.map(({ metric, srcc, plcc, krcc, n }) => [
    columnName(metric, about.window),
    ...[srcc, plcc, krcc].map((value) => value.toFixed(3)),
    String(n),
  ]);
  const protocol = "SRCC and KRCC without their sign; PLCC after a logistic of five parameters fitted to these scores.";
  return {
    text: `${textTable([HEADS, ...cells], (column) => column === 0)}\n${protocol}\n`,
    json: {
      scores: file,
      ...about,
      correlations: rows,
      values: opinions.map((opinion, i) => ({ ...opinion, ...values[i] })),
    },
  };
}
