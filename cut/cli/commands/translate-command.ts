// `cutgpu translate`: a trained generator over a picture or a folder of them. Only G is needed; the architecture is
// read from the model file. Pictures that fail are reported and passed over, and the command then ends with status 1.
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/core/errors.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { translationNames } from "../../data/file-names.js";
import { pictureEnding } from "../../data/picture-endings.js";
import { makeFolder } from "../../files/atomic-files.js";
import { readPicture, writePicture } from "../../files/decode.js";
import { checkOutput, realPath } from "../../files/output.js";
import { listPictures } from "../../files/picture-folder.js";
import { readWhole } from "../../files/read-whole.js";
import { directionOption, epochOption, group, modelOption, profileOption } from "../../options/common-options.js";
import { errorMessage } from "../../options/error-message.js";
import { completeOptions, type GivenOptions, OptionError, option, required, text } from "../../options/schema.js";
import { loadGenerator } from "../../training/checkpoint.js";
import { Translator } from "../../translation/translator.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { type CommandContext, defineCommand, print, startProgress } from "../terminal/index.js";

const schema = v.strictObject({
  model: modelOption(group),
  epoch: epochOption(group),
  direction: directionOption(group),
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

/** What to translate and where to. */
async function planJobs(input: string, output: string): Promise<Job[]> {
  if (!existsSync(input))
    throw new CutgpuError("INPUT", `there is no ${input}`, "Give a picture or a folder with --in.");
  const ending = /[/\\]$/.test(output) || isFolder(output) ? "" : pictureEnding(output);
  const writable = /^\.(png|jpe?g)$/i.test(ending);
  if (ending && !writable) {
    throw new OptionError(
      `--out ${output}: pictures cannot be written as ${ending};`,
      "let the name end in .png or .jpg, or give a folder.",
    );
  }
  if (!isFolder(input)) {
    const job = (to: string) => [{ from: input, to }];
    return job(writable ? output : join(output, translationNames([basename(input)])[0]));
  }
  if (writable)
    throw new OptionError(`--out ${output} is one picture and --in ${input} a folder;`, "give a folder as --out.");
  // Translations of before are no pictures to translate, except where --out is the very folder: then they are refused.
  const [inside, above] = [realPath(output), realPath(input)];
  const files = await listPictures(input, null, inside === above ? null : inside);
  const names = translationNames(files.map((from) => relative(input, from)));
  return files.map((from, i) => ({ from, to: join(output, names[i]) }));
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

async function translate(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const jobs = await planJobs(options.in, options.out);
  const file = modelFile(options.model, { epoch: options.epoch, direction: options.direction });
  const pictures = isFolder(options.in) ? `the pictures of --in ${options.in}` : `--in ${options.in}`;
  checkOutput({ what: `--out ${options.out}`, paths: jobs.map(({ to }) => to) }, [
    { what: pictures, paths: jobs.map(({ from }) => from) },
    { what: `--model ${options.model}`, paths: [file] },
  ]);
  const bytes = readWhole(file);
  const size = options.size === "native" ? null : Number(options.size);
  const gpu = await openCommandGpu(options.profile);
  let outcome: Outcome;
  try {
    const translator = new Translator(gpu, loadGenerator(gpu, bytes, file, options.direction));
    // Folders are made last, when only single pictures can still fail.
    for (const folder of new Set(jobs.map(({ to }) => dirname(to)))) makeFolder(folder);
    outcome = await translateAll(gpu, translator, jobs, size, signal);
  } finally {
    gpu.dispose();
  }
  const { written, failed } = outcome;
  if (written > 0) print(`${written} ${written === 1 ? "picture" : "pictures"} written to ${options.out}\n`);
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
