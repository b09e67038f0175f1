// `cutgpu translate`: a trained generator over a picture or a folder of them. Only G is needed; the architecture is
// read from the model file. Pictures that fail are reported and passed over, and the command then ends with status 1.
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/core/errors.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { makeFolder } from "../../files/atomic-files.js";
import { readPicture, writePicture } from "../../files/decode.js";
import { listPictures } from "../../files/picture-folder.js";
import { group, modelOption, profileOption } from "../../options/common-options.js";
import { errorMessage } from "../../options/error-message.js";
import { completeOptions, type GivenOptions, OptionError, option, required, text } from "../../options/schema.js";
import { loadGenerator } from "../../training/checkpoint.js";
import { Translator } from "../../translation/translator.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { type CommandContext, defineCommand, startProgress } from "../terminal/index.js";

const schema = v.strictObject({
  model: modelOption(group),
  in: required(group, text("DIR|FILE"), "the picture, or the folder of pictures, to translate"),
  out: required(group, text("DIR|FILE"), "where translations go; a name ending in .png or .jpg for a single picture"),
  size: option(
    group,
    text("native|N", "native or a number of pixels of at least 8", /^(native|[1-9]\d{1,4}|[89])$/),
    "native",
    "scale pictures so that their longer side has N pixels; native keeps their size",
  ),
  profile: profileOption(group),
});

export default defineCommand({
  usage: "--model RUN|FILE --in DIR|FILE --out DIR [options]",
  options: schema,
  run: translate,
});

interface Job {
  from: string;
  to: string;
}

/** What to translate and where to: names are kept, PNG unless the name says JPEG. */
async function planJobs(input: string, output: string): Promise<Job[]> {
  if (!existsSync(input))
    throw new CutgpuError("INPUT", `there is no ${input}`, "Give a picture or a folder with --in.");
  const toFile = /^\.(png|jpe?g)$/i.test(extname(output));
  if (!statSync(input).isDirectory()) {
    return [{ from: input, to: toFile ? output : join(output, outputName(basename(input))) }];
  }
  if (toFile)
    throw new OptionError(`--out ${output} is one picture and --in ${input} a folder;`, "give a folder as --out.");
  const files = await listPictures(input);
  const jobs = files.map((from) => ({ from, to: join(output, outputName(relative(input, from))) }));
  const taken = new Map<string, string>();
  for (const job of jobs) {
    const other = taken.get(job.to);
    // horse.jpg and horse.bmp beside each other would write the same picture.
    if (other) job.to = join(output, `${relative(input, job.from)}.png`);
    taken.set(job.to, job.from);
    if (resolve(job.to) === resolve(job.from)) {
      throw new OptionError(
        `--out ${output} would write over the pictures of --in ${input};`,
        "give another folder as --out.",
      );
    }
  }
  return jobs;
}

const outputName = (name: string) => (/\.(png|jpe?g)$/i.test(name) ? name : name.replace(/\.[^.]*$/, ".png"));

async function translate(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const jobs = await planJobs(options.in, options.out);
  const file = modelFile(options.model);
  const bytes = await readFile(file);
  const size = options.size === "native" ? null : Number(options.size);
  const gpu = await openCommandGpu(options.profile);
  let outcome: Outcome;
  try {
    const translator = new Translator(gpu, loadGenerator(gpu, bytes, file));
    // Folders are made last, when only single pictures can still fail.
    for (const folder of new Set(jobs.map(({ to }) => dirname(to)))) makeFolder(folder);
    outcome = await translateAll(gpu, translator, jobs, size, signal);
  } finally {
    gpu.dispose();
  }
  const { written, failed } = outcome;
  if (written > 0)
    process.stdout.write(`${written} ${written === 1 ? "picture" : "pictures"} written to ${options.out}\n`);
  if (failed > 0) {
    throw new CutgpuError(
      "PICTURES",
      `${failed} of ${jobs.length} pictures could not be translated`,
      "They are named above.",
    );
  }
}

interface Outcome {
  written: number;
  failed: number;
}

/** Translates picture after picture, until `signal` is aborted; those that fail are named and passed over. */
async function translateAll(
  gpu: Gpu,
  translator: Translator,
  jobs: readonly Job[],
  size: number | null,
  signal: AbortSignal,
): Promise<Outcome> {
  const { input_nc } = translator.generator.architecture;
  const progress = startProgress({ label: "translating", total: jobs.length });
  const outcome = { written: 0, failed: 0 };
  try {
    for (const { from, to } of jobs) {
      if (signal.aborted) break;
      try {
        const picture = await readPicture(from, input_nc as 1 | 3);
        await writePicture(to, await translator.translate(picture, size));
        outcome.written++;
      } catch (error) {
        // Whatever concerns one picture must not keep the others from being translated; a lost device concerns all.
        if (!(error instanceof CutgpuError) || gpu.failure) throw error;
        progress.log(error.message.includes(from) ? errorMessage(error) : `${from}: ${errorMessage(error)}`);
        outcome.failed++;
      }
      progress.update(outcome.written + outcome.failed, basename(from));
    }
    translator.dispose();
  } finally {
    progress.stop();
  }
  return outcome;
}
