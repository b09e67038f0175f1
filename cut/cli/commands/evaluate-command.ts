// `cutgpu evaluate`: how near translations are to real pictures of the target domain, and to their truths where there
// are any. Prints every metric with its floor; --json and --report write that and more, once all is computed. With
// --shard it measures a part of the pictures only, from which `cutgpu merge` computes the same figures.
import * as v from "valibot";
import { evaluate } from "../../evaluation/evaluate.js";
import { PAIR_METRICS } from "../../evaluation/pairs.js";
import { matchPictures } from "../../files/picture-pairs.js";
import { readWhole } from "../../files/read-whole.js";
import { sha256 } from "../../files/sha256.js";
import { epochOption, group, profileOption } from "../../options/common-options.js";
import {
  completeOptions,
  type GivenOptions,
  OptionError,
  type Options,
  oneOf,
  option,
  orNone,
  required,
  text,
  wholeNumber,
} from "../../options/schema.js";
import { shardOf, shardOption, shardsOption } from "../../options/shard.js";
import { featuresOf, lpipsOf } from "../evaluation-networks.js";
import { evaluationContent, measurePart } from "../evaluation-parts.js";
import { drawEvaluation } from "../evaluation-report.js";
import { checkSizes, listFolder, picturesOf, translationsOf } from "../evaluation-sets.js";
import { figuresTable } from "../figures-table.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { checkResults, jsonText, writeResult } from "../result-files.js";
import { type CommandContext, defineCommand, print, withProgress } from "../terminal/index.js";

const schema = v.strictObject({
  fakes: option(group, orNone(text("DIR")), null, "the folder of translations; or give --model and --in"),
  model: option(group, orNone(text("RUN|FILE")), null, "a model, whose translations of --in are evaluated"),
  epoch: epochOption(group),
  in: option(group, orNone(text("DIR")), null, "the folder of pictures that --model translates"),
  reals: required(group, text("DIR"), "the folder of real pictures of the target domain"),
  pairs: option(group, orNone(text("DIR")), null, "the truths of the translations, under the same names"),
  features: option(
    group,
    text("none|mobilenet|inception|FILE"),
    "none",
    "what FID, KID and the like are computed on: a network of the package nsfwjs, or the file of FID's own",
  ),
  protocol: option(
    group,
    oneOf(["pytorch-fid", "clean", "tf"]),
    "pytorch-fid",
    "how pictures reach the network of FID: as papers on CUT print it, as Clean-FID, or as TensorFlow",
  ),
  lpips: option(group, orNone(text("DIR")), null, "the folder with LPIPS's two files, for --pairs"),
  size: option(
    group,
    orNone(wholeNumber({ min: 16, max: 4096 })),
    null,
    "scale pictures to N x N pixels for SWD and pairs; without it all must have one size",
  ),
  json: option(group, orNone(text("FILE")), null, "write all figures to this file"),
  report: option(group, orNone(text("FILE.html")), null, "write a page with figures, distances and pictures"),
  shard: shardOption(group, "measure only part I of N, into --out; cutgpu merge makes the figures of all parts"),
  shards: shardsOption(group),
  out: option(group, orNone(text("DIR")), null, "of --shard: the folder where parts keep what they measured"),
  profile: profileOption(group),
});

export default defineCommand({
  usage: "--fakes DIR --reals DIR [--pairs DIR] [--features FILE] [--json FILE] [--report FILE.html]",
  options: schema,
  run: evaluateFolders,
});

async function evaluateFolders(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const { json, report, size, out } = options;
  const shard = shardOf(options.shard, options.shards, process.env);
  if (shard && out === null) {
    throw new OptionError("parts of an evaluation need a folder of their own;", "give --out DIR, the same to all.");
  }
  if (!shard && out !== null) throw new OptionError("--out is of --shard;", "give --json for the figures.");
  if (shard && (json ?? report) !== null) {
    const what = `${json === null ? "--report" : "--json"} is of the whole, and a part has no figures;`;
    throw new OptionError(what, "leave it out: cutgpu merge makes them of all parts.");
  }
  const [what, folder] = options.model === null ? ["--fakes", options.fakes] : ["--in", options.in];
  const both = options.model === null ? options.in : options.fakes;
  if (folder === null || both !== null) {
    throw new OptionError("which pictures to evaluate is not clear;", "give --fakes, or --model and --in.");
  }
  if (given.epoch !== undefined && options.model === null) {
    throw new OptionError("--epoch is of --model, and --fakes is given;", "leave it out.");
  }
  const fakeFolder = await listFolder(what, folder);
  const realFolder = await listFolder("--reals", options.reals);
  const truths = options.pairs === null ? null : await listFolder("--pairs", options.pairs);
  const folders = [fakeFolder, realFolder, ...(truths ? [truths] : [])];
  const file = options.model === null ? null : modelFile(options.model, { epoch: options.epoch });
  const reading = folders.map((of) => ({ what: `the pictures of ${of.what}`, paths: of.files }));
  if (file !== null) reading.push({ what: `--model ${options.model}`, paths: [file] });
  checkResults(json, report, reading);
  const files = truths && matchPictures(fakeFolder, truths);
  await checkSizes(folders, size);
  if (given.protocol !== undefined && ["none", "mobilenet", "inception"].includes(options.features)) {
    throw new OptionError(`--protocol is of FID, and --features is ${options.features};`, "leave it out.");
  }
  if (options.lpips !== null && truths === null) throw new OptionError("--lpips needs pairs;", "give --pairs.");
  const features = await featuresOf(options.features, options.protocol);
  const lpips = options.lpips === null ? null : await lpipsOf(options.lpips);

  const gpu = file === null && !features && !lpips ? null : await openCommandGpu(options.profile);
  try {
    const extractor = gpu && features && (await features(gpu));
    const pairMetrics = [...PAIR_METRICS, ...(gpu && lpips ? [await lpips(gpu)] : [])];
    const fakes = gpu && file !== null ? translationsOf(gpu, file, fakeFolder) : picturesOf(fakeFolder);
    const reals = picturesOf(realFolder);
    const pairs = truths && files ? picturesOf({ ...truths, files }) : null;
    const about = sourcesOf(options);
    const input = { fakes, reals, pairs, pairMetrics, extractor, size, signal };
    if (shard && out !== null) {
      const model = file === null ? "none" : sha256(readWhole(file));
      return await measurePart({ ...input, about, model, out, shard, gpu });
    }
    const evaluation = await withProgress("evaluating", (onProgress) => evaluate({ ...input, onProgress }));
    const names = { fakes: fakes.names, reals: reals.names };
    // First of all: files may fail to be written.
    print(figuresTable(evaluation.figures));
    const page = report === null ? "" : await drawEvaluation(evaluation, about, { fakes, reals, pairs });
    if (json !== null) writeResult(json, jsonText(evaluationContent(evaluation, about, names)));
    if (report !== null) writeResult(report, page);
    if (report !== null) print(`\nreport: ${report}\n`);
  } finally {
    gpu?.dispose();
  }
}

/** What is compared, as pairs of name and value. */
function sourcesOf({ fakes, model, epoch, in: input, reals, pairs, size }: Options<typeof schema>): [string, string][] {
  return [
    ["translations", fakes ?? `${model}${epoch === "latest" ? "" : `, ${epoch},`} of ${input}`],
    ["reals", reals],
    ...(pairs === null ? [] : [["truths", pairs] satisfies [string, string]]),
    ...(size === null ? [] : [["scaled to", `${size} x ${size}`] satisfies [string, string]]),
  ];
}
