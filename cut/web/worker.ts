// The training of the page, in a worker: the tab stays responsive, and a tab in the background keeps training. The loop
// is that of the command (cut/training/training-loop.ts); the run lives in the browser's storage. A first checkpoint is
// written before the first step, and the losses before every checkpoint, so that a tab that is closed at any moment
// leaves a run that can be resumed.
import type { Gpu } from "../../engine/core/gpu.js";
import { AdapterError, CutgpuError, DeviceLostError } from "../../engine/lib/errors.js";
import { openDataset, type TrainingDataset } from "../data/open-dataset.js";
import type { Picture } from "../data/picture.js";
import { chooseSamples, type RunPictures } from "../data/run-pictures.js";
import { RunEvaluation } from "../evaluation/run-evaluation.js";
import { mergeForResume, resolveOptions } from "../options/train-options.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { Alarm } from "../training/alarms.js";
import { type Checkpoint, parseCheckpoint } from "../training/checkpoint.js";
import type { RunState } from "../training/run-state.js";
import { Training } from "../training/training-loop.js";
import { Translator } from "../translation/translator.js";
import { openPageGpu } from "./device.js";
import { describeError } from "./error-text.js";
import { pictureToPng, readPictureFile } from "./pictures.js";
import type { ResumeRequest, RunFolders, StartRequest, TrainingEvent, TrainingRequest } from "./protocol.js";
import { RunStore, withRunLock } from "./store.js";
import { TrainingRecord } from "./training-record.js";

const send = (event: TrainingEvent) => postMessage(event);

let stop: AbortController | null = null;

addEventListener("message", ({ data: request }: MessageEvent<TrainingRequest>) => {
  if (request.kind === "pause") {
    stop?.abort();
    return;
  }
  if (stop) return;
  stop = new AbortController();
  const { signal } = stop;
  withRunLock(request.name, () => new WorkerTraining(request, signal).run())
    .catch((error: unknown) => send({ kind: "failed", text: describeError(error), step: null }))
    .finally(() => {
      stop = null;
    });
});

class WorkerTraining {
  readonly #request: StartRequest | ResumeRequest;
  readonly #signal: AbortSignal;
  #savedStep: number | null = null;

