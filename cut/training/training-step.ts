// One training step of any method (cut/methods), recorded once per size of pictures and kind of step, then replayed.
// Each network has its own Adam, whose update is part of the recording. Losses stay on the GPU until they are read.
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { ArgumentError } from "../../engine/lib/errors.js";
import type { Random } from "../../engine/lib/random.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import { Adam, AveragedParameters, LossScaler } from "../../engine/optimizers/index.js";
import { Arena } from "../../engine/program/allocation.js";
import { type Program, record } from "../../engine/program/program.js";
import { methods } from "../methods/index.js";
import type { BatchSize, Counts, Draw, MakeMethod, Method, StepRecording } from "../methods/method.js";
import type { Parameters } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Pictures that are made on the GPU: `length` numbers, which `fill` writes into a tensor of that size. */
export interface PictureSource {
  readonly length: number;
  fill(tensor: Tensor): void;
}

/** One batch: pictures [N, C, H, W] in [-1, 1], A to be translated and B to learn from. */
export interface TrainingBatch {
  A: Float32Array | PictureSource;
  B: Float32Array | PictureSource;
  height: number;
  width: number;
}

export interface StepInput extends TrainingBatch {
  draw: Draw;
  learningRate: number;
}

/** The name under which the loss scale of the next step is logged, where activations are f16. */
export const LOSS_SCALE = "loss_scale";

/** Losses of a step by name, as the method logs them. */
export type StepLosses = Record<string, number>;

/** The inputs of steps of one size: the pictures, and the sampled values by name. */
interface StepTensors {
  A: Tensor;
  B: Tensor;
  drawn: ReadonlyMap<string, Tensor>;
}

/** A step recorded for one size of pictures and one kind of step. */
interface RecordedStep {
  program: Program;
  lossNames: readonly string[];
  losses: Tensor;
  /** The networks that it updates. */
  networks: ReadonlySet<string>;
}

/** Networks, optimizers and recordings of one method. */
export class TrainingStep {
  readonly gpu: Gpu;
  readonly options: TrainOptions;
  readonly method: Method;
  /** The optimizers by the names of the networks. */
  readonly adam: Readonly<Record<string, Adam>>;
  /** Moving averages of the generators' weights, by network, with ema_decay. */
  readonly averaged: Readonly<Record<string, AveragedParameters>>;
  /** Scales the losses where activations are f16. */
  readonly scaler: LossScaler | null;
  /** The method's integers that are carried from step to step. */
  counts: Counts = {};
  readonly #tensors = new Map<string, StepTensors>();
  readonly #recorded = new Map<string, RecordedStep>();
  readonly #arena = new Arena();
  /** The recordings that the latest step replayed. */
  #last: readonly RecordedStep[] = [];
  /** Steps done; the updates of a network may be more. */
  #done = 0;

  /** `make` is for a method of your own; by default options.model chooses it. */
  constructor(gpu: Gpu, options: TrainOptions, make: MakeMethod = methods[options.model]) {
    this.gpu = gpu;
    this.options = options;
    this.method = make(gpu, options);
    const scaler = gpu.precision === "f16" ? new LossScaler(gpu) : undefined;
    this.scaler = scaler ?? null;
    this.adam = Object.fromEntries(
      Object.entries(this.method.networks).map(([name, { parameters }]) => {
        const { beta1, beta2 } = this.method.adam?.[name] ?? options;
        return [name, new Adam(gpu, parameters, { beta1, beta2 }, scaler)];
      }),
    );
    const { ema_decay } = options;
    const generators = Object.entries(this.method.networks).filter(([, network]) => "translate" in network);
    this.averaged = Object.fromEntries(
      ema_decay > 0 ? generators.map(([name, G]) => [name, new AveragedParameters(gpu, G.parameters, ema_decay)]) : [],
    );
  }

  /** The weights that translate A: the generator's, or their averages with ema_decay. */
  get weights(): Parameters {
    const { networks, generator } = this.method;
    const name = Object.keys(networks).find((name) => networks[name] === generator) as string;
    return this.averaged[name]?.averages ?? generator.parameters;
  }

  /** The averages begin anew with the weights. To be called where first weights were written. */
  resetAverages(): void {
    for (const averaged of Object.values(this.averaged)) averaged.reset();
  }

  /** Resumes after `done` steps; `updates` has the optimizers' counts, by network, where they differ. */
  resumeAt(done: number, updates: Counts = {}, counts: Counts = {}): void {
    this.#done = done;
    for (const [name, adam] of Object.entries(this.adam)) adam.resumeAt(updates[name] ?? done);
    this.counts = counts;
  }

