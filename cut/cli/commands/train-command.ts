// `cutgpu train`: two folders of pictures in, a run folder out. Here is what concerns files and the terminal; the loop
// itself is cut/training/training-loop.ts.
import { join } from "node:path";
import type { Gpu } from "../../../engine/core/gpu.js";
import { adapterLabel, type Precision } from "../../../engine/device/adapter.js";
import { CutgpuError, DeviceLostError } from "../../../engine/lib/errors.js";
import { openDataset, type TrainingDataset } from "../../data/open-dataset.js";
import type { RunEvaluation } from "../../evaluation/run-evaluation.js";
import { measurePictures, readPicture } from "../../files/decode.js";
import { isBelow } from "../../files/output.js";
import { listPictures } from "../../files/picture-folder.js";
import { RunFolder } from "../../files/run-folder.js";
import { shownFolders } from "../../options/common-options.js";
import { presets } from "../../options/presets.js";
import { type GivenOptions, OptionError, showValue } from "../../options/schema.js";
import { commandLine, shellWords } from "../../options/shell-words.js";
import { mergeForResume, resolveOptions } from "../../options/train-options.js";
import { type TrainOptions, trainSchema } from "../../options/train-schema.js";
import { type Alarm, alarmText } from "../../training/alarms.js";
import type { Checkpoint } from "../../training/checkpoint.js";
import { checkSizes, sizeChange, sizesMatter } from "../../training/picture-sizes.js";
import { crossesPictures, resumeCommand, Training } from "../../training/training-loop.js";
import { Translator } from "../../translation/translator.js";
import { describeKernels } from "../gpu-text.js";
import { readLatest } from "../latest-checkpoint.js";
import { describeLosses } from "../losses-text.js";
import { openCommandGpu } from "../open-gpu.js";
import { adoptPretrained } from "../pretrained.js";
import { openRunEvaluation } from "../run-evaluation.js";
import { identityOf, refuseOtherMetrics } from "../run-identity.js";
import { metricsText, RunRecord, valueAt } from "../run-record.js";
import { RunSamples } from "../run-samples.js";
import { applyRunTuning } from "../run-tuning.js";
import { sampleRetrieval } from "../sample-retrieval.js";
import { startNotes } from "../start-notes.js";
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

/** Reports are refreshed at most this often. */
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
    await new TrainCommand(folder, options, continued ? changesOf(given) : []).run(checkpoint, signal);
    folder.close();
  } catch (error) {
    // A new run that failed before its first step leaves no files.
    if (fresh && folder.losses.empty) folder.discard();
    else folder.close();
    throw error;
  }
}

/** Throws where the run's folder would lie among the pictures, which its samples would then join. */
function refuseAmongPictures({ dataroot, runs_dir, name }: TrainOptions): void {
  const folder = join(runs_dir, name);
  for (const side of ["A", "B"].flatMap(shownFolders)) {
    if (!isBelow(folder, join(dataroot, side))) continue;
    const what = `the run's folder ${folder} would lie among the pictures of ${join(dataroot, side)};`;
    throw new OptionError(what, "choose another --runs_dir.");
  }
}

/** The note for a run that resumes with another precision. Its checkpoint fits either: weights and moments are f32. */
const changedPrecision = (from: Precision, to: Precision): string =>
  `the run was trained with --precision ${from} and goes on with ${to}` +
  (to === "f16" ? "; its loss scale starts anew" : "; its loss scale is left behind");

/** The words of the options that were given to a run that goes on. */
const changesOf = (given: GivenOptions<typeof trainSchema>): string[] =>
  Object.entries(given)
    .filter(([name]) => !["continue_train", "name", "runs_dir"].includes(name))
    .flatMap(([name, value]) => [`--${name}`, showValue(value)]);

const translatorOf = (gpu: Gpu, { step }: Training) => new Translator(gpu, step.method.generator, step.weights);

/** The objects of a training under way. */
interface Begun {
  gpu: Gpu;
  training: Training;
  source: TrainingDataset;
  evaluation: RunEvaluation | null;
  record: RunRecord;
  signal: AbortSignal;
}

class TrainCommand {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  /** The words of the options that the checkpoint of before does not have. */
  readonly #changes: readonly string[];
  readonly #alarmed = new AbortController();
  #progress: Progress | null = null;
  #reported = 0;
  #begun = 0;

  constructor(folder: RunFolder, options: TrainOptions, changes: readonly string[]) {
    this.#folder = folder;
    this.#options = options;
    this.#changes = changes;
  }

