// Shared by optimizers: named parameters, their per-parameter state (moments, momentum), and the per-step scalars (step
// size and so on) in a buffer that is written before each step, so that updates can be recorded. In a recording,
// parameters in one flat buffer (gpu.persistentFlat, or gathered here) are updated by one dispatch: their gradients are
// placed in a flat buffer, too, and since updates are elementwise, the kernel runs over both, padding included.
import type { Gpu } from "../core/gpu.js";
import type { Recorder } from "../core/recorder.js";
import { Tensor } from "../core/tensor.js";
import type { Storage } from "../device/storage.js";
import { type Check, checkValue, tensor, whole } from "../lib/check-options.js";
import { ArgumentError, ShapeError } from "../lib/errors.js";
import { type Shape, sameShape, shapeText } from "../lib/shapes.js";
import { VEC4S_PER_THREAD } from "../operators/lib/pointwise-kernels.js";

export const NOT_NEGATIVE: Check = [
  (value) => typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY,
  "a number from 0 on",
];

/** A number from 0 to below 1, for running means. */
export const DECAY: Check = [(value) => NOT_NEGATIVE[0](value) && (value as number) < 1, "a number from 0 to below 1"];

/** The tensors of one dispatch: a gradient, its parameter, and the parameter's states. */
export interface Update {
  readonly g: Tensor;
  readonly p: Tensor;
  readonly states: readonly Tensor[];
}

/** A tensor with one or more gradients, and the ranges of elements that they take in it. */
export interface GradientRanges {
  readonly g: Tensor;
  readonly ranges: readonly (readonly [first: number, end: number])[];
}

/** How a kernel is dispatched over the elements of a parameter. */
export interface Elementwise {
  readonly vec4s: number;
  readonly invocations: number;
  readonly constants: { readonly PER_THREAD: number };
}

/**
 * The base of all optimizers. Parameters with buffers of their own are moved into one, so that a recorded update is one
 * dispatch, unless a recorded program uses them already; their memory is then freed when the last of them is disposed,
 * and no kernel of one's own may read one of them and write another.
 */
export abstract class Optimizer {
  /** The parameters to update, by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Number of updates done. */
  step = 0;
  protected readonly gpu: Gpu;
  /** The states: of each kind a map with a tensor for each parameter, by name. */
  protected readonly states: readonly Map<string, Tensor>[];
  /** The step's scalars, which the kernels read. */
  protected readonly scalars: Tensor;
  readonly #name: string;

  constructor(
    name: string,
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    counts: { states: number; scalars: number },
  ) {
    this.#name = name;
    this.gpu = gpu;
    this.parameters = Array.isArray(parameters)
      ? new Map(parameters.map((parameter: Tensor, i) => [`${i}`, parameter]))
      : (parameters as ReadonlyMap<string, Tensor>);
    if (
      !(
        this.parameters instanceof Map &&
        [...this.parameters.values()].every((p) => p instanceof Tensor && p.gpu === gpu && p.dtype !== "i32")
      )
    ) {
      throw new ArgumentError(
        `${name}: the parameters are no tensors of floats of this engine`,
        "Give an array of tensors, or a Map of them.",
      );
    }
    const tensors = [...this.parameters.values()];
    const shapes = tensors.map(({ shape }) => shape);
    gather(gpu, tensors, shapes);
    this.states = Array.from({ length: counts.states }, () => {
      const zeros = gpu.persistentFlat(shapes);
      for (const tensor of zeros) tensor.write(new Float32Array(tensor.size));
      return new Map([...this.parameters.keys()].map((key, i) => [key, zeros[i]]));
    });
    this.scalars = gpu.persistent([counts.scalars]);
    // A program that is replayed before advance() leaves the parameters as they are.
    this.scalars.write(new Float32Array(counts.scalars));
  }

  /** Dispatches the kernel. */
  protected abstract dispatch(update: Update, over: Elementwise): void;

  /** The scalars of the step at a learning rate. */
  protected abstract scalarsAt(learningRate: number): readonly number[];

  /** Begins the next step at a learning rate: increments `step` and writes the step's scalars. */
  advance(learningRate: number): void {
    checkValue("advance: the learning rate", learningRate, NOT_NEGATIVE);
    this.step++;
    this.begin(learningRate);
  }

  /** Number of updates done, for a checkpoint. With a loss scaler, skipped ones do not count; the GPU is asked. */
  async updates(): Promise<number> {
    return this.step;
  }

  /** Restores the number of updates done, from a checkpoint. */
  resumeAt(updates: number): void {
    checkValue("resumeAt: the number of updates", updates, whole(0));
    this.step = updates;
  }

  /** Writes the step's scalars. */
  protected begin(learningRate: number): void {
    this.scalars.write(Float32Array.from(this.scalarsAt(learningRate)));
  }

  /** Called before the kernel is dispatched, with every tensor of gradients. */
  protected prepare(_gradients: readonly GradientRanges[]): void {}

