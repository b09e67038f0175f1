// The training loop, without files or a terminal: batches come from a source, and losses, samples and checkpoints go to
// a listener. A run is reproducible: all random numbers of steps come from one random stream whose state is in every
// checkpoint, and batches are addressed by epoch and index, so a resumed run has the same result, bit for bit, as one
// without a break. Losses are read a few steps late, so that the GPU never waits for them. A checkpoint is handed to
// the listener only once the losses of the next step are known to be finite: a step with finite losses may still have
// ruined the weights.
import { DeviceLostError, DivergenceError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { Random } from "../../engine/random.js";
import type { MakeMethod } from "../methods/method.js";
import { initialWeights, writeParameters } from "../networks/network.js";
import { commandLine } from "../options/shell-words.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { LossRow } from "../report/losses.js";
import { type Checkpoint, restoreCheckpoint, serializeCheckpoint } from "./checkpoint.js";
import { learningRateFactor } from "./learning-rate.js";
import type { RunState } from "./run-state.js";
import { LOSS_SCALE, type TrainingBatch, TrainingStep } from "./training-step.js";

export interface BatchSource {
  readonly batchesPerEpoch: number;
  /** The batches of the 1-based `epoch`, from the 0-based batch `from` on; the same ones at every call. */
  batches(where: { epoch: number; from: number }): AsyncIterable<TrainingBatch>;
}

export interface TrainingListener {
  /** The words that resume the run, at the end of errors that say how to go on: by default "Training.resume()". */
  resumeWith?: string;
  /** Losses of one step, in order, a few steps late. */
  onLosses?(row: LossRow): void;
  /** A checkpoint to keep under a name: "latest", "best", or the number of a finished epoch. */
  onCheckpoint?(name: string, bytes: Uint8Array): void | Promise<void>;
  /** Steps whose losses are known, and the run's total steps. */
  onProgress?(progress: { done: number; total: number }): void;
  /** Called when sample pictures are due, every display_freq pictures. */
  onDisplay?(step: number): void | Promise<void>;
  /**
   * Called when an evaluation of the model is due, every eval_freq pictures, and again when a run resumes at such a
   * step. Where it returns true, the model is kept as "latest" and then as "best" once the next step's losses are
   * finite.
   */
  onEvaluate?(step: number): Promise<boolean>;
}

/** How many steps are submitted to the GPU before the losses of the first are awaited. */
const STEPS_AHEAD = 3;

/** A checkpoint that waits for the losses of the next step. */
interface PendingCheckpoint {
  step: number;
  names: string[];
  bytes: Uint8Array;
}

/**
 * A training run: a loop of steps over batches that a source gives.
 *
 * @example
 * ```ts
 * import { openGpu } from "cutgpu";
 * import { type BatchSource, resolveOptions, Training } from "cutgpu/cut";
 *
 * const noise = () => Float32Array.from({ length: 3 * 16 * 16 }, () => 2 * Math.random() - 1);
 * const source: BatchSource = {
 *   batchesPerEpoch: 100,
 *   async *batches({ from }) {
 *     for (let i = from; i < 100; i++) yield { A: noise(), B: noise(), height: 16, width: 16 };
 *   },
 * };
 * const networks = { netG: "resnet_4blocks", ngf: 4, netD: "n_layers", n_layers_D: 1, ndf: 4, netF_nc: 8 };
 * const size = { crop_size: 16, load_size: 16, num_patches: 16, max_steps: 2 };
 * const options = resolveOptions({ ...networks, ...size, dataroot: "-", name: "-" });
 *
 * const gpu = await openGpu();
 * const training = Training.start(gpu, options, source);
 * let steps = 0;
 * let saved = new Uint8Array();
 * const done = await training.run({
 *   onProgress: ({ done }) => {
 *     steps = done;
 *   },
 *   onCheckpoint: (_name, bytes) => {
 *     saved = new Uint8Array(bytes); // parseCheckpoint() and Training.resume() go on from it
 *   },
 * });
 * console.log(steps, done, saved.length > 1000); // 2 true true
 * gpu.dispose();
 * ```
 */
export class Training {
  readonly options: TrainOptions;
  readonly step: TrainingStep;
  readonly #source: BatchSource;
  #random: Random;
  readonly #state: Omit<RunState, "random">;
  #savedStep: number | null = null;

  /** A new run with weights initialised from the seed. `make` is for a method of your own. */
  static start(gpu: Gpu, options: TrainOptions, source: BatchSource, make?: MakeMethod): Training {
    const random = new Random(options.seed);
    const step = new TrainingStep(gpu, options, make);
    for (const [name, network] of Object.entries(step.method.networks)) {
      const { parameters } = network;
      const shapes = new Map([...parameters].map(([key, tensor]) => [key, tensor.shape]));
      const weights = network.initialWeights?.(random.fork(name));
      writeParameters(parameters, weights ?? initialWeights(shapes, random.fork(name), options));
    }
    step.resetAverages();
    const state = { step: 0, epoch: options.epoch_count, batch: 0, options };
    return new Training(step, source, random.fork("steps"), state);
  }

  /** Resumes from a checkpoint; `options` may differ from the checkpoint's where mergeForResume allows it. */
  static resume(
    gpu: Gpu,
    options: TrainOptions,
    source: BatchSource,
    checkpoint: Checkpoint,
    where: string,
    make?: MakeMethod,
  ): Training {
    const step = new TrainingStep(gpu, options, make);
    restoreCheckpoint(step, checkpoint, where);
    const { random, counts, updates, lossScale, ...state } = checkpoint.state;
    // The part of the current epoch that is done, in batches of the new size.
    const batch = Math.ceil((state.batch * state.options.batch_size) / options.batch_size);
    const training = new Training(step, source, Random.restore(random), { ...state, batch, options });
    training.#savedStep = state.step;
    return training;
  }

  private constructor(step: TrainingStep, source: BatchSource, random: Random, state: Omit<RunState, "random">) {
    this.options = state.options;
    this.step = step;
    this.#source = source;
    this.#random = random;
    this.#state = { ...state };
  }

  /** Step of the last checkpoint that was handed over or resumed from; null where there is none. */
  get savedStep(): number | null {
    return this.#savedStep;
  }

  /** Steps done so far. */
  get stepsDone(): number {
    return this.#state.step;
  }

  /**
   * Total steps of the run: those done, and those left by its epochs and max_steps. The steps left follow from the
   * epochs, because the data and the batch size may have changed since the steps were done.
   */
  get totalSteps(): number {
    const { step } = this.#state;
    return Math.max(step, Math.min(step + this.#stepsLeftByEpochs, this.options.max_steps ?? Number.POSITIVE_INFINITY));
  }

  /** The number of the last epoch. */
  get totalEpochs(): number {
    return this.options.n_epochs + this.options.n_epochs_decay;
  }

  /** Whether all epochs are done: a run that has ended before was ended by max_steps. */
  get epochsDone(): boolean {
    return this.#stepsLeftByEpochs === 0;
  }

  get #stepsLeftByEpochs(): number {
    const { epoch, batch } = this.#state;
    const { batchesPerEpoch } = this.#source;
    const epochs = this.totalEpochs - epoch + 1;
    return epochs < 1 ? 0 : epochs * batchesPerEpoch - Math.min(batch, batchesPerEpoch);
  }

  /** Loads the weights, but neither Adam's moments nor counters, of another run's checkpoint (pretrained_name). */
  adoptWeights(checkpoint: Checkpoint, where: string): void {
    restoreCheckpoint(this.step, checkpoint, where, true);
    this.step.resetAverages();
  }

  /** The whole state as a checkpoint's bytes. */
  async checkpoint(): Promise<Uint8Array> {
    return serializeCheckpoint(this.step, { ...this.#state, random: this.#random.state() });
  }

  /**
   * Trains to the end, or until `signal` is aborted, which pauses the run: the current step is finished and its
   * checkpoint handed over, so that nothing is lost, and nothing is thrown. Returns whether the end was reached. Throws
   * a DivergenceError at the first loss that is not finite, and a DeviceLostError if the GPU is lost; the last
   * checkpoint given to the listener is then a good one. At any other failure, such as one of the data, the steps done
   * are handed over as "latest" before it is thrown.
   */
  async run(listener: TrainingListener = {}, signal?: AbortSignal): Promise<boolean> {
    const { options, step } = this;
    const { batch_size, save_latest_freq, display_freq, save_epoch_freq } = options;
    const state = this.#state;
    const pendingLosses: Promise<LossRow>[] = [];
    let pendingCheckpoint: PendingCheckpoint | null = null;
    let before = performance.now();
    /** The state of the random stream after the last finished step. */
    let lastRandom = this.#random.state();
    const handOver = async () => {
      if (!pendingCheckpoint) return;
      const { names, bytes, step } = pendingCheckpoint;
      pendingCheckpoint = null;
      for (const name of names) await listener.onCheckpoint?.(name, bytes);
      this.#savedStep = step;
    };
    const settle = async (atMost: number) => {
      while (pendingLosses.length > atMost) {
        const row = await (pendingLosses.shift() as Promise<LossRow>);
        this.#checkFinite(row, listener);
        if (pendingCheckpoint && row.step > pendingCheckpoint.step) await handOver();
        const now = performance.now();
        row.seconds = Number(((now - before) / 1000).toFixed(4));
        before = now;
        listener.onLosses?.(row);
        listener.onProgress?.({ done: row.step, total: this.totalSteps });
      }
    };
    const save = async (...names: string[]) => {
      await settle(0);
      if (pendingCheckpoint?.step === state.step)
        pendingCheckpoint.names.push(...names.filter((name) => !pendingCheckpoint?.names.includes(name)));
      else pendingCheckpoint = { step: state.step, names, bytes: await this.checkpoint() };
      before = performance.now();
    };
    const crossed = (pictures: number) => crossesPictures(state.step, batch_size, pictures);
    const evaluate = async () => {
      if (options.eval_freq === null || state.step === 0 || !crossed(options.eval_freq)) return;
      await settle(0);
      if (await listener.onEvaluate?.(state.step)) await save("latest", "best");
      before = performance.now();
    };
    const finishEpoch = () => {
      if (state.batch < this.#source.batchesPerEpoch) return false;
      state.epoch++;
      state.batch = 0;
      return true;
    };

    try {
      await evaluate();
      while (state.epoch <= this.totalEpochs && state.step < this.totalSteps && !signal?.aborted) {
        const { epoch } = state;
        const lr = options.lr * learningRateFactor(options.lr_policy, options, epoch);
        for await (const batch of this.#source.batches({ epoch, from: state.batch })) {
          await step.run({ ...batch, draw: step.draw(this.#random, batch, epoch), learningRate: lr });
          state.step++;
          state.batch++;
          lastRandom = this.#random.state();
          const row = { step: state.step, epoch, seconds: 0, lr };
          const read = step.losses().then((losses): LossRow => ({ ...row, ...losses }));
          // A failure is reported when its turn comes; until then it must not count as unhandled.
          read.catch(() => undefined);
          pendingLosses.push(read);
          await settle(STEPS_AHEAD);
          if (crossed(display_freq)) {
            await settle(0);
            await listener.onDisplay?.(state.step);
            before = performance.now();
          }
          if (finishEpoch() && epoch % save_epoch_freq === 0) await save(String(epoch), "latest");
          await evaluate();
          if (signal?.aborted || state.step >= this.totalSteps) break;
          if (crossed(save_latest_freq)) await save("latest");
        }
        // If the data set has shrunk since the checkpoint, an epoch may be finished before its first batch.
        finishEpoch();
      }
      await save("latest");
      await handOver();
      return state.step >= this.totalSteps;
    } catch (error) {
      if (error instanceof DivergenceError) throw error;
      const lost = error instanceof DeviceLostError;
      this.#random = Random.restore(lastRandom);
      const unsaved = !lost && state.step > (this.#savedStep ?? 0);
      const second = unsaved ? await save("latest").catch((later: unknown) => later) : undefined;
      // A pending checkpoint is good unless a loss was not finite.
      if (!(second instanceof DivergenceError)) await handOver().catch(() => undefined);
      if (!lost) throw error;
      throw new DeviceLostError(`${error.message}; ${this.#lastCheckpoint()}`, this.#howToGoOn("", listener));
    } finally {
      await Promise.allSettled(pendingLosses);
    }
  }

  #checkFinite(row: LossRow, listener: TrainingListener): void {
    if (row[LOSS_SCALE] === 0) {
      throw new DivergenceError(
        `gradients overflowed 16-bit floats at step ${row.step}, at the smallest loss scale; ${this.#lastCheckpoint()}`,
        this.#howToGoOn(" with --precision f32", listener),
      );
    }
    for (const [name, value] of Object.entries(row)) {
      if (Number.isFinite(value)) continue;
      throw new DivergenceError(
        `the loss ${name} became ${value} at step ${row.step}; ${this.#lastCheckpoint()}`,
        this.#howToGoOn(" with a lower --lr, and look for pictures of one single colour in the data", listener),
      );
    }
  }

  #lastCheckpoint(): string {
    return this.#savedStep === null ? "no checkpoint was saved" : `the last checkpoint is from step ${this.#savedStep}`;
  }

  #howToGoOn(how: string, { resumeWith = "Training.resume()" }: TrainingListener): string {
    if (this.#savedStep === null) return `Start again${how}.`;
    return `Go on from it${how}: ${resumeWith}`;
  }
}

/** Whether a run's 1-based `step` completes another `pictures` pictures per domain, the unit of the *_freq options. */
export function crossesPictures(step: number, batch_size: number, pictures: number): boolean {
  return Math.floor((step * batch_size) / pictures) > Math.floor(((step - 1) * batch_size) / pictures);
}

/** The command that resumes a run. */
export function resumeCommand({ name, runs_dir }: Pick<TrainOptions, "name" | "runs_dir">): string {
  const place = runs_dir === "runs" ? [] : ["--runs_dir", runs_dir];
  return commandLine("train", "--continue_train", "--name", name, ...place);
}