  async run(checkpoint: Checkpoint | null, signal: AbortSignal): Promise<void> {
    const options = this.#options;
    if (checkpoint) await refuseOtherMetrics(this.#folder);
    const source = await this.#dataset();
    const evaluation = await openRunEvaluation(options);
    const gpu = await openCommandGpu(options.profile, { precision: options.precision });
    try {
      applyRunTuning(gpu, this.#folder, checkpoint !== null);
      const training = checkpoint
        ? Training.resume(gpu, options, source, checkpoint, this.#folder.checkpointPath("latest"))
        : Training.start(gpu, options, source);
      if (options.pretrained_name !== null && !checkpoint) {
        const without = adoptPretrained(training, join(options.runs_dir, options.pretrained_name));
        if (without.length > 0) note(`${options.pretrained_name} has no weights of ${without.join(", ")}`);
      }
      if (checkpoint) {
        if (training.stepsDone === training.totalSteps) {
          await this.#completeSamples(gpu, training, checkpoint);
          return this.#sayNothingLeft(training);
        }
        const { precision = "f32" } = checkpoint.state.options;
        if (precision !== options.precision) note(changedPrecision(precision, options.precision));
        this.#folder.writeConfig(options);
      }
      const record = new RunRecord(this.#folder, options, training.stepsDone);
      // A crash may have come after "latest" was written and before its copy "best".
      if (checkpoint && record.evaluations.best?.step === training.stepsDone) {
        this.#folder.saveCheckpoint("best", this.#folder.readCheckpoint("latest"));
      }
      this.#announce(gpu, source, training);
      await this.#train({ gpu, training, source, evaluation, record, signal });
    } finally {
      gpu.dispose();
    }
  }

  async #train({ gpu, training, source, evaluation, record, signal }: Begun): Promise<void> {
    const folder = this.#folder;
    const samples = await RunSamples.choose(folder, this.#options);
    const { batch_size, print_freq } = this.#options;
    const progress = startProgress({
      label: "training",
      total: training.totalSteps,
      start: training.stepsDone,
      lineDue: (step) => crossesPictures(step, batch_size, print_freq),
    });
    this.#progress = progress;
    this.#begun = performance.now();
    const translator = translatorOf(gpu, training);
    const retrieval = sampleRetrieval(training.step);
    const makeSamples = async (step: number) =>
      this.#tell(record.notePictures(step, await samples.make(translator, step), samples.reals));
    const report = async () => {
      await record.report(samples.rows(record.last?.step ?? 0));
      this.#reported = performance.now();
    };
    const evaluate = async (step: number): Promise<boolean> => {
      if (!evaluation || record.evaluations.last?.step === step) return false;
      const at = { step, epoch: record.last!.epoch, run: await identityOf(folder) };
      const onProgress = (done: number, total: number) => progress.update(step, `evaluating ${done} of ${total}`);
      const row = await evaluation.measure(at, { gpu, translator, signal, onProgress });
      if (!row) return false;
      const best = record.noteMetrics(row);
      progress.log(`${metricsText(row)}${best ? `; the best by ${row.by} so far` : ""}`);
      return best;
    };
    let reached = false;
    const resumedFrom = training.savedStep;
    try {
      if (training.stepsDone === 0) await makeSamples(0);
      reached = await training.run(
        {
          resumeWith: resumeCommand(this.#options),
          onLosses: (row) => {
            const alarms = record.noteLosses(row);
            progress.update(row.step, describeLosses(row));
            this.#tell(alarms);
          },
          onCheckpoint: (name, bytes) => {
            folder.saveCheckpoint(name, bytes);
            if (name !== "latest" && name !== "best") progress.log(`kept ${folder.checkpointPath(name)}`);
          },
          onDisplay: async (step) => {
            await makeSamples(step);
            const accuracy = await retrieval?.(samples.inputs);
            if (accuracy) record.noteRetrieval(step, accuracy);
            if (performance.now() - this.#reported > REPORT_SECONDS * 1000) await report();
          },
          onEvaluate: evaluate,
        },
        AbortSignal.any([signal, this.#alarmed.signal]),
      );
      await makeSamples(training.stepsDone).catch((error) => {
        if (!(error instanceof DeviceLostError)) throw error;
        const saved = `${error.message}; step ${training.stepsDone} is saved, without sample pictures`;
        throw new DeviceLostError(saved, `Go on with: ${resumeCommand(this.#options)}`);
      });
    } catch (error) {
      progress.stop();
      // The report shows how far the run came. If it cannot be written, `error` is still the one to report.
      if (record.last) await report().catch(() => undefined);
      if (error instanceof DeviceLostError && training.savedStep === resumedFrom && this.#changes.length > 0) {
        throw new DeviceLostError(error.message, `${error.fix} ${shellWords(...this.#changes)}`);
      }
      // A lost device's error has said so.
      if (training.savedStep === training.stepsDone && !(error instanceof DeviceLostError)) {
        printError(`saved after step ${training.stepsDone}; go on with: ${resumeCommand(this.#options)}\n`);
      }
      throw error;
    }
    progress.stop();
    await report();
    if (source.skipped > 0) printError(`${source.skipped} pictures could not be read and were skipped\n`);
    if (!reached) {
      const stopped = `after step ${training.stepsDone} and saved; go on with: ${resumeCommand(this.#options)}`;
      if (this.#alarmed.signal.aborted) throw new CutgpuError("ALARM", `stopped by the alarm above ${stopped}`);
      printError(`stopped ${stopped}\n`);
      return;
    }
    const seconds = (performance.now() - this.#begun) / 1000;
    const { best, last } = record.evaluations;
    if (best && last) print(`${best.by}: best ${valueAt(best)} (--epoch best), last ${valueAt(last)}\n`);
    print(
      `trained to step ${training.stepsDone} in ${formatSeconds(seconds)}: ${folder.path}\n` +
        `report: ${join(folder.path, "report.html")}\n` +
        `translate with: ${commandLine("translate", "--model", folder.path, "--in", "DIR", "--out", "DIR")}\n`,
    );
    if (!training.epochsDone) note(this.#endedByMaxSteps(training));
  }

  /** Makes the last sample pictures of a run that has ended where they are gone, or a lost device had left none. */
  async #completeSamples(gpu: Gpu, training: Training, { state }: Checkpoint): Promise<void> {
    const { stepsDone } = training;
    const samples = await RunSamples.choose(this.#folder, this.#options);
    if (samples.has(stepsDone)) return;
    const record = new RunRecord(this.#folder, mergeForResume(state.options, {}), stepsDone);
    const pairs = await samples.make(translatorOf(gpu, training), stepsDone);
    this.#tell(record.notePictures(stepsDone, pairs, samples.reals));
    await record.report(samples.rows(stepsDone));
    note(`the sample pictures of step ${stepsDone} were missing, and are there now`);
  }

  /** Else the run's files stay as they are, without the given options, which had no effect. */
  #sayNothingLeft(training: Training): void {
    const why = training.epochsDone
      ? `all ${training.totalEpochs} epochs are done; raise --n_epochs or --n_epochs_decay to go on`
      : this.#endedByMaxSteps(training);
    print(`trained to step ${training.stepsDone} before: ${this.#folder.path}; ${why}\n`);
  }

  #endedByMaxSteps({ totalEpochs }: Training): string {
    const what = `max_steps ${this.#options.max_steps} is reached before all ${totalEpochs} epochs are done`;
    return `${what}; go on with: ${resumeCommand(this.#options)} --max_steps none`;
  }

  async #dataset(): Promise<TrainingDataset> {
    const options = this.#options;
    // One after the other, so that of two bad folders the error always names the first.
    const list = (name: string) => listPictures(join(options.dataroot, name), options.max_dataset_size);
    const filesA = await list("trainA");
    const filesB = await list("trainB");
    const onSkip = (path: string, reason: string) => this.#log(`skipped ${path}: ${reason}`);
    const read = (path: string, channels: 1 | 3) => readPicture(path, channels, !options.ignore_orientation);
    const dataset = openDataset(options, { filesA, filesB, read, onSkip });
    if (sizesMatter(options)) {
      const measure = (files: readonly string[]) => measurePictures(files, !options.ignore_orientation);
      checkSizes(await measure(filesA), await measure(filesB), options);
    }
    const change = sizeChange(options);
    if (change) note(change);
    return dataset;
  }

  #announce(gpu: Gpu, source: TrainingDataset, training: Training): void {
    const steps = `${training.totalSteps} steps in all, from step ${training.stepsDone}`;
    const data = `${source.length} ${this.#options.model === "sincut" ? "crops" : "pictures"} per epoch`;
    printError(`${this.#folder.path}: ${data}, ${steps}; ${adapterLabel(gpu)}, ${describeKernels(gpu)}\n`);
    for (const line of startNotes(gpu, this.#options, training)) note(line);
  }

  #tell(alarms: readonly Alarm[]): void {
    for (const alarm of alarms) this.#log(alarmText(alarm));
    if (alarms.length > 0 && this.#options.stop_on === "alarm") this.#alarmed.abort();
  }

  #log(line: string): void {
    if (this.#progress) this.#progress.log(line);
    else printError(`${line}\n`);
  }
}