  /** Updates the parameters in place from their gradients, in the order of `parameters`. May be recorded. */
  update(gradients: readonly Tensor[]): void {
    this.#checkGradients(gradients);
    // In a recording the step's scalars are written before each replay.
    if (this.step === 0 && !this.gpu.recorder)
      throw new ArgumentError(`${this.#name}: no learning rate yet`, "Call advance(learningRate) before update().");
    this.gpu.scope(() => {
      const updates = [...this.parameters].map(([name, p], i): Update => {
        const states = this.states.map((state) => state.get(name) as Tensor);
        return { g: this.#apart(gradients[i], p), p, states };
      });
      const { recorder } = this.gpu;
      const flattened = [...(recorder ? batches(updates) : [updates])].map((batch) => {
        return { batch, flat: recorder && this.#flatten(batch, recorder) };
      });
      const whole = ({ g }: Update): GradientRanges => ({ g, ranges: [[0, g.size]] });
      this.prepare(flattened.flatMap(({ batch, flat }) => (flat ? [rangesIn(flat.g, batch)] : batch.map(whole))));
      for (const { batch, flat } of flattened)
        for (const update of flat ? [flat] : batch) this.dispatch(update, this.#over(update.p));
    });
  }

  /** The gradient, as a copy where it is in the parameter's buffer: WebGPU does not read and write one at a time. */
  #apart(gradient: Tensor, { storage }: Tensor): Tensor {
    if (gradient.storage.root !== storage.root) return gradient;
    const copy = this.gpu.empty(gradient.shape, gradient.dtype);
    copy.copyFrom(gradient);
    return copy;
  }

  /** A batch's updates as one, if parameters have the offsets of their states and the gradients can be given them. */
  #flatten(batch: readonly Update[], recorder: Recorder): Update | null {
    if (batch.length === 1) return null;
    const states = batch[0].states.map(({ storage }) => storage.root);
    const { root: p } = batch[0].p.storage;
    const sameLayout = batch.every((update) => {
      const { offset, root } = update.p.storage;
      const aligned = offset === update.states[0].storage.offset && update.g.storage.bytes === update.p.storage.bytes;
      return root === p && aligned;
    });
    // If the parameters' buffer is larger, it also holds parameters that are not to be updated.
    if (!sameLayout || p.bytes !== states[0].bytes) return null;
    const g = recorder.flatten(batch.map((update) => update.g.storage));
    if (!g) return null;
    const flat = (storage: Storage) => flatTensor(this.gpu, storage);
    return { g: flat(g), p: flat(p), states: states.map(flat) };
  }

  #over(p: Tensor): Elementwise {
    const perThread = VEC4S_PER_THREAD[this.gpu.profile];
    const vec4s = Math.ceil(p.size / 4);
    return { vec4s, invocations: Math.ceil(vec4s / perThread), constants: { PER_THREAD: perThread } };
  }

  #checkGradients(gradients: readonly Tensor[]): void {
    checkValue(`${this.#name}: the gradients`, gradients, [Array.isArray, "an array of tensors"]);
    const { size } = this.parameters;
    if (gradients.length !== size) {
      throw new ShapeError(`${this.#name}: ${gradients.length} gradients for ${size} parameters`, "Give one for each.");
    }
    let i = 0;
    for (const [name, { shape }] of this.parameters) {
      const gradient = gradients[i++];
      checkValue(`${this.#name}: the gradient of the parameter ${name}`, gradient, tensor);
      const integers = gradient.dtype === "i32";
      if (!integers && sameShape(gradient.shape, shape)) continue;
      const what = `${shapeText(gradient)}${integers ? " of i32" : ""}`;
      throw new ShapeError(
        `${this.#name}: the gradient ${what} does not fit the parameter ${name} [${shape}]`,
        "Give the gradients in the order of the parameters.",
      );
    }
  }

  /** Frees the optimizer's states and scalars, but not the parameters. */
  dispose(): void {
    for (const state of this.states) for (const tensor of state.values()) tensor.dispose();
    this.scalars.dispose();
  }
}

/** Moves parameters that have buffers of their own into one, if no recorded program has bound these buffers. */
function gather(gpu: Gpu, parameters: readonly Tensor[], shapes: readonly Shape[]): void {
  const storages = new Set(parameters.map(({ storage }) => storage));
  const alone = parameters.every(
    ({ disposed, storage: one }) =>
      !disposed && one.root === one && one.buffer && !one.virtual && !one.half && !one.bound,
  );
  if (gpu.recorder || storages.size < 2 || storages.size < parameters.length || !alone) return;
  const homes = gpu.persistentFlat(shapes);
  for (const [i, parameter] of parameters.entries()) {
    const buffer = parameter.requireBuffer();
    homes[i].copyFrom(parameter);
    gpu.releaseBuffer(buffer);
    parameter.storage.moveTo(homes[i].storage);
  }
}

/** A tensor over a whole flat storage of f32, the padding between its parts included. */
export function flatTensor(gpu: Gpu, storage: Storage): Tensor {
  storage.references++;
  return new Tensor(gpu, [storage.bytes / 4], "f32", storage);
}

/** The ranges of a batch's gradients in the flat tensor that holds them. */
const rangesIn = (g: Tensor, batch: readonly Update[]): GradientRanges => ({
  g,
  ranges: batch.map(({ g: { storage, size } }) => [storage.offset / 4, storage.offset / 4 + size]),
});

/** Updates grouped by the buffer of their states. */
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
