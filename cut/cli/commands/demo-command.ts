// `cutgpu demo`: draws a data set, trains a small CUT on it in minutes, and shows what it learnt on drawings it never
// saw. Its run folder is an ordinary one: `cutgpu translate --model` takes it, and contains the data.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Gpu } from "../../../engine/core/gpu.js";
import { adapterLabel } from "../../../engine/device/adapter.js";
import { Random } from "../../../engine/lib/random.js";
import { UnalignedDataset } from "../../data/dataset.js";
import { freeName, nameKey } from "../../data/file-names.js";
import type { Picture } from "../../data/picture.js";
import { type DemoPlan, demoOptions, planDemo, plannedSteps } from "../../demo/demo-settings.js";
import { figureOf, scoreDrawings } from "../../demo/drawing-scores.js";
import { drawOpenMoji } from "../../demo/openmoji.js";
import { sheetOf } from "../../demo/picture-sheet.js";
import type { Evaluation } from "../../evaluation/evaluate.js";
import { withFileErrors } from "../../files/atomic-files.js";
import { encodePng, readPicture } from "../../files/decode.js";
import { isFolder } from "../../files/output.js";
import { listPictures } from "../../files/picture-folder.js";
import { RunFolder } from "../../files/run-folder.js";
import { group, profileOption, runsDirOption, seedOption } from "../../options/common-options.js";
import { completeOptions, flag, type GivenOptions, option, orNone, wholeNumber } from "../../options/schema.js";
import { commandLine } from "../../options/shell-words.js";
import type { TrainOptions } from "../../options/train-schema.js";
import { LossHistory } from "../../report/losses.js";
import { NamedSeries } from "../../report/series.js";
import { renderReport, type SampleRow } from "../../report/training-report.js";
import { keysByLayer } from "../../training/patch-counts.js";
import { resumeCommand, Training } from "../../training/training-loop.js";
import { TrainingStep } from "../../training/training-step.js";
import { Translator } from "../../translation/translator.js";
import { describeLosses } from "../losses-text.js";
import { openCommandGpu } from "../open-gpu.js";
import { sampleRetrieval } from "../sample-retrieval.js";
import {
  type CommandContext,
  defineCommand,
  formatSeconds,
  print,
  showOnTerminal,
  startProgress,
  withProgress,
} from "../terminal/index.js";

/** Held-out drawings that are shown; all are measured. */
const SHOWN = 6;

const schema = v.strictObject({
  runs_dir: runsDirOption(group, "where the demo's run folder is made"),
  steps: option(group, orNone(wholeNumber({ min: 1 })), null, "train this many steps instead of about three minutes"),
  long: option(group, flag(), false, "train the model that comes with cutgpu: half an hour or more on a processor"),
  seed: seedOption(group, 1, "another seed trains another model"),
  profile: profileOption(group),
});

export default defineCommand({
  usage: "[options]",
  options: schema,
  run: demo,
});

async function demo(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const { runs_dir } = options;
  const there = isFolder(runs_dir) ? withFileErrors(runs_dir, () => readdirSync(runs_dir)) : [];
  const name = freeName("blueprints", "", new Set(there.map(nameKey)));
  const gpu = await openCommandGpu(options.profile);
  const folder = RunFolder.create(options.runs_dir, name, options);
  let begun = false;
  try {
    const plan = planDemo(gpu.profile, gpu.info.architecture, options.long);
    const dataroot = join(folder.path, "data");
    const adapter = `${adapterLabel(gpu)} (${gpu.profile} kernels)`;
    const [size] = plan.sizes;
    say(`Chalk drawings to blueprints: a small CUT on OpenMoji, ${size} x ${size} pixels, on ${adapter}.`);
    const pairs = await drawData(dataroot, plan, signal);

    const [filesA, filesB] = await Promise.all(["trainA", "trainB"].map((side) => listPictures(join(dataroot, side))));
    const place = { dataroot, name, runs_dir: options.runs_dir, profile: options.profile, seed: options.seed };
    const steps = options.steps ?? (await plannedSteps(plan, () => secondsPerStep(gpu, demoOptions(plan, place, 1))));
    const trainOptions = demoOptions(plan, place, steps);
    folder.writeConfig(trainOptions);
    const source = new UnalignedDataset({ ...trainOptions, filesA, filesB, read: readPicture });
    const training = Training.start(gpu, trainOptions, source);
    signal.throwIfAborted();
    begun = true;
    await new Demo(gpu, folder, trainOptions, training, pairs).run(signal);
  } finally {
    // A demo that was cancelled or failed before its first step leaves no files.
    if (begun) folder.close();
    else folder.discard();
    gpu.dispose();
  }
}

/** A held-out drawing and its true translation. */
interface Pair {
  label: string;
  input: Picture;
  truth: Picture;
}

class Demo {
  readonly #translator: Translator;
  readonly #losses = new LossHistory();
  readonly #retrieval = new NamedSeries();
  readonly #rows: SampleRow[];

