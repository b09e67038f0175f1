// `cutgpu demo`: draws a data set, trains a small CUT on it in minutes, and shows what it learnt on pictures it never
// saw. The run folder it leaves is an ordinary one: `cutgpu translate --model` takes it, and its data lie in it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { adapterLabel } from "../../../engine/device/adapter.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { Random } from "../../../engine/random.js";
import { UnalignedDataset } from "../../data/dataset.js";
import type { Picture } from "../../data/picture.js";
import { type DemoPlan, demoOptions, planDemo, plannedSteps } from "../../demo/demo-settings.js";
import { l1, ssim } from "../../demo/metrics.js";
import { drawOpenMoji } from "../../demo/openmoji.js";
import { encodePng, readPicture } from "../../files/decode.js";
import { listPictures } from "../../files/picture-folder.js";
import { RunFolder } from "../../files/run-folder.js";
import { group, profileOption, runsDirOption, seedOption } from "../../options/common-options.js";
import { completeOptions, type GivenOptions, option, orNone, wholeNumber } from "../../options/schema.js";
import { shellWords } from "../../options/shell-words.js";
import type { TrainOptions } from "../../options/train-schema.js";
import type { LossRow } from "../../report/losses.js";
import { renderReport, type SampleRow } from "../../report/training-report.js";
import { resumeCommand, Training } from "../../training/training-loop.js";
import { TrainingStep } from "../../training/training-step.js";
import { Translator } from "../../translation/translator.js";
import { describeLosses } from "../losses-text.js";
import { openCommandGpu } from "../open-gpu.js";
import { type CommandContext, defineCommand, formatSeconds, print, startProgress } from "../terminal/index.js";

/** Held-out pictures that the report shows; all are measured. */
const SHOWN = 12;

const schema = v.strictObject({
  runs_dir: runsDirOption(group, "where the demo's run folder is made"),
  steps: option(group, orNone(wholeNumber({ min: 1 })), null, "train this many steps instead of about three minutes"),
  seed: seedOption(group, 1, "another seed trains another model"),
  profile: profileOption(group),
});

export default defineCommand({
  usage: "[options]",
  options: schema,
  run: demo,
});

interface Pair {
  label: string;
  input: Picture;
  truth: Picture;
}

async function demo(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const name = freeName(options.runs_dir);
  const gpu = await openCommandGpu(options.profile);
  const folder = RunFolder.create(options.runs_dir, name, options);
  let begun = false;
  try {
    const plan = planDemo(gpu.profile, gpu.info.architecture);
    const dataroot = join(folder.path, "data");
    const adapter = `${adapterLabel(gpu)} (${gpu.profile} kernels)`;
    say(`Drawings to blueprints: a small CUT on OpenMoji, ${plan.size} x ${plan.size} pixels, on ${adapter}.`);
    const pairs = await drawData(dataroot, plan.size, signal);

    const [filesA, filesB] = await Promise.all(["trainA", "trainB"].map((side) => listPictures(join(dataroot, side))));
    const place = { dataroot, name, runs_dir: options.runs_dir, profile: options.profile, seed: options.seed };
    const batchesPerEpoch = Math.floor(Math.max(filesA.length, filesB.length) / plan.batch_size);
    const steps = options.steps ?? plannedSteps(plan, await secondsPerStep(gpu, plan, demoOptions(plan, place, 1, 1)));
    const trainOptions = demoOptions(plan, place, steps, batchesPerEpoch);
    folder.writeConfig(trainOptions);
    const source = new UnalignedDataset({ ...trainOptions, filesA, filesB, read: readPicture });
    const training = Training.start(gpu, trainOptions, source);
    signal.throwIfAborted();
    begun = true;
    await new Demo(gpu, folder, trainOptions, training, pairs).run(signal);
  } finally {
    // A demo that was called off or failed before its first step leaves nothing behind.
    if (begun) folder.close();
    else folder.discard();
    gpu.dispose();
  }
}

class Demo {
  readonly #translator: Translator;
  readonly #losses: LossRow[] = [];
  readonly #rows: SampleRow[];