  constructor(request: StartRequest | ResumeRequest, signal: AbortSignal) {
    this.#request = request;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const request = this.#request;
    const fresh = request.kind === "start" ? resolveOptions(request.given) : null;
    if (fresh) await RunStore.clearLeftover(request.name);
    if (fresh && (await RunStore.exists(request.name))) {
      throw new CutgpuError(
        "RUN_EXISTS",
        `a run ${request.name} is already kept here;`,
        "choose another name, or resume it.",
      );
    }
    const store = await (fresh ? RunStore.create(request.name) : RunStore.open(request.name));
    let gpu: Gpu | null = null;
    try {
      await this.#keepPictures(store, request.pictures);
      let checkpoint: Checkpoint | null = null;
      let options = fresh as TrainOptions;
      const lists = { A: await store.files("data/trainA"), B: await store.files("data/trainB") };
      if (request.kind === "resume") {
        checkpoint = await readCheckpoint(store);
        const { state } = checkpoint;
        const { batchesPerEpoch } = datasetOf(store, state.options, lists);
        options = mergeForResume(state.options, moreSteps(state, request.steps, batchesPerEpoch));
        this.#savedStep = checkpoint.state.step;
      }
      await store.write("config.json", `${JSON.stringify(options, null, 2)}\n`);
      const source = datasetOf(store, options, lists);
      send({ kind: "progress", text: "Opening the GPU" });
      gpu = await openFor(options, checkpoint !== null);
      await this.#train(gpu, store, options, source, checkpoint);
    } catch (error) {
      // A new run that failed before its first checkpoint leaves no files.
      if (fresh && this.#savedStep === null) await RunStore.delete(request.name).catch(() => undefined);
      send({ kind: "failed", text: this.#explain(error), step: this.#savedStep });
    } finally {
      gpu?.dispose();
    }
  }

  async #train(
    gpu: Gpu,
    store: RunStore,
    options: TrainOptions,
    source: TrainingDataset,
    checkpoint: Checkpoint | null,
  ): Promise<void> {
    const training = checkpoint
      ? Training.resume(gpu, options, source, checkpoint, `the checkpoint of ${store.name}`)
      : Training.start(gpu, options, source);
    const { inputs, reals } = await chooseSamples(runPictures(store), options);
    const samples = inputs.map(({ name, picture }) => ({ label: name.replace(/^.*\/|\.[^.]*$/g, ""), picture }));
    const evaluation = await openEvaluation(store, options);
    const translator = new Translator(gpu, training.step.method.generator, training.step.weights);
    const { stepsDone: step, totalSteps } = training;
    send({ kind: "begun", step, totalSteps, evaluated: evaluation?.protocol ?? null });
    const record = await TrainingRecord.open(store, options, step, send);
    // The tab may have been closed after the checkpoint "latest" was written and before its copy "best".
    const latest = record.evaluations.best?.step === step ? await store.read("latest.safetensors") : null;
    if (latest) await store.write("best.safetensors", latest);
    for (const { label, picture } of samples) await this.#keepSample(store, label, null, picture);
    const heed = (alarms: readonly Alarm[]) => {
      if (alarms.length > 0 && options.stop_on === "alarm") stop?.abort();
    };
    const show = async (step: number) => {
      const pairs: { input: Picture; output: Picture }[] = [];
      for (const { label, picture } of samples) {
        const output = await translator.translate(picture);
        pairs.push({ input: picture, output });
        await this.#keepSample(store, label, step, output);
      }
      heed(record.notePictures(step, pairs, reals));
    };
    const evaluate = async (step: number): Promise<boolean> => {
      const at = await record.place();
      if (!evaluation || !at || record.evaluations.last?.step === step) return false;
      const onProgress = (done: number, total: number) =>
        send({ kind: "progress", text: `Evaluating ${done} of ${total} at step ${step.toLocaleString("en")}` });
      const row = await evaluation.measure(at, { gpu, translator, signal: this.#signal, onProgress });
      return row !== null && record.noteMetrics(row);
    };
    if (!checkpoint) await this.#save(store, record, "latest", await training.checkpoint());
    if (training.stepsDone === 0) await show(0);
    const reached = await training.run(
      {
        onLosses: (row) => heed(record.noteLosses(row)),
        onCheckpoint: (name, bytes) => this.#save(store, record, name, bytes),
        onDisplay: show,
        onEvaluate: evaluate,
      },
      this.#signal,
    );
    await show(training.stepsDone);
    // The last pictures may have raised an alarm. Errors are ignored: checkpoints report a full storage.
    await record.keep().catch(() => undefined);
    record.sendLosses();
    if (source.skipped > 0) {
      send({ kind: "warning", text: `${source.skipped} pictures could not be read and were passed over.` });
    }
    send({ kind: "ended", reached, step: training.stepsDone });
  }

  async #keepPictures(store: RunStore, pictures: RunFolders): Promise<void> {
    let copied = 0;
    const folders = Object.entries(pictures).filter(([, files]) => files.length > 0);
    const total = folders.reduce((sum, [, files]) => sum + files.length, 0);
    const onCopy = () => {
      copied++;
      if (copied % 10 === 0 || copied === total) {
        send({ kind: "progress", text: `Keeping the pictures for a later resume: ${copied} of ${total}` });
      }
      this.#signal.throwIfAborted();
    };
    for (const [folder, files] of folders) await store.keepPictures(folder, files, onCopy);
  }

  /**
   * Stores a checkpoint; where the storage is full the page gets it to offer it for download, and training continues.
   */
  async #save(store: RunStore, record: TrainingRecord, name: string, bytes: Uint8Array): Promise<void> {
    const content = bytes as Uint8Array<ArrayBuffer>;
    const { step } = record;
    try {
      await record.keep();
      await store.write(`${name}.safetensors`, content);
      if (name === "best") return send({ kind: "best" });
      this.#savedStep = step;
      send({ kind: "checkpoint", step, unsaved: null });
    } catch (error) {
      if (!(error instanceof CutgpuError)) throw error;
      if (this.#savedStep === null) throw error;
      if (name === "best") return send({ kind: "warning", text: `${describeError(error)} The best is not kept.` });
      send({ kind: "checkpoint", step, unsaved: content });
      const advice = `step ${step} can be downloaded; a reload would go back to step ${this.#savedStep}.`;
      send({ kind: "warning", text: `${describeError(error)} Training goes on, and ${advice}` });
    }
  }

  async #keepSample(store: RunStore, label: string, step: number | null, picture: Picture): Promise<void> {
    const png = await pictureToPng(picture);
    send({ kind: "sample", sample: { label, step, png } });
    // A sample that does not fit into the storage is still shown; checkpoints report a full storage.
    await store.write(sampleName(label, step), png).catch(() => undefined);
  }

  /** The error message for the page: it says how to resume here, where the loop's own names a command. */
  #explain(error: unknown): string {
    const saved = this.#savedStep;
    if (error === this.#signal.reason) return "Stopped before the first step; what was kept before stays.";
    if (error instanceof DeviceLostError) {
      const goOn = saved === null ? "start again." : `press Resume to go on from step ${saved}, which is saved.`;
      return `The GPU was lost (another program may have reset it, or it ran out of memory); ${goOn}`;
    }
    if (error instanceof CutgpuError && error.code === "NAN_LOSS") {
      const what = error.message.split(";")[0].replace(/^t/, "T");
      return `${what}; start a new run with a lower lr, and look for pictures of one single colour.`;
    }
    return describeError(error);
  }
}

/**
 * The device of a run. One that resumes with precision f16 goes on with f32 where the adapter has no 16-bit floats: its
 * checkpoint fits either.
 */
async function openFor({ profile, precision }: TrainOptions, resumes: boolean): Promise<Gpu> {
  try {
    return await openPageGpu({ profile, precision });
  } catch (error) {
    if (!(resumes && precision === "f16" && error instanceof AdapterError)) throw error;
    const gpu = await openPageGpu({ profile });
    send({ kind: "warning", text: "Note: this adapter has no 16-bit floats, and the run goes on with f32." });
    return gpu;
  }
}

/** Where a sample is kept, named as the command names them. */
function sampleName(label: string, step: number | null): string {
  return `samples/${step === null ? "input" : String(step).padStart(7, "0")}_${label}.png`;
}

async function readCheckpoint(store: RunStore): Promise<Checkpoint> {
  const file = await store.read("latest.safetensors");
  if (!file)
    throw new CutgpuError("NO_RUN", `the run ${store.name} holds no checkpoint;`, "delete it and start it anew.");
  return parseCheckpoint(new Uint8Array(await file.arrayBuffer()), `the checkpoint of ${store.name}`);
}

/**
 * The pictures that are stored with a run, by the paths that the command would see, so that their order is the same.
 */
interface Lists {
  A: string[];
  B: string[];
}

/**
 * The options that give a run more or fewer steps; none if the number is the same, so that no bit of the run changes.
 */
function moreSteps(
  { step, epoch, batch, options }: RunState,
  steps: number | null,
  batchesPerEpoch: number,
): Partial<TrainOptions> {
  if (steps === null || steps === options.max_steps) return {};
  const epochs = epoch - 1 + Math.ceil((batch + steps - step) / batchesPerEpoch);
  return { max_steps: steps, n_epochs: Math.max(options.n_epochs, epochs - options.n_epochs_decay) };
}

function datasetOf(store: RunStore, options: TrainOptions, lists: Lists): TrainingDataset {
  for (const side of ["A", "B"] as const) {
    if (lists[side].length > 0) continue;
    throw new CutgpuError(
      "FOLDER",
      `the pictures ${side} of this run are not here;`,
      `choose its folder ${side} and press Resume.`,
    );
  }
  const max = options.max_dataset_size ?? undefined;
  const onSkip = (_: string, reason: string) => send({ kind: "warning", text: `Passed over: ${reason}` });
  const read = async (path: string, channels: 1 | 3) =>
    readPictureFile((await store.read(path)) ?? new Blob(), path, channels);
  const [filesA, filesB] = [lists.A.slice(0, max), lists.B.slice(0, max)];
  return openDataset(options, { filesA, filesB, read, onSkip });
}

/** The pictures that are kept with a run. */
const runPictures = (store: RunStore): RunPictures => ({
  async list(folder) {
    const paths = await store.files(`data/${folder}`);
    return paths.map((path) => path.slice(`data/${folder}/`.length));
  },
  read: async (folder, name, channels) =>
    readPictureFile((await store.read(`data/${folder}/${name}`)) ?? new Blob(), name, channels),
});

/** The evaluations of a run, null where it has none; those on features are made by the command only. */
async function openEvaluation(store: RunStore, options: TrainOptions): Promise<RunEvaluation | null> {
  if (options.eval_freq === null) return null;
  const note = (text: string) => send({ kind: "warning", text: `Note: ${text}.` });
  if (options.eval_features !== "none") note("features are of the command only, and evaluations here are by SWD");
  return RunEvaluation.open(options, { ...runPictures(store), note }, null);
}
