// `cutgpu train`: two folders of pictures in, a run folder out. Here is what concerns files and the terminal; the loop
// itself is cut/training/training-loop.ts.
import { basename, join, relative } from "node:path";
import { CutgpuError } from "../../../engine/core/errors.js";
import { adapterLabel } from "../../../engine/device/adapter.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { UnalignedDataset } from "../../data/dataset.js";
import { freeName } from "../../data/file-names.js";
import type { Picture } from "../../data/picture.js";
import { pictureEnding } from "../../data/picture-endings.js";
import { samplePicture } from "../../data/transform.js";
import { encodePng, measurePictures, readPicture } from "../../files/decode.js";
import { isBelow } from "../../files/output.js";
import { listPictures } from "../../files/picture-folder.js";
import { readWhole } from "../../files/read-whole.js";
import { RunFolder } from "../../files/run-folder.js";
import { type GivenOptions, OptionError } from "../../options/schema.js";
import { shellWords } from "../../options/shell-words.js";
import { defaultsOf, mergeForResume, resolveOptions } from "../../options/train-options.js";
import { presets, type TrainOptions, trainSchema } from "../../options/train-schema.js";
import type { RetrievalRow } from "../../report/charts.js";
import type { LossRow } from "../../report/losses.js";
import type { SampleRow } from "../../report/training-report.js";
import { type Alarm, Alarms, alarmText } from "../../training/alarms.js";
import { type Checkpoint, parseCheckpoint } from "../../training/checkpoint.js";
import { keysByLayer } from "../../training/patch-counts.js";
import { checkSizes, sizeChange, sizesMatter } from "../../training/picture-sizes.js";
import { crossesPictures, resumeCommand, Training } from "../../training/training-loop.js";
import { Translator } from "../../translation/translator.js";
import { describeKernels } from "../gpu-text.js";
import { readLatest } from "../latest-checkpoint.js";
import { describeLosses } from "../losses-text.js";
import { openCommandGpu } from "../open-gpu.js";
import { applyRunTuning } from "../run-tuning.js";
import { sampleRetrieval } from "../sample-retrieval.js";
import {
  type CommandContext,
  defineCommand,
  formatSeconds,
  note,
  type Progress,
  print,
  printError,
  startProgress,
} from "../terminal/index.js";

/** How many pictures of A are translated at every display of the run. */
const SAMPLES = 4;
/** What stands before a sample's name. */
const STEP_ZERO = "0000000_";
/** Reports are refreshed at most this often, because a long run has many losses to draw. */
const REPORT_SECONDS = 30;

export default defineCommand({
  usage: "--dataroot DIR --name RUN [options]",
  options: trainSchema,
  presets,
  chooser: "model",
  run: train,
});

async function train(given: GivenOptions<typeof trainSchema>, { signal }: CommandContext): Promise<void> {
  const continued = given.continue_train === true;
  const fresh = continued ? null : resolveOptions(given);
  if (fresh) refuseAmongPictures(fresh);
  const folder = fresh
    ? RunFolder.create(fresh.runs_dir, fresh.name, fresh)
    : RunFolder.open(given.runs_dir ?? "runs", given.name ?? "experiment_name");
  try {
    let checkpoint: Checkpoint | null = null;
    let options = fresh as TrainOptions;
    if (continued) {
      checkpoint = readLatest(folder);
      options = mergeForResume(checkpoint.state.options, given);
    }
    await new TrainCommand(folder, options).run(checkpoint, signal);
    folder.close();
  } catch (error) {
    // A new run that failed before its first step leaves nothing behind.
    if (fresh && folder.readLosses().length === 0) folder.discard();
    else folder.close();
    throw error;
  }
}

/** Throws where the run's folder would lie among the pictures, which its samples would then join. */
function refuseAmongPictures({ dataroot, runs_dir, name }: TrainOptions): void {
  const folder = join(runs_dir, name);
  for (const side of ["trainA", "trainB", "testA", "testB"]) {
    if (!isBelow(folder, join(dataroot, side))) continue;
    const what = `the run's folder ${folder} would lie among the pictures of ${join(dataroot, side)};`;
    throw new OptionError(what, "choose another --runs_dir.");
  }
}

class TrainCommand {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #samples: { name: string; input: Picture; row: SampleRow }[] = [];
  readonly #alarms: Alarms;
  readonly #retrieval: RetrievalRow[] = [];
  readonly #alarmed = new AbortController();
  #losses: LossRow[] = [];
  #progress: Progress | null = null;
  #reported = 0;
  #begun = 0;

  constructor(folder: RunFolder, options: TrainOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#alarms = new Alarms(options, keysByLayer(options));
  }

