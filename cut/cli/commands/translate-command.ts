// `cutgpu translate`: a trained generator over a picture or a folder of them. Only G is needed; the architecture is
// read from the model file. Pictures that fail are reported and skipped, and the command then ends with status 1.
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { translationNames } from "../../data/file-names.js";
import { pictureExtension } from "../../data/picture-extensions.js";
import { makeFolder } from "../../files/atomic-files.js";
import { checkOutput, isFolder, realPath } from "../../files/output.js";
import { listPictures } from "../../files/picture-folder.js";
import { readWhole } from "../../files/read-whole.js";
import { scratchIn } from "../../files/scratch-file.js";
import { sha256 } from "../../files/sha256.js";
import { type ShardJob, ShardManifest } from "../../files/shard-manifest.js";
import {
  directionOption,
  epochOption,
  group,
  modelOption,
  precisionOption,
  profileOption,
} from "../../options/common-options.js";
import {
  completeOptions,
  type GivenOptions,
  OptionError,
  type Options,
  option,
  orNone,
  required,
  text,
  wholeNumber,
} from "../../options/schema.js";
import { shardItems, shardOf, shardOption, shardsOption } from "../../options/shard.js";
import { loadGenerator } from "../../training/generator-file.js";
import { TiledTranslator } from "../../translation/tiled-translator.js";
import { SMALLEST_TILE, TILE_MULTIPLE } from "../../translation/tiles.js";
import { Translator } from "../../translation/translator.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { type CommandContext, defineCommand, print } from "../terminal/index.js";
import { type Outcome, type TranslationJob, translatePictures } from "../translate-pictures.js";

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
  tile: option(
    group,
    orNone(wholeNumber({ min: SMALLEST_TILE, multipleOf: TILE_MULTIPLE })),
    null,
    "translate by tiles of N x N pixels, with the same result; with none, only pictures too large for the GPU",
  ),
  shard: shardOption(group, "do only part I of N, and note in manifests/ of --out what is done, to go on and to merge"),
  shards: shardsOption(group),
  profile: profileOption(group),
  precision: precisionOption(group),
});

export default defineCommand({
  usage: "--model RUN|FILE --in DIR|FILE --out DIR [options]",
  options: schema,
  run: translate,
});

/** What to translate and where to. */
async function planJobs(input: string, output: string): Promise<TranslationJob[]> {
  if (!existsSync(input))
    throw new CutgpuError("INPUT", `there is no ${input}`, "Give a picture or a folder with --in.");
  const extension = /[/\\]$/.test(output) || isFolder(output) ? "" : pictureExtension(output);
  const writable = /^\.(png|jpe?g)$/i.test(extension);
  if (extension && !writable) {
    throw new OptionError(
      `--out ${output}: pictures cannot be written as ${extension};`,
      "let the name end in .png or .jpg, or give a folder.",
    );
  }
  if (!isFolder(input)) {
    const target = translationNames([basename(input)])[0];
    return [{ from: input, to: writable ? output : join(output, target), source: basename(input), target }];
  }
  if (writable)
    throw new OptionError(`--out ${output} is one picture and --in ${input} a folder;`, "give a folder as --out.");
  // Earlier translations are not translated, except where --out is the folder --in itself: then they are refused.
  const [inside, above] = [realPath(output), realPath(input)];
  const files = await listPictures(input, null, inside === above ? null : inside);
  const sources = files.map((from) => relative(input, from));
  const targets = translationNames(sources);
  return files.map((from, i) => ({ from, to: join(output, targets[i]), source: sources[i], target: targets[i] }));
}

/** What all shards of this command have in common. */
function jobOf(
  all: readonly TranslationJob[],
  model: Uint8Array,
  { size, direction, precision }: Pick<Options<typeof schema>, "size" | "direction" | "precision">,
): ShardJob {
  const list = sha256(all.map(({ source }) => source).join("\n"));
  return { pictures: all.length, list, model: sha256(model), options: { size, direction, precision } };
}

async function translate(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const shard = shardOf(options.shard, options.shards, process.env);
  const all = await planJobs(options.in, options.out);
  if (shard && !isFolder(options.in)) {
    const named = options.shard === null ? "--shards" : "--shard";
    throw new OptionError(`${named} is of folders and --in ${options.in} is a file;`, `leave out ${named}.`);
  }
  const jobs = shard ? shardItems(all, shard) : all;
  const file = modelFile(options.model, { epoch: options.epoch, direction: options.direction });
  const pictures = isFolder(options.in) ? `the pictures of --in ${options.in}` : `--in ${options.in}`;
  checkOutput({ what: `--out ${options.out}`, paths: jobs.map(({ to }) => to) }, [
    { what: pictures, paths: jobs.map(({ from }) => from) },
    { what: `--model ${options.model}`, paths: [file] },
  ]);
  const bytes = readWhole(file);
  const size = options.size === "native" ? null : Number(options.size);
  const gpu = await openCommandGpu(options.profile, { precision: options.precision });
  let manifest: ShardManifest | null = null;
  let outcome: Outcome;
  try {
    const generator = loadGenerator(gpu, bytes, file, options.direction);
    const translator = options.tile === null ? new Translator(gpu, generator) : null;
    const scratch = scratchIn(isFolder(options.in) ? options.out : dirname(jobs[0].to));
    const tiled = new TiledTranslator(gpu, generator, { tile: options.tile, scratch });
    if (shard) manifest = ShardManifest.open(options.out, shard, jobOf(all, bytes, options));
    // Folders are made last, when only single pictures can still fail.
    for (const folder of new Set(jobs.map(({ to }) => dirname(to)))) makeFolder(folder);
    outcome = await translatePictures(jobs, { gpu, generator, translator, tiled, size, signal, manifest });
  } finally {
    manifest?.close();
    gpu.dispose();
  }
  const { written, kept, failed } = outcome;
  const before = kept > 0 ? `, ${kept} were there before` : "";
  if (written + kept > 0)
    print(`${written} ${written === 1 ? "picture" : "pictures"} written to ${options.out}${before}\n`);
  if (failed > 0) {
    throw new CutgpuError(
      "PICTURES",
      `${failed} of ${jobs.length} pictures could not be translated`,
      "They are named above.",
    );
  }
}
