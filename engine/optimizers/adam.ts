// Adam over a set of named parameters (PyTorch's defaults and form; docs/method.md section 6). The learning rate and
// the bias corrections of step t are written before each step, so the update itself can be part of a recorded program.
// There, parameters that lie together (gpu.persistentTogether) are updated by one dispatch: their gradients are placed
// together, too, and since Adam works element by element, the kernel runs over all of them and what lies between.
import { adam } from "../../shaders/generated.js";
import { type Check, checkOptions, checkValue } from "../core/check-options.js";
import { ArgumentError, ShapeError } from "../core/errors.js";
import { sameShape } from "../core/shapes.js";
import { type Storage, Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import type { Recorder } from "../device/recorder.js";

/** Consecutive vec4s per invocation. */
const PER_THREAD = { software: 4, gpu: 1 } as const;

const within = (value: unknown, end: number) => typeof value === "number" && value >= 0 && value < end;
const DECAY: Check = [(value) => within(value, 1), "a number from 0 to below 1"];
const NOT_NEGATIVE: Check = [(value) => within(value, Number.POSITIVE_INFINITY), "a number from 0 on"];

export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  eps?: number;
}

/** What one dispatch works on. */
interface Update {
  g: Tensor;
  p: Tensor;
  m: Tensor;
  v: Tensor;
}

/**
 * The optimiser Adam. What it updates are leaves of yours; its moments outlive scopes and recordings.
 *
 * @example
 * ```ts
 * import { Adam, grad, mseLoss, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const weight = gpu.tensor([5, -5]).requireGrad();
 * const adam = new Adam(gpu, new Map([["weight", weight]]));
 * for (let step = 0; step < 200; step++) {
 *   adam.advance(0.1);
 *   gpu.scope(() => adam.update(grad(mseLoss(weight, 1), [weight])));
 * }
 * const distance = Math.max(...(await weight.read()).map((w) => Math.abs(w - 1)));
 * console.log(distance < 0.5);
 * gpu.dispose();
 * ```
 */
export class Adam {
  /** Parameters, and the running means of their gradients (m) and squared gradients (v), by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly m = new Map<string, Tensor>();
  readonly v = new Map<string, Tensor>();
  /** Number of updates done. */
  step = 0;
  readonly #gpu: Gpu;
  readonly #options: Required<AdamOptions>;
  readonly #schedule: Tensor;

  /** Parameters of an array are named by their places in it: "0", "1" and so on. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], options: AdamOptions = {}) {
    checkOptions("Adam", options, { beta1: DECAY, beta2: DECAY, eps: NOT_NEGATIVE });
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
    this.#gpu = gpu;
    this.parameters = Array.isArray(parameters)
      ? new Map(parameters.map((parameter: Tensor, i) => [`${i}`, parameter]))
      : (parameters as ReadonlyMap<string, Tensor>);
    if (!(this.parameters instanceof Map && [...this.parameters.values()].every((p) => p instanceof Tensor))) {
      throw new ArgumentError("Adam: the parameters are no tensors", "Give an array of tensors, or a Map of them.");
    }
    this.#options = { beta1, beta2, eps };
    this.#schedule = gpu.persistent([2]);
    const shapes = [...this.parameters.values()].map(({ shape }) => shape);
    for (const moments of [this.m, this.v]) {
      const tensors = gpu.persistentTogether(shapes);
      for (const [i, name] of [...this.parameters.keys()].entries()) {
        tensors[i].write(new Float32Array(tensors[i].size));
        moments.set(name, tensors[i]);
      }
    }
  }

  /** Begins update number `step + 1` at a learning rate: counts it and writes what the kernels need of it. */
  advance(learningRate: number): void {
    checkValue("advance: the learning rate", learningRate, NOT_NEGATIVE);
    this.step++;
    const { beta1, beta2 } = this.#options;
    const rate = learningRate / (1 - beta1 ** this.step);
    const correction = 1 / Math.sqrt(1 - beta2 ** this.step);
    this.#schedule.write(new Float32Array([rate, correction]));
  }

  /** Updates the parameters in place from their gradients, in the order of `parameters`. May be recorded. */
  update(gradients: readonly Tensor[]): void {
    this.#checkGradients(gradients);
    const updates = [...this.parameters].map(([name, p], i): Update => {
      return { g: gradients[i], p, m: this.m.get(name) as Tensor, v: this.v.get(name) as Tensor };
    });
    const { recorder } = this.#gpu;
    for (const batch of recorder ? batches(updates) : [updates]) {
      const whole = recorder && this.#together(batch, recorder);
      for (const update of whole ? [whole] : batch) this.#dispatch(update);
      for (const tensor of Object.values(whole ?? {})) tensor.dispose();
    }
  }

  /** All updates of a batch as one, where parameters lie as their moments do and gradients can be placed so. */
  #together(batch: readonly Update[], recorder: Recorder): Update | null {
    if (batch.length === 1) return null;
    const [m, v, p] = (["m", "v", "p"] as const).map((name) => batch[0][name].storage.root);
    const alike = batch.every((update) => {
      const { offset, root } = update.p.storage;
      return root === p && offset === update.m.storage.offset && update.g.storage.bytes === update.p.storage.bytes;
    });
    // More bytes are those of parameters that are not to be trained.
    if (!alike || p.bytes !== m.bytes) return null;
    const g = recorder.together(batch.map((update) => update.g.storage));
    if (!g) return null;
    const whole = (storage: Storage) => {
      storage.references++;
      return new Tensor(this.#gpu, [storage.bytes / 4], "f32", storage);
    };
    return { g: whole(g), p: whole(p), m: whole(m), v: whole(v) };
  }

  #dispatch({ g, p, m, v }: Update): void {
    const { beta1, beta2, eps } = this.#options;
    const perThread = PER_THREAD[this.#gpu.profile];
    const vec4s = Math.ceil(p.size / 4);
    this.#gpu.dispatch(adam, {
      bindings: { g, schedule: this.#schedule, p, m, v },
      params: { vec4s, beta1, beta2, eps },
      invocations: Math.ceil(vec4s / perThread),
      constants: { PER_THREAD: perThread },
    });
  }

  #checkGradients(gradients: readonly Tensor[]): void {
    const { size } = this.parameters;
    if (gradients.length !== size) {
      throw new ShapeError(`Adam: ${gradients.length} gradients for ${size} parameters`, "Give one for each.");
    }
    let i = 0;
    for (const [name, { shape }] of this.parameters) {
      const gradient = gradients[i++];
      if (sameShape(gradient.shape, shape)) continue;
      throw new ShapeError(
        `Adam: the gradient [${gradient.shape}] does not fit the parameter ${name} [${shape}]`,
        "Give the gradients in the order of the parameters.",
      );
    }
  }

  dispose(): void {
    for (const tensor of [...this.m.values(), ...this.v.values(), this.#schedule]) tensor.dispose();
  }
}

/** Updates whose moments lie in one buffer, together. */
function batches(updates: readonly Update[]): Iterable<Update[]> {
  const byBuffer = new Map<Storage, Update[]>();
  for (const update of updates) {
    const { root } = update.m.storage;
    const batch = byBuffer.get(root);
    if (batch) batch.push(update);
    else byBuffer.set(root, [update]);
  }
  return byBuffer.values();
}