  async run(checkpoint: Checkpoint | null, signal: AbortSignal): Promise<void> {
    const options = this.#options;
    const source = await this.#dataset();
    const gpu = await openCommandGpu(options.profile);
    try {
      applyRunTuning(gpu, this.#folder, checkpoint !== null);
      const training = checkpoint
        ? Training.resume(gpu, options, source, checkpoint, this.#folder.checkpointPath("latest"))
        : Training.start(gpu, options, source);
      if (options.pretrained_name !== null && !checkpoint) {
        const path = join(options.runs_dir, options.pretrained_name, "latest.safetensors");
        training.adoptWeights(parseCheckpoint(readWhole(path), path), path);
      }
      if (checkpoint) {
        if (training.stepsDone === training.stepsInAll) return this.#sayNothingLeft(training);
        this.#folder.writeConfig(options);
        this.#folder.truncateLosses(checkpoint.state.step);
        this.#losses = this.#folder.readLosses();
        // What was told before the run was stopped is not told again.
        for (const row of this.#losses) this.#alarms.noteLosses(row);
      }
      this.#announce(gpu, source, training);
      await this.#chooseSamples();
      await this.#train(gpu, training, source, signal);
    } finally {
      gpu.dispose();
    }
  }

  async #train(gpu: Gpu, training: Training, source: UnalignedDataset, signal: AbortSignal): Promise<void> {
    const folder = this.#folder;
    const { batch_size, print_freq } = this.#options;
    const progress = startProgress({
      label: "training",
      total: training.stepsInAll,
      start: training.stepsDone,
      lineDue: (step) => crossesPictures(step, batch_size, print_freq),
    });
    this.#progress = progress;
    this.#begun = performance.now();
    const translator = new Translator(gpu, training.step.method.generator);
    const retrieval = sampleRetrieval(training.step);
    let reached = false;
    try {
      if (training.stepsDone === 0) await this.#makeSamples(translator, 0);
      reached = await training.run(
        {
          onLosses: (row) => {
            folder.appendLosses(row);
            this.#losses.push(row);
            progress.update(row.step, describeLosses(row));
            this.#tell(this.#alarms.noteLosses(row));
          },
          onCheckpoint: (name, bytes) => {
            folder.saveCheckpoint(name, bytes);
            if (name !== "latest") progress.log(`kept ${folder.checkpointPath(name)}`);
          },
          onDisplay: async (step) => {
            await this.#makeSamples(translator, step);
            const accuracy = await retrieval?.(this.#samples.map(({ input }) => input));
            if (accuracy) this.#retrieval.push({ step, accuracy });
            if (performance.now() - this.#reported > REPORT_SECONDS * 1000) await this.#report();
          },
        },
        AbortSignal.any([signal, this.#alarmed.signal]),
      );
      await this.#makeSamples(translator, training.stepsDone);
    } catch (error) {
      progress.stop();
      // The report shows how far the run came. Whether it can be written or not, `error` is the one to tell.
      if (this.#losses.length > 0) await this.#report().catch(() => undefined);
      if (training.savedStep === training.stepsDone) {
        printError(`saved after step ${training.stepsDone}; go on with: ${resumeCommand(this.#options)}\n`);
      }
      throw error;
    }
    progress.stop();
    await this.#report();
    if (source.skipped > 0) printError(`${source.skipped} pictures could not be read and were skipped\n`);
    if (!reached) {
      const stopped = `after step ${training.stepsDone} and saved; go on with: ${resumeCommand(this.#options)}`;
      if (this.#alarmed.signal.aborted) throw new CutgpuError("ALARM", `stopped by the alarm above ${stopped}`);
      printError(`stopped ${stopped}\n`);
      return;
    }
    const seconds = (performance.now() - this.#begun) / 1000;
    print(
      `trained to step ${training.stepsDone} in ${formatSeconds(seconds)}: ${folder.path}\n` +
        `report: ${join(folder.path, "report.html")}\n` +
        `translate with: ${shellWords("cutgpu", "translate", "--model", folder.path, "--in", "DIR", "--out", "DIR")}\n`,
    );
    if (!training.epochsDone) note(this.#endedByMaxSteps(training));
  }

  /** The run is left as it was, without the options that were given: they had no effect. */
  #sayNothingLeft(training: Training): void {
    const why = training.epochsDone
      ? `all ${training.epochsInAll} epochs are done; raise --n_epochs or --n_epochs_decay to go on`
      : this.#endedByMaxSteps(training);
    print(`trained to step ${training.stepsDone} before: ${this.#folder.path}; ${why}\n`);
  }

  #endedByMaxSteps({ epochsInAll }: Training): string {
    const what = `max_steps ${this.#options.max_steps} is reached before all ${epochsInAll} epochs are done`;
    return `${what}; go on with: ${resumeCommand(this.#options)} --max_steps none`;
  }

  async #dataset(): Promise<UnalignedDataset> {
    const options = this.#options;
    // One after the other, so that of two bad folders it is always the first that is named.
    const list = (name: string) => listPictures(join(options.dataroot, name), options.max_dataset_size);
    const filesA = await list("trainA");
    const filesB = await list("trainB");
    const onSkip = (path: string, reason: string) => {
      const line = `skipped ${path}: ${reason}`;
      if (this.#progress) this.#progress.log(line);
      else printError(`${line}\n`);
    };
    const dataset = new UnalignedDataset({
      ...options,
      filesA,
      filesB,
      read: (...what) => this.#read(...what),
      onSkip,
    });
    if (sizesMatter(options)) {
      const measure = (files: readonly string[]) => measurePictures(files, !options.ignore_orientation);
      checkSizes(await measure(filesA), await measure(filesB), options);
    }
    const change = sizeChange(options);
    if (change) note(change);
    return dataset;
  }

  #read(file: string, channels: 1 | 3): Promise<Picture> {
    return readPicture(file, channels, !this.#options.ignore_orientation);
  }

  #announce(gpu: Gpu, source: UnalignedDataset, training: Training): void {
    const steps = `${training.stepsInAll} steps in all, from step ${training.stepsDone}`;
    const data = `${source.length} pictures per epoch`;
    printError(`${this.#folder.path}: ${data}, ${steps}; ${adapterLabel(gpu)}, ${describeKernels(gpu)}\n`);
  }

  /** The pictures to show: the first of testA, or of trainA where testA gives none. */
  async #chooseSamples(): Promise<void> {
    const { dataroot, direction } = this.#options;
    for (const folder of direction === "BtoA" ? ["testB", "trainB"] : ["testA", "trainA"]) {
      if (this.#samples.length > 0) break;
      const path = join(dataroot, folder);
      await this.#takeSamples(path, await listPictures(path, 50).catch(() => []));
    }
  }

  async #takeSamples(folder: string, files: readonly string[]): Promise<void> {
    const options = this.#options;
    const taken = new Set<string>();
    for (const file of files) {
      if (this.#samples.length === SAMPLES) break;
      const picture = await this.#read(file, options.input_nc).catch(() => null);
      if (!picture) continue;
      const input = samplePicture(picture, options);
      const row: SampleRow = {
        label: relative(folder, file),
        images: [{ caption: "input", png: await encodePng(input) }],
      };
      // With room for the step before it.
      const stem = `${STEP_ZERO}${basename(file, pictureEnding(file))}`;
      this.#samples.push({ name: freeName(stem, ".png", taken).slice(STEP_ZERO.length), input, row });
    }
  }

  async #makeSamples(translator: Translator, step: number): Promise<void> {
    const pairs: { input: Picture; output: Picture }[] = [];
    for (const { name, input, row } of this.#samples) {
      if (row.images.some((image) => image.step === step)) continue;
      const output = await translator.translate(input);
      pairs.push({ input, output });
      const image = await encodePng(output);
      row.images.push({ step, caption: "", png: image });
      this.#folder.saveSample(`${String(step).padStart(7, "0")}_${name}`, image);
    }
    this.#tell(this.#alarms.notePictures(step, pairs));
  }

  #tell(alarms: readonly Alarm[]): void {
    for (const alarm of alarms) this.#progress?.log(alarmText(alarm));
    if (alarms.length > 0 && this.#options.stop_on === "alarm") this.#alarmed.abort();
  }

  async #report(): Promise<void> {
    // What draws the charts takes a while to load, and mistakes should be answered at once.
    const { renderReport } = await import("../../report/training-report.js");
    const last = this.#losses.at(-1);
    const seconds = this.#losses.reduce((sum, row) => sum + row.seconds, 0);
    const summary: [string, string][] = [
      ["steps", String(last?.step ?? 0)],
      ["epoch", String(last?.epoch ?? 0)],
      ["time in steps", formatSeconds(seconds)],
      ["seconds per step", last ? (seconds / this.#losses.length).toFixed(3) : "-"],
    ];
    const samples = this.#samples.map(({ row }) => ({ ...row, images: thinned(row.images) }));
    const html = renderReport({
      title: this.#options.name,
      options: this.#options,
      defaults: defaultsOf(this.#options),
      losses: this.#losses,
      keys: keysByLayer(this.#options),
      retrieval: this.#retrieval,
      alarms: this.#alarms.raised.map(alarmText),
      samples,
      summary,
    });
    this.#folder.writeReport(html);
    this.#reported = performance.now();
  }
}

/** At most a dozen pictures of a row: the first two, the last, and those between evenly apart. */
function thinned<T>(images: readonly T[]): T[] {
  const most = 12;
  if (images.length <= most) return [...images];
  return Array.from({ length: most }, (_, i) => images[Math.round((i * (images.length - 1)) / (most - 1))]);
}
