// An evaluation in parts, for several processes: the measurements of each picture are a file in the folder of results,
// measured/fakes|reals/NAME.safetensors, listed in a manifest. `cutgpu merge` computes the figures of one evaluation
// from all of them, to the bit; it does not draw the page, which shows pictures.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Gpu } from "../../engine/core/gpu.js";
import { parseSafetensors, serializeSafetensors } from "../../engine/formats/safetensors.js";
import type { StoredTensor } from "../../engine/formats/state-dict.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Picture } from "../data/picture.js";
import { type Evaluation, type EvaluationKind, evaluationOf } from "../evaluation/evaluate.js";
import type { Figure } from "../evaluation/figures.js";
import {
  type MeasuredInput,
  type MeasuredPicture,
  type Measurement,
  measurements,
} from "../evaluation/measurements.js";
import type { PairScores } from "../evaluation/pairs.js";
import { sidesAt } from "../evaluation/picture-features.js";
import { readPictureBytes } from "../files/decode.js";
import { readText, readWhole } from "../files/read-whole.js";
import { sha256 } from "../files/sha256.js";
import { type ShardJob, ShardManifest } from "../files/shard-manifest.js";
import { errorMessage } from "../options/error-message.js";
import { type Shard, shardItems } from "../options/shard.js";
import { commandLine } from "../options/shell-words.js";
import type { FileSet } from "./evaluation-sets.js";
import { jsonText, writeResult } from "./result-files.js";
import { print, startProgress } from "./terminal/index.js";

type About = readonly [name: string, value: string][];

export interface EvaluationPart extends MeasuredInput {
  fakes: FileSet;
  reals: FileSet;
  pairs: FileSet | null;
  /** What is compared, as pairs of name and value. */
  about: About;
  /** The hash of the model whose translations are evaluated; "none" where they are given as files. */
  model: string;
  /** The folder of the measurements. */
  out: string;
  shard: Shard;
  gpu: Gpu | null;
  signal: AbortSignal;
}

/** The input of merge besides the files of the pictures. */
interface EvaluationManifest extends EvaluationKind {
  about: About;
  names: { fakes: readonly string[]; reals: readonly string[] };
}

const manifestIn = (folder: string) => join(folder, "manifests", "evaluation.json");
const measuredPath = (set: Measurement["set"], name: string) => join("measured", set, `${name}.safetensors`);

/** Measures the pictures of a part that are not done yet; those that fail are reported and skipped. */
export async function measurePart(part: EvaluationPart): Promise<void> {
  const { fakes, reals, extractor, pairMetrics, size, about, out, shard } = part;
  const sides = sidesAt(await reals.read(0), size);
  const all = measurements(part, sides);
  const mine = shardItems(all, shard);
  const manifest = ShardManifest.open(out, shard, jobOf(part, all));
  const progress = startProgress({ label: "measuring", total: mine.length });
  const outcome = { written: 0, kept: 0, failed: 0 };
  try {
    const names = { fakes: fakes.names, reals: reals.names };
    const evaluationManifest: EvaluationManifest = {
      about,
      names,
      fakes: names.fakes.length,
      sides,
      extractor,
      pairMetrics,
    };
    writeResult(manifestIn(out), jsonText(evaluationManifest));
    for (const [i, each] of mine.entries()) {
      part.signal.throwIfAborted();
      outcome[await measureInto(manifest, each, part, progress.log)]++;
      progress.update(i + 1, each.name);
    }
  } finally {
    progress.stop();
    manifest.close();
  }
  const { written, kept, failed } = outcome;
  print(`${written} pictures measured into ${out}, ${kept} were there before; then: ${commandLine("merge", out)}\n`);
  if (failed > 0) {
    const what = `${failed} of ${mine.length} pictures could not be measured`;
    throw new CutgpuError("PICTURES", what, "They are named above.");
  }
}

function jobOf({ model, size, pairs, extractor, pairMetrics }: EvaluationPart, all: readonly Measurement[]): ShardJob {
  return {
    pictures: all.length,
    list: sha256(all.map(({ set, name }) => `${set}/${name}`).join("\n")),
    model,
    options: {
      size: String(size),
      pairs: pairs ? "given" : "none",
      features: extractor?.protocol ?? "none",
      lpips: pairMetrics.map(({ protocol }) => protocol).join(),
    },
  };
}

