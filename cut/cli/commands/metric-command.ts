// `cutgpu metric`: PatchNCE as a metric, of how much of a source's content a result keeps. Compares pairs of two
// folders, measures its response to known distortions, or compares it with opinion scores.
import * as v from "valibot";
import { epochOption, group, profileOption, seedOption } from "../../options/common-options.js";
import {
  completeOptions,
  flag,
  type GivenOptions,
  OptionError,
  type Options,
  option,
  orNone,
  text,
  twoTexts,
  wholeNumber,
} from "../../options/schema.js";
import type { MetricJob, MetricSettings } from "../metric-job.js";
import { ladderJob } from "../metric-ladder.js";
import { opinionsJob } from "../metric-opinions.js";
import { pairsJob } from "../metric-pairs.js";
import { modelFile } from "../model-file.js";
import { openCommandGpu } from "../open-gpu.js";
import { checkResults, jsonText, writeResult } from "../result-files.js";
import { type CommandContext, defineCommand, print } from "../terminal/index.js";

const schema = v.strictObject({
  pairs: option(group, orNone(twoTexts("A B")), null, "two folders: sources, and results under the same names"),
  ladder: option(group, orNone(text("DIR")), null, "pictures to distort in known ways, to see what the metric sees"),
  mos: option(
    group,
    orNone(text("FILE.csv")),
    null,
    "opinion scores to hold the metric against: columns reference, distorted (paths from its folder) and score",
  ),
  model: option(group, orNone(text("RUN|FILE")), null, "a model whose encoder compares; without it one trains itself"),
  epoch: epochOption(group),
  self_train: option(group, flag(), false, "train the encoder on the pictures, which is also done without --model"),
  steps: option(group, wholeNumber({ min: 1, max: 100000 }), 300, "steps of that training"),
  window: option(
    group,
    orNone(wholeNumber({ min: 0, max: 1024 })),
    null,
    "pixels within which a patch may have moved: 0 with --pairs, else 4, if it is not given",
  ),
  positions: option(
    group,
    orNone(wholeNumber({ min: 16, max: 16384 })),
    null,
    "patches of a layer that are compared, where it has more: 4096 with --pairs, 576 with --ladder, 1024 with --mos",
  ),
  size: option(
    group,
    orNone(wholeNumber({ min: 32, max: 4096 })),
    null,
    "scale pictures to N x N pixels; without it --ladder takes 128, and others need pictures of one size",
  ),
  seed: seedOption(group, 0, "of the training, of distortions and of what is compared where all is too much"),
  json: option(group, orNone(text("FILE")), null, "write all figures to this file"),
  report: option(group, orNone(text("FILE.html")), null, "write a page with figures, maps and plots"),
  profile: profileOption(group),
});

export default defineCommand({
  usage:
    "--pairs A B | --ladder DIR | --mos FILE.csv [--model RUN|FILE] [--window R] [--json FILE] [--report FILE.html]",
  options: schema,
  run: measure,
});

async function measure(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const { model, epoch, self_train, steps, seed, json, report, profile } = options;
  if (model !== null && (self_train || given.steps !== undefined)) {
    throw new OptionError(
      `--${self_train ? "self_train" : "steps"} is of an encoder that trains itself, and --model is given;`,
      "leave one of them out.",
    );
  }
  if (given.epoch !== undefined && model === null) {
    throw new OptionError("--epoch is of --model, which is not given;", "leave it out.");
  }
  const file = model === null ? null : modelFile(model, { epoch });
  const job = await jobOf(options);
  const reading = file === null ? job.reading : [...job.reading, { what: `--model ${model}`, paths: [file] }];
  checkResults(json, report, reading);
  const gpu = await openCommandGpu(profile);
  try {
    const result = await job.run(gpu, { file, steps, seed, signal });
    // First of all: files may fail to be written.
    print(result.text);
    const page = report === null ? "" : ((await result.page?.()) ?? "");
    if (json !== null) writeResult(json, jsonText(result.json));
    if (report !== null) writeResult(report, page);
    if (report !== null) print(`\nreport: ${report}\n`);
  } finally {
    gpu.dispose();
  }
}

/** Finds and checks the pictures of the one job that the options name. */
async function jobOf(options: Options<typeof schema>): Promise<MetricJob> {
  const { pairs, ladder, mos, window, positions, size, model, report } = options;
  if ([pairs, ladder, mos].filter((of) => of !== null).length !== 1) {
    throw new OptionError("what to measure is not clear;", "give one of --pairs A B, --ladder DIR and --mos FILE.csv.");
  }
  if (ladder !== null && window === 0) {
    throw new OptionError("--ladder shows what a window forgives, and --window is 0;", "give one of 1 pixel or more.");
  }
  if (mos !== null && report !== null) {
    throw new OptionError("--report is of --pairs and --ladder;", "leave it out, and give --json for the figures.");
  }
  const settings: MetricSettings = { model, window, positions, size };
  const job =
    pairs !== null
      ? await pairsJob(pairs, settings)
      : ladder !== null
        ? await ladderJob(ladder, settings)
        : await opinionsJob(mos as string, settings);
  const max = job.side - 1;
  if ((window ?? 0) > max) {
    throw new OptionError(
      `--window ${window} is as large as the pictures, whose shorter side has ${job.side} pixels;`,
      `give ${max} at most.`,
    );
  }
  return job;
}