  constructor(
    gpu: Gpu,
    readonly folder: RunFolder,
    readonly options: TrainOptions,
    readonly training: Training,
    readonly pairs: readonly Pair[],
  ) {
    this.#translator = new Translator(gpu, training.step.method.generator, training.step.weights);
    this.#rows = pairs.slice(0, SHOWN).map(({ label }) => ({ label, images: [] }));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { folder, options, training, pairs } = this;
    const inputs = pairs.map(({ input }) => input);
    const before = await this.#note("input", inputs);
    const retrieval = sampleRetrieval(training.step);
    const begun = performance.now();
    const progress = startProgress({ label: "training", total: training.totalSteps });
    let reached = false;
    try {
      reached = await training.run(
        {
          resumeWith: resumeCommand(options),
          onLosses: (row) => {
            folder.losses.append(row);
            this.#losses.add(row);
            progress.update(row.step, describeLosses(row));
          },
          onCheckpoint: (name, bytes) => folder.saveCheckpoint(name, bytes),
          onDisplay: async (step) => {
            if (step < training.totalSteps) await this.#note(step, await this.#translate(SHOWN));
            const accuracy = await retrieval?.(inputs.slice(0, SHOWN));
            if (accuracy) this.#retrieval.add(step, accuracy);
          },
        },
        signal,
      );
    } finally {
      progress.stop();
    }
    const seconds = (performance.now() - begun) / 1000;
    const outputs = await this.#translate(pairs.length);
    const after = await this.#note(training.stepsDone, outputs);
    const truths = pairs.map(({ truth }) => truth);
    await this.#note("truth", truths);
    const scores: [string, Evaluation][] = [
      ["translated", await scoreDrawings(truths, outputs)],
      ["the input itself", await scoreDrawings(truths, inputs)],
    ];
    // A name and its figure stay on one line.
    const fact = (score: Evaluation) => scoreText(score).replace(/(?<! ) (?! )/g, "\u00a0");
    this.#report(before, after, [
      ...scores.map(([what, score]): [string, string] => [what, fact(score)]),
      ["steps", `${training.stepsDone} in ${formatSeconds(seconds)}`],
    ]);

    const sheet = sheetOf([inputs.slice(0, SHOWN), outputs.slice(0, SHOWN)]);
    const sheetPng = await encodePng(sheet);
    const sheetPath = folder.saveSample("before-after.png", sheetPng);
    await showOnTerminal(sheet, sheetPng);
    say(
      `\n${pairs.length} held-out drawings against the truth, mean absolute error (lower is better), SSIM (higher is`,
    );
    say("better) and the sliced Wasserstein distance of all of them (lower is better; it sets colours aside, so");
    say("the input, which has the lines of the truth, is near):");
    for (const [what, score] of scores) say(`  ${what.padEnd(17)} ${scoreText(score)}`);
    say(`  ${"half of the truths, other half".padEnd(42)} SWD ${figureOf(scores[0][1], "SWD").floor?.toFixed(1)}`);
    say(`\nreport:  ${join(folder.path, "report.html")}`);
    say(`picture: ${sheetPath}`);
    const pictures = join(folder.path, "data", "testA");
    const words = commandLine("translate", "--model", folder.path, "--in", pictures, "--out", "translated");
    say(`try it:  ${words}`);
    if (!reached) say(`stopped early, after step ${training.stepsDone}; go on with: ${resumeCommand(options)}`);
    this.#translator.dispose();
  }

  async #translate(count: number): Promise<Picture[]> {
    const outputs: Picture[] = [];
    for (const { input } of this.pairs.slice(0, count)) outputs.push(await this.#translator.translate(input));
    return outputs;
  }

  /** Adds the first pictures to the report's rows, under a step or a name, and returns them as files. */
  async #note(what: number | string, pictures: readonly Picture[]): Promise<Uint8Array[]> {
    const caption = typeof what === "string" ? { caption: what } : { caption: "", step: what };
    const files = await Promise.all(pictures.slice(0, SHOWN).map(encodePng));
    for (const [i, row] of this.#rows.entries()) row.images.push({ ...caption, png: files[i] });
    return files;
  }

  #report(before: readonly Uint8Array[], after: readonly Uint8Array[], summary: [string, string][]): void {
    const large = this.pairs.slice(0, SHOWN);
    const content = {
      title: "Chalk drawings to blueprints",
      pairs: large.map(({ label }, i) => ({ label, before: before[i], after: after[i] })),
      options: this.options,
      losses: this.#losses,
      keys: keysByLayer(this.options),
      retrieval: this.#retrieval,
      samples: this.#rows,
      summary,
    };
    this.folder.writeReport(renderReport(content));
  }
}

const scoreText = (score: Evaluation) => {
  const value = (name: string, digits: number) => `${name} ${figureOf(score, name).value?.toFixed(digits)}`;
  return [value("L1", 4), value("SSIM", 4), value("SWD", 1)].join("  ");
};

async function drawData(folder: string, { drawings, sizes }: DemoPlan, signal: AbortSignal): Promise<Pair[]> {
  const heldOut = await withProgress("drawing", (report) =>
    drawOpenMoji(folder, { count: drawings, sizes }, report, signal),
  );
  return Promise.all(
    heldOut.map(async ({ hexcode, annotation }) => ({
      label: annotation,
      input: await readPicture(join(folder, "testA", `${hexcode}.png`), 3),
      truth: await readPicture(join(folder, "testB", `${hexcode}.png`), 3),
    })),
  );
}

/** Times the coming training step on a training that is then disposed; its kernels stay compiled. */
async function secondsPerStep(gpu: Gpu, options: TrainOptions): Promise<number> {
  const step = new TrainingStep(gpu, options);
  const random = new Random(0);
  const { crop_size: size, batch_size } = options;
  const noise = () => Float32Array.from({ length: batch_size * 3 * size * size }, () => 2 * random.next() - 1);
  const input = { A: noise(), B: noise(), height: size, width: size, learningRate: 0 };
  say("compiling kernels and measuring this adapter ...");
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    const begun = performance.now();
    await step.run({ ...input, draw: step.draw(random, input) });
    await gpu.finish();
    times.push((performance.now() - begun) / 1000);
  }
  step.dispose();
  return Math.min(...times);
}

const say = (line: string) => print(`${line}\n`);