async function measureInto(
  manifest: ShardManifest,
  { set, name, reads, measure }: Measurement,
  { fakes, reals, pairs, pairMetrics, out, gpu }: EvaluationPart,
  log: (line: string) => void,
): Promise<"written" | "kept" | "failed"> {
  const sets = { fakes, reals, pairs };
  const entry = { source: `${set}/${name}`, sha256: "", to: measuredPath(set, name) };
  const begun = performance.now();
  const append = (more: { error?: string }) =>
    manifest.append({ ...entry, milliseconds: Math.round(performance.now() - begun), ...more });
  try {
    const files = reads.map(([of, i]) => sets[of]!.files[i]);
    const bytes = await Promise.all(files.map(readPictureBytes));
    entry.sha256 = sha256(bytes.map(sha256).join("\n"));
    if (manifest.isDone(entry.source, entry.sha256, join(out, entry.to))) return "kept";
    const pictures: Picture[] = [];
    for (const [k, [of]] of reads.entries()) pictures.push(await sets[of]!.decode(bytes[k], files[k]));
    writeResult(join(out, entry.to), bytesOf(await measure(pictures), pairMetrics));
  } catch (error) {
    // An error of one picture must not stop the others; a lost device stops all.
    if (!(error instanceof CutgpuError) || gpu?.failure) throw error;
    log(errorMessage(error));
    append({ error: errorMessage(error) });
    return "failed";
  }
  append({});
  return "written";
}

/** Computes the figures from all measurements in `folder` and writes evaluation.json there; null where it has none. */
export async function mergeEvaluation(folder: string, signal: AbortSignal): Promise<readonly Figure[] | null> {
  if (!existsSync(manifestIn(folder))) return null;
  const evaluationManifest = JSON.parse(readText(manifestIn(folder))) as EvaluationManifest;
  const { about, names, pairMetrics } = evaluationManifest;
  const measured = (["fakes", "reals"] as const).flatMap((set) =>
    names[set].map((name) => {
      const path = join(folder, measuredPath(set, name));
      return measuredOf(readWhole(path), path, pairMetrics);
    }),
  );
  const evaluation = await evaluationOf(measured, evaluationManifest, async () => {
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
  });
  writeResult(join(folder, "evaluation.json"), jsonText(evaluationContent(evaluation, about, names)));
  return evaluation.figures;
}

/** Measurements as safetensors: features, patches of every level, scores in the order of the metrics, NaN for none. */
function bytesOf(
  { patches, features, scores, chance }: MeasuredPicture,
  metrics: EvaluationKind["pairMetrics"],
): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  const put = (name: string, values: ArrayLike<number>) =>
    tensors.set(name, { dtype: "F64", shape: [values.length], data: Float64Array.from(values) });
  put("features", features);
  for (const [level, values] of patches.entries()) {
    tensors.set(`patches.${level}`, { dtype: "F32", shape: [values.length], data: Float32Array.from(values) });
  }
  for (const [name, of] of Object.entries({ scores, chance })) {
    if (of)
      put(
        name,
        metrics.map((metric) => of[metric.name] ?? Number.NaN),
      );
  }
  return serializeSafetensors({ tensors, metadata: {} });
}

function measuredOf(bytes: Uint8Array, path: string, metrics: EvaluationKind["pairMetrics"]): MeasuredPicture {
  const { tensors } = parseSafetensors(bytes, path);
  const levels = [...tensors].filter(([name]) => name.startsWith("patches."));
  const scoresOf = (of: "scores" | "chance"): PairScores | null => {
    const values = tensors.get(of)?.data as Float64Array | undefined;
    const score = (i: number) => (Number.isNaN(values![i]) ? null : values![i]);
    return values ? Object.fromEntries(metrics.map(({ name }, i) => [name, score(i)])) : null;
  };
  return {
    patches: levels.map(([, { data }]) => data as Float32Array),
    features: tensors.get("features")?.data as Float64Array,
    scores: scoresOf("scores"),
    chance: scoresOf("chance"),
  };
}

/** All results of an evaluation, for a file. */
export function evaluationContent(
  { figures, pairs, nearest }: Evaluation,
  about: About,
  { fakes, reals }: EvaluationManifest["names"],
): object {
  const named = (each: Evaluation["nearest"]["fakes"], names: readonly string[]) =>
    each.map(({ id, distance }, i) => ({ name: names[i], nearest: reals[id], distance }));
  return {
    ...Object.fromEntries(about),
    figures,
    pairs: pairs.map((scores, i) => ({ name: fakes[i], ...scores })),
    nearest: { by: nearest.by, fakes: named(nearest.fakes, fakes), reals: named(nearest.reals, reals) },
  };
}