  constructor(
    gpu: Gpu,
    readonly folder: RunFolder,
    readonly options: TrainOptions,
    readonly training: Training,
    readonly pairs: readonly Pair[],
  ) {
    this.#translator = new Translator(gpu, training.step.G);
    this.#rows = pairs.slice(0, SHOWN).map(({ label }) => ({ label, images: [] }));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { folder, options, training, pairs } = this;
    for (const [i, { input }] of pairs.slice(0, SHOWN).entries()) {
      this.#rows[i].images.push({ caption: "input", png: await encodePng(input) });
    }
    const before = await this.#measure(0);
    const begun = performance.now();
    const progress = startProgress({ label: "training", total: training.stepsInAll });
    let reached = false;
    try {
      reached = await training.run(
        {
          onLosses: (row) => {
            folder.appendLosses(row);
            this.#losses.push(row);
            progress.update(row.step, describeLosses(row));
          },
          onCheckpoint: (name, bytes) => folder.saveCheckpoint(name, bytes),
          onDisplay: async (step) => {
            await this.#show(step);
          },
        },
        signal,
      );
    } finally {
      progress.stop();
    }
    const after = await this.#measure(training.stepsDone);
    const seconds = (performance.now() - begun) / 1000;
    for (const [i, { truth }] of pairs.slice(0, SHOWN).entries()) {
      this.#rows[i].images.push({ caption: "truth", png: await encodePng(truth) });
    }
    const copied = score(
      pairs,
      pairs.map(({ input }) => input),
    );
    const table: [string, string][] = [
      ["untrained", scoreText(before)],
      ["trained", scoreText(after)],
      ["the input itself", scoreText(copied)],
      ["steps", `${training.stepsDone} in ${formatSeconds(seconds)}`],
    ];
    folder.writeReport(
      renderReport({
        title: "CUT demo: drawings to blueprints",
        options,
        losses: this.#losses,
        samples: this.#rows,
        summary: table,
      }),
    );
    say(`\n${pairs.length} held-out pairs, mean absolute error (lower is better) and SSIM (higher is better):`);
    for (const [what, value] of table.slice(0, 3)) say(`  ${what.padEnd(17)} ${value}`);
    say(`\nreport: ${join(folder.path, "report.html")}`);
    const pictures = join(folder.path, "data", "testA");
    const words = shellWords("cutgpu", "translate", "--model", folder.path, "--in", pictures, "--out", "translated");
    say(`try it:  ${words}`);
    if (!reached) say(`stopped early, after step ${training.stepsDone}; go on with: ${resumeCommand(options)}`);
    this.#translator.dispose();
  }

  /** Translates the pictures shown in the report and notes them under a step. */
  async #show(step: number): Promise<void> {
    for (const [i, { input }] of this.pairs.slice(0, SHOWN).entries()) {
      const { images } = this.#rows[i];
      if (images.some((image) => image.step === step)) continue;
      images.push({ step, caption: "", png: await encodePng(await this.#translator.translate(input)) });
    }
  }

  async #measure(step: number): Promise<Score> {
    await this.#show(step);
    const outputs: Picture[] = [];
    for (const { input } of this.pairs) outputs.push(await this.#translator.translate(input));
    return score(this.pairs, outputs);
  }
}

interface Score {
  l1: number;
  ssim: number;
}

function score(pairs: readonly Pair[], outputs: readonly Picture[]): Score {
  const mean = (measure: (a: Picture, b: Picture) => number) =>
    pairs.reduce((sum, { truth }, i) => sum + measure(outputs[i], truth), 0) / pairs.length;
  return { l1: mean(l1), ssim: mean(ssim) };
}

const scoreText = (value: Score) => `L1 ${value.l1.toFixed(4)}  SSIM ${value.ssim.toFixed(4)}`;

async function drawData(folder: string, size: number, signal: AbortSignal): Promise<Pair[]> {
  let progress: ReturnType<typeof startProgress> | null = null;
  try {
    const heldOut = await drawOpenMoji(
      folder,
      [size],
      (done, total) => {
        progress ??= startProgress({ label: "drawing", total });
        progress.update(done);
      },
      signal,
    );
    return await Promise.all(
      heldOut.map(async ({ hexcode, annotation }) => ({
        label: annotation,
        input: await readPicture(join(folder, "testA", `${hexcode}.png`), 3),
        truth: await readPicture(join(folder, "testB", `${hexcode}.png`), 3),
      })),
    );
  } finally {
    (progress as ReturnType<typeof startProgress> | null)?.stop();
  }
}

/** Times the step that is going to be trained, on a training that is thrown away; its kernels stay compiled. */
async function secondsPerStep(gpu: Gpu, plan: DemoPlan, options: TrainOptions): Promise<number> {
  const step = new TrainingStep(gpu, options);
  const random = new Random(0);
  const { size, batch_size } = plan;
  const noise = () => Float32Array.from({ length: batch_size * 3 * size * size }, () => 2 * random.next() - 1);
  const input = { A: noise(), B: noise(), height: size, width: size, flip: false, learningRate: 0 };
  say("compiling kernels and measuring this adapter ...");
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    const begun = performance.now();
    await step.run({ ...input, positions: step.drawPositions(random, size, size) });
    await gpu.finish();
    times.push((performance.now() - begun) / 1000);
  }
  step.dispose();
  return Math.min(...times);
}

function freeName(runsDir: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? "demo" : `demo-${i}`;
    if (!existsSync(join(runsDir, name))) return name;
  }
}

const say = (line: string) => print(`${line}\n`);