  /** Samples the random inputs of the next step, on a batch like this one. */
  draw(random: Random, batch: Omit<TrainingBatch, "B">, epoch = 1): Draw {
    return this.method.draw({ random, size: this.#sizeOf(batch), epoch, step: this.#done, counts: this.counts });
  }

  /** Records the step for pictures of a size, unless that is done already. */
  async prepare(size: BatchSize, kind = this.method.kinds[0]): Promise<void> {
    await this.#step(size, kind);
  }

  /** Trains on one batch. Resolves when the step is submitted to the GPU, not when it is done. */
  async run(input: StepInput): Promise<void> {
    const { A, B, draw, learningRate } = input;
    const size = this.#sizeOf(input);
    const steps: RecordedStep[] = [];
    for (const kind of draw.kinds) steps.push(await this.#step(size, kind));
    const tensors = this.#tensorsOf(size);
    put(A, tensors.A);
    put(B, tensors.B);
    for (const [name, tensor] of tensors.drawn) tensor.write(draw.values[name]);
    if (this.#done === 0) this.resetAverages();
    for (const { program, networks } of steps) {
      for (const name of networks) {
        this.adam[name].advance(learningRate * (this.method.adam?.[name]?.rate ?? 1));
      }
      program.replay();
    }
    this.counts = draw.counts ?? this.counts;
    this.#last = steps;
    this.#done++;
  }

  /** Losses of the latest step. The read is queued now, so later steps do not change it. */
  async losses(): Promise<StepLosses> {
    const read = this.#latest().map(async ({ losses, lossNames }) => {
      const values = await losses.read();
      return lossNames.map((name, i) => [name, values[i]]);
    });
    return Object.fromEntries((await Promise.all(read)).flat());
  }

  /** Dispatches in one step, and bytes of its buffers beyond parameters and moments. */
  get size(): { dispatches: number; bytes: number } {
    const [{ program }] = this.#latest();
    return { dispatches: program.length, bytes: program.bytes };
  }

  /** Frees all memory. */
  dispose(): void {
    for (const { program } of this.#recorded.values()) program.dispose();
    for (const { A, B, drawn } of this.#tensors.values()) {
      for (const tensor of [A, B, ...drawn.values()]) tensor.dispose();
    }
    this.#recorded.clear();
    this.#tensors.clear();
    for (const adam of Object.values(this.adam)) adam.dispose();
    for (const averaged of Object.values(this.averaged)) averaged.dispose();
    this.scaler?.dispose();
    for (const { parameters } of Object.values(this.method.networks)) {
      for (const tensor of parameters.values()) tensor.dispose();
    }
    for (const tensor of this.method.state?.values() ?? []) tensor.dispose();
  }

  #sizeOf({ A, height, width }: Omit<TrainingBatch, "B">): BatchSize {
    return { batch: A.length / (this.options.input_nc * height * width), height, width };
  }

  #latest(): readonly RecordedStep[] {
    if (this.#last.length === 0) throw new ArgumentError("no step has been run yet", "Call run() first.");
    return this.#last;
  }

  async #step(size: BatchSize, kind: string): Promise<RecordedStep> {
    const key = `${keyOf(size)},${kind}`;
    const known = this.#recorded.get(key);
    if (known) return known;
    const step = await this.#record(size, kind);
    this.#recorded.set(key, step);
    return step;
  }

  #tensorsOf(size: BatchSize): StepTensors {
    const known = this.#tensors.get(keyOf(size));
    if (known) return known;
    const { gpu, method, options } = this;
    const { batch, height, width } = size;
    const inputs = Object.entries(method.inputs(size));
    const tensors = {
      // Activations are stored with the pictures' precision.
      A: gpu.persistent([batch, options.input_nc, height, width], gpu.precision),
      B: gpu.persistent([batch, options.output_nc, height, width], gpu.precision),
      drawn: new Map(inputs.map(([name, { shape, dtype }]) => [name, gpu.persistent(shape, dtype)])),
    };
    this.#tensors.set(keyOf(size), tensors);
    return tensors;
  }

  async #record(size: BatchSize, kind: string): Promise<RecordedStep> {
    const { gpu, method, options } = this;
    const { A, B, drawn } = this.#tensorsOf(size);
    const lossNames: string[] = [];
    const networks = new Set<string>();
    const compute = () => {
      const losses: Tensor[] = [];
      const logEach: StepRecording["logEach"] = (names, values) => {
        lossNames.push(...names);
        losses.push(reshape(values.detach(), [values.size]));
      };
      method.record({
        kind,
        A,
        B,
        logEach,
        drawn: (name) => drawn.get(name) as Tensor,
        log: (named) => {
          for (const [name, loss] of Object.entries(named)) logEach([name], loss);
        },
        learn: (loss, ...learning) => {
          for (const name of learning) networks.add(name);
          return this.#learn(loss, learning);
        },
      });
      this.scaler?.update();
      if (this.scaler) logEach([LOSS_SCALE], slice(this.scaler.state, 0, 1));
      return gpu.noGrad(() => concat(losses));
    };
    const rematerialize = options.low_memory ? "everything" : "cheap";
    const { program, result } = await record(gpu, compute, this.#arena, { rematerialize });
    return { program, lossNames, networks, losses: result };
  }

  /** Updates networks along the gradients of a loss. Returns the gradients by network. */
  #learn(loss: Tensor, networks: readonly string[]): Record<string, Tensor[]> {
    const parameters = networks.map((name) => [...this.adam[name].parameters.values()]);
    // A penalty on the gradient of a network does not depend on its last bias.
    const dy = this.scaler?.lossGradient(loss);
    const left = grad(loss, parameters.flat(), { allowUnused: true, dy });
    dy?.dispose();
    const gradients = networks.map((name, i): [string, Tensor[]] => [name, left.splice(0, parameters[i].length)]);
    for (const [name, own] of gradients) {
      this.adam[name].update(own);
      this.averaged[name]?.update();
    }
    return Object.fromEntries(gradients);
  }
}

const keyOf = ({ batch, height, width }: BatchSize) => `${batch},${height},${width}`;

function put(pictures: Float32Array | PictureSource, tensor: Tensor): void {
  if (pictures instanceof Float32Array) tensor.write(pictures);
  else pictures.fill(tensor);
}
