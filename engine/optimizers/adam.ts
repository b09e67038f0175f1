// Adam over a set of named parameters (PyTorch's defaults and form; docs/method.md section 6), and AdamW, in which the
// decay of the weights does not pass through the moments (Loshchilov and Hutter, 2019).
import { adam, adam_schedule } from "../../shaders/generated.js";
import { checkOptions } from "../core/check-options.js";
import type { Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import type { LossScaler } from "./loss-scaler.js";
import { DECAY, type Elementwise, type Inspected, NOT_NEGATIVE, Optimizer, type Update } from "./optimizer.js";

export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  eps?: number;
  /** How strongly weights are drawn to zero; 0 by default, 0.01 with AdamW. */
  weightDecay?: number;
}

const OPTIONS = { beta1: DECAY, beta2: DECAY, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };

/** What there is beside it where losses are scaled: what the host writes of a step, and the updates not left out. */
interface Scaled {
  readonly scaler: LossScaler;
  readonly slot: number;
  readonly given: Tensor;
  readonly count: Tensor;
}

/** A logarithm that is finite for 0, too. */
const logOf = (beta: number): number => Math.max(Math.log(beta), -1e4);

/** What Adam and AdamW are, but for the place where weights decay. */
class AdamBase extends Optimizer {
  /** The running means of the gradients, and of the squared gradients, by name. */
  readonly m: Map<string, Tensor>;
  readonly v: Map<string, Tensor>;
  readonly #options: Required<AdamOptions>;
  readonly #decoupled: boolean;
  readonly #scaled: Scaled | null;

  constructor(
    name: string,
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    options: Required<AdamOptions>,
    decoupled: boolean,
    scaler: LossScaler | undefined,
  ) {
    super(name, gpu, parameters, { states: 2, schedule: 4 });
    [this.m, this.v] = this.states;
    this.#options = options;
    this.#decoupled = decoupled;
    this.#scaled = scaler
      ? { scaler, slot: scaler.join(), given: gpu.persistent([2]), count: gpu.persistent([1]) }
      : null;
    this.#scaled?.count.write([0]);
  }

  /** Updates done: with a loss scaler without those that were left out, which the GPU alone knows. */
  async updates(): Promise<number> {
    return this.#scaled ? this.#scaled.count.item() : this.step;
  }

  /** Goes on after so many updates. */
  resumeAt(updates: number): void {
    this.step = updates;
    this.#scaled?.count.write([updates]);
  }

  protected override begin(learningRate: number): void {
    if (this.#scaled) this.#scaled.given.write([learningRate, this.#kept(learningRate)]);
    else super.begin(learningRate);
  }

  protected override scheduleOf(learningRate: number): number[] {
    const { beta1, beta2 } = this.#options;
    const rate = learningRate / (1 - beta1 ** this.step);
    const correction = 1 / Math.sqrt(1 - beta2 ** this.step);
    return [rate, correction, this.#kept(learningRate), 1];
  }

  /** What of the weights is left when they have decayed by themselves. */
  #kept(learningRate: number): number {
    return this.#decoupled ? 1 - learningRate * this.#options.weightDecay : 1;
  }

  protected override inspect(gradients: readonly Inspected[]): void {
    if (!this.#scaled) return;
    const { scaler, slot, given, count } = this.#scaled;
    scaler.inspect(slot, gradients);
    const { beta1, beta2 } = this.#options;
    this.gpu.dispatch(adam_schedule, {
      bindings: { flags: scaler.flags, state: scaler.state, given, count, schedule: this.schedule },
      params: { slot, log_beta1: logOf(beta1), log_beta2: logOf(beta2) },
      grid: 1,
    });
  }

  override dispose(): void {
    super.dispose();
    this.#scaled?.given.dispose();
    this.#scaled?.count.dispose();
  }

  protected override dispatch({ g, p, states: [m, v] }: Update, { vec4s, invocations, constants }: Elementwise): void {
    const { beta1, beta2, eps, weightDecay } = this.#options;
    const decay = this.#decoupled ? 0 : weightDecay;
    this.gpu.dispatch(adam, {
      bindings: { g, schedule: this.schedule, p, m, v },
      params: { vec4s, beta1, beta2, eps, decay },
      invocations,
      constants,
    });
  }
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
export class Adam extends AdamBase {
  /**
   * Parameters of an array are named by their places in it: "0", "1" and so on. A scaler is that of the losses whose
   * gradients it gets.
   */
  constructor(
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    options: AdamOptions = {},
    scaler?: LossScaler,
  ) {
    checkOptions("Adam", options, OPTIONS);
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
    super("Adam", gpu, parameters, { beta1, beta2, eps, weightDecay }, false, scaler);
  }
}

/**
 * Adam whose weights decay by themselves: each update first multiplies them by 1 - learning rate * weightDecay.
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([2, -2]);
 * const adam = new AdamW(gpu, [weight], { weightDecay: 0.5 });
 * adam.advance(1);
 * adam.update([gpu.tensor([0, 0])]);
 * console.log(await weight.read()); // 1, -1
 * ```
 */
export class AdamW extends AdamBase {
  /**
   * Parameters of an array are named by their places in it: "0", "1" and so on. A scaler is that of the losses whose
   * gradients it gets.
   */
  constructor(
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    options: AdamOptions = {},
    scaler?: LossScaler,
  ) {
    checkOptions("AdamW", options, OPTIONS);
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 } = options;
    super("AdamW", gpu, parameters, { beta1, beta2, eps, weightDecay }, true, scaler);
  }
}
