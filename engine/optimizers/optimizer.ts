// What optimizers share: a set of named parameters, tensors beside each that outlive steps (moments, momentum), and
// what the learning rate makes of a step, which is written before it, so that the update itself can be part of a
// recorded program. There, parameters that lie together (gpu.persistentFlat) are updated by one dispatch: their
// gradients are placed together, too, and since all updates work element by element, the kernel runs over all of them
// and what lies between.
import { type Check, checkValue } from "../core/check-options.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { sameShape } from "../core/shapes.js";
import { type Storage, Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import type { Recorder } from "../device/recorder.js";

/** Consecutive vec4s per invocation. */
const PER_THREAD = { software: 4, gpu: 1 } as const;

export const NOT_NEGATIVE: Check = [
  (value) => typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY,
  "a number from 0 on",
];

/** A number from 0 to below 1, for running means. */
export const DECAY: Check = [(value) => NOT_NEGATIVE[0](value) && (value as number) < 1, "a number from 0 to below 1"];

/** What one dispatch works on: a gradient, a parameter, and what is kept beside it. */
export interface Update {
  readonly g: Tensor;
  readonly p: Tensor;
  readonly states: readonly Tensor[];
}

/** A tensor of gradients, and from where to where they fill it, in elements. */
export interface Inspected {
  readonly g: Tensor;
  readonly filled: readonly (readonly [first: number, end: number])[];
}

/** How a kernel is dispatched over the elements of a parameter. */
export interface Elementwise {
  readonly vec4s: number;
  readonly invocations: number;
  readonly constants: { readonly PER_THREAD: number };
}

/** The base of all optimizers. */
export abstract class Optimizer {
  /** What is updated, by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Number of updates done. */
  step = 0;
  protected readonly gpu: Gpu;
  /** What is kept beside each parameter, by name. */
  protected readonly states: readonly Map<string, Tensor>[];
  /** What the kernels read of the step's learning rate. */
  protected readonly schedule: Tensor;
  readonly #name: string;

  constructor(
    name: string,
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    counts: { states: number; schedule: number },
  ) {
    this.#name = name;
    this.gpu = gpu;
    this.parameters = Array.isArray(parameters)
      ? new Map(parameters.map((parameter: Tensor, i) => [`${i}`, parameter]))
      : (parameters as ReadonlyMap<string, Tensor>);
    if (!(this.parameters instanceof Map && [...this.parameters.values()].every((p) => p instanceof Tensor))) {
      throw new ArgumentError(`${name}: the parameters are no tensors`, "Give an array of tensors, or a Map of them.");
    }
    this.schedule = gpu.persistent([counts.schedule]);
    const shapes = [...this.parameters.values()].map(({ shape }) => shape);
    this.states = Array.from({ length: counts.states }, () => {
      const tensors = gpu.persistentFlat(shapes);
      for (const tensor of tensors) tensor.write(new Float32Array(tensor.size));
      return new Map([...this.parameters.keys()].map((key, i) => [key, tensors[i]]));
    });
  }

  /** Runs the kernel. */
  protected abstract dispatch(update: Update, over: Elementwise): void;

  /** What the kernels read of a step at a learning rate. */
  protected abstract scheduleOf(learningRate: number): readonly number[];

  /** Begins update number `step + 1` at a learning rate: counts it and writes what the kernels need of it. */
  advance(learningRate: number): void {
    checkValue("advance: the learning rate", learningRate, NOT_NEGATIVE);
    this.step++;
    this.begin(learningRate);
  }

  /** Writes what the kernels need of the step. */
  protected begin(learningRate: number): void {
    this.schedule.write(Float32Array.from(this.scheduleOf(learningRate)));
  }

  /** Called before the kernel runs, with each tensor of gradients and what of it they fill, in elements. */
  protected inspect(_gradients: readonly Inspected[]): void {}

  /** Updates the parameters in place from their gradients, in the order of `parameters`. May be recorded. */
  update(gradients: readonly Tensor[]): void {
    this.#checkGradients(gradients);
    const updates = [...this.parameters].map(([name, p], i): Update => {
      return { g: gradients[i], p, states: this.states.map((state) => state.get(name) as Tensor) };
    });
    const { recorder } = this.gpu;
    const parted = [...(recorder ? batches(updates) : [updates])].map((batch) => {
      return { batch, whole: recorder && this.#together(batch, recorder) };
    });
    const own = ({ g }: Update): Inspected => ({ g, filled: [[0, g.size]] });
    this.inspect(parted.flatMap(({ batch, whole }) => (whole ? [filledIn(whole.g, batch)] : batch.map(own))));
    for (const { batch, whole } of parted) {
      for (const update of whole ? [whole] : batch) this.dispatch(update, this.#over(update.p));
      for (const tensor of whole ? [whole.g, whole.p, ...whole.states] : []) tensor.dispose();
    }
  }

  /** All updates of a batch as one, where parameters lie as their states do and gradients can be placed so. */
  #together(batch: readonly Update[], recorder: Recorder): Update | null {
    if (batch.length === 1) return null;
    const states = batch[0].states.map(({ storage }) => storage.root);
    const { root: p } = batch[0].p.storage;
    const alike = batch.every((update) => {
      const { offset, root } = update.p.storage;
      const placed = offset === update.states[0].storage.offset && update.g.storage.bytes === update.p.storage.bytes;
      return root === p && placed;
    });
    // More bytes are those of parameters that are not to be trained.
    if (!alike || p.bytes !== states[0].bytes) return null;
    const g = recorder.flatten(batch.map((update) => update.g.storage));
    if (!g) return null;
    const whole = (storage: Storage) => flatTensor(this.gpu, storage);
    return { g: whole(g), p: whole(p), states: states.map(whole) };
  }

  #over(p: Tensor): Elementwise {
    const perThread = PER_THREAD[this.gpu.profile];
    const vec4s = Math.ceil(p.size / 4);
    return { vec4s, invocations: Math.ceil(vec4s / perThread), constants: { PER_THREAD: perThread } };
  }

  #checkGradients(gradients: readonly Tensor[]): void {
    const { size } = this.parameters;
    if (gradients.length !== size) {
      throw new ShapeError(`${this.#name}: ${gradients.length} gradients for ${size} parameters`, "Give one for each.");
    }
    let i = 0;
    for (const [name, { shape }] of this.parameters) {
      const gradient = gradients[i++];
      if (sameShape(gradient.shape, shape)) continue;
      throw new ShapeError(
        `${this.#name}: the gradient [${gradient.shape}] does not fit the parameter ${name} [${shape}]`,
        "Give the gradients in the order of the parameters.",
      );
    }
  }

  /** Gives back what is kept beside the parameters, and leaves these. */
  dispose(): void {
    for (const state of this.states) for (const tensor of state.values()) tensor.dispose();
    this.schedule.dispose();
  }
}

/** All of a storage of f32, the gaps between its parts too, as one more tensor. */
export function flatTensor(gpu: Gpu, storage: Storage): Tensor {
  storage.references++;
  return new Tensor(gpu, [storage.bytes / 4], "f32", storage);
}

/** What the gradients of a batch fill of the tensor that holds them all. */
const filledIn = (g: Tensor, batch: readonly Update[]): Inspected => ({
  g,
  filled: batch.map(({ g: { storage, size } }) => [storage.offset / 4, storage.offset / 4 + size]),
});

/** Updates whose states lie in one buffer, together. */
function batches(updates: readonly Update[]): Iterable<Update[]> {
  const byBuffer = new Map<Storage, Update[]>();
  for (const update of updates) {
    const { root } = update.states[0].storage;
    const batch = byBuffer.get(root);
    if (batch) batch.push(update);
    else byBuffer.set(root, [update]);
  }
  return byBuffer.values();
}
