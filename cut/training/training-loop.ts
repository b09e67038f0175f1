// The training loop, without files or a terminal: batches come from a source, and losses, samples and checkpoints go to
// a listener. A run is reproducible: all random numbers of steps come from one random stream whose state is in every
// checkpoint, and batches are addressed by epoch and index, so a resumed run has the same result, bit for bit, as one
// without a break.
import type { Gpu } from "../../engine/core/gpu.js";
import { DeviceLostError, DivergenceError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import type { MakeMethod } from "../methods/method.js";
import { initialWeights, writeParameters } from "../networks/network.js";
import { commandLine } from "../options/shell-words.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { LossRow } from "../report/losses.js";
import { type Checkpoint, restoreCheckpoint, serializeCheckpoint } from "./checkpoint.js";
import { Handover } from "./handover.js";
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
    const handover = this.#handoverTo(listener);
    try {
      await this.#evaluate(handover, listener);
      while (this.#state.epoch <= this.totalEpochs && this.#goesOn(signal)) {
        await this.#trainEpoch(handover, listener, signal);
      }
      await this.#save(handover, "latest");
      await handover.handOver();
      return this.#state.step >= this.totalSteps;
    } catch (error) {
      if (error instanceof DivergenceError) throw error;
      const lost = error instanceof DeviceLostError;
      await this.#saveFinished(handover, lost);
      if (!lost) throw error;
      throw new DeviceLostError(`${error.message}; ${this.#lastCheckpoint()}`, this.#howToGoOn("", listener));
    } finally {
      await handover.end();
    }
  }

  #handoverTo(listener: TrainingListener): Handover {
    return new Handover({
      check: (row) => this.#checkFinite(row, listener),
      onLosses: (row) => {
        listener.onLosses?.(row);
        listener.onProgress?.({ done: row.step, total: this.totalSteps });
      },
      onCheckpoint: async ({ step, names, bytes }) => {
        for (const name of names) await listener.onCheckpoint?.(name, bytes);
        this.#savedStep = step;
      },
    });
  }

  #goesOn(signal?: AbortSignal): boolean {
    return this.#state.step < this.totalSteps && !signal?.aborted;
  }

  /** Trains on what is left of the current epoch, as long as the run goes on. */
  async #trainEpoch(handover: Handover, listener: TrainingListener, signal?: AbortSignal): Promise<void> {
    const { display_freq, save_epoch_freq, save_latest_freq } = this.options;
    const { epoch, batch: from } = this.#state;
    for await (const batch of this.#source.batches({ epoch, from })) {
      await this.#trainOn(batch, epoch);
      await handover.add(this.#lossesOfStep(epoch));
      if (this.#crosses(display_freq)) await handover.between(() => listener.onDisplay?.(this.#state.step));
      if (this.#finishEpoch() && epoch % save_epoch_freq === 0) await this.#save(handover, String(epoch), "latest");
      await this.#evaluate(handover, listener);
      if (!this.#goesOn(signal)) break;
      if (this.#crosses(save_latest_freq)) await this.#save(handover, "latest");
    }
    // If the data set has shrunk since the checkpoint, an epoch may be finished before its first batch.
    this.#finishEpoch();
  }

  /** Submits a step. Where that fails, the random stream is as it was before. */
  async #trainOn(batch: TrainingBatch, epoch: number): Promise<void> {
    const random = this.#random.state();
    try {
      const draw = this.step.draw(this.#random, batch, epoch);
      await this.step.run({ ...batch, draw, learningRate: this.#learningRate(epoch) });
    } catch (error) {
      this.#random = Random.restore(random);
      throw error;
    }
    this.#state.step++;
    this.#state.batch++;
  }

  async #lossesOfStep(epoch: number): Promise<LossRow> {
    const { step } = this.#state;
    return { step, epoch, seconds: 0, lr: this.#learningRate(epoch), ...(await this.step.losses()) };
  }

  #learningRate(epoch: number): number {
    return this.options.lr * learningRateFactor(this.options.lr_policy, this.options, epoch);
  }

  /** Whether the last step completed another `pictures` pictures. */
  #crosses(pictures: number): boolean {
    return crossesPictures(this.#state.step, this.options.batch_size, pictures);
  }

  /** Begins the next epoch where all batches of this one are done; returns whether they are. */
  #finishEpoch(): boolean {
    if (this.#state.batch < this.#source.batchesPerEpoch) return false;
    this.#state.epoch++;
    this.#state.batch = 0;
    return true;
  }

  async #evaluate(handover: Handover, listener: TrainingListener): Promise<void> {
    const { step } = this.#state;
    const { eval_freq } = this.options;
    if (eval_freq === null || step === 0 || !this.#crosses(eval_freq)) return;
    await handover.between(async () => {
      if (await listener.onEvaluate?.(step)) await this.#save(handover, "latest", "best");
    });
  }

  #save(handover: Handover, ...names: string[]): Promise<void> {
    return handover.save(this.#state.step, names, () => this.checkpoint());
  }

  /** Hands over the steps that were done before a failure, as far as they are good and can still be read. */
  async #saveFinished(handover: Handover, lost: boolean): Promise<void> {
    const unsaved = !lost && this.#state.step > (this.#savedStep ?? 0);
    const second = unsaved ? await this.#save(handover, "latest").catch((later: unknown) => later) : undefined;
    // A pending checkpoint is good unless a loss was not finite.
    if (!(second instanceof DivergenceError)) await handover.handOver().catch(() => undefined);
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
