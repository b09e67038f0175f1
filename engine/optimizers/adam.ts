// Adam over a set of named parameters (PyTorch's defaults and form; docs/method.md section 6), and AdamW, whose weight
// decay is decoupled from the gradients and their moments (Loshchilov and Hutter, 2019).
import { adam, adam_scalars } from "../../shaders/generated.js";
import type { Gpu } from "../core/gpu.js";
import type { Tensor } from "../core/tensor.js";
import { checkOptions } from "../lib/check-options.js";
import type { LossScaler } from "./loss-scaler.js";
import { DECAY, type Elementwise, type GradientRanges, NOT_NEGATIVE, Optimizer, type Update } from "./optimizer.js";

export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  eps?: number;
  /** PyTorch's weight_decay; 0 by default, 0.01 with AdamW. */
  weightDecay?: number;
}

const OPTIONS = { beta1: DECAY, beta2: DECAY, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };

/** State used only with a loss scaler: the host's inputs for the step, and the number of updates not skipped. */
interface Scaled {
  readonly scaler: LossScaler;
  /** The optimizer's index at the scaler. */
  readonly optimizer: number;
  readonly inputs: Tensor;
  readonly updates: Tensor;
}

/** The logarithm, finite for 0 too. */
const logOf = (beta: number): number => Math.max(Math.log(beta), -1e4);

/** The common base of Adam and AdamW, which differ in the weight decay only. */
class AdamBase extends Optimizer {
  /** The moments: running means of the gradients, and of the squared gradients, by name. */
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
    super(name, gpu, parameters, { states: 2, scalars: 4 });
    [this.m, this.v] = this.states;
    this.#options = options;
    this.#decoupled = decoupled;
    try {
      this.#scaled = scaler
        ? { scaler, optimizer: scaler.addOptimizer(), inputs: gpu.persistent([2]), updates: gpu.persistent([1]) }
        : null;
    } catch (error) {
      super.dispose();
      throw error;
    }
    this.#scaled?.updates.write([0]);
    this.#scaled?.inputs.write([0, 1]);
  }

  override async updates(): Promise<number> {
    return this.#scaled ? this.#scaled.updates.item() : this.step;
  }

  override resumeAt(updates: number): void {
    super.resumeAt(updates);
    this.#scaled?.updates.write([updates]);
  }

  protected override begin(learningRate: number): void {
    if (this.#scaled) this.#scaled.inputs.write([learningRate, this.#decayFactor(learningRate)]);
    else super.begin(learningRate);
  }

  protected override scalarsAt(learningRate: number): number[] {
    const { beta1, beta2 } = this.#options;
    const stepSize = learningRate / (1 - beta1 ** this.step);
    const correction = 1 / Math.sqrt(1 - beta2 ** this.step);
    return [stepSize, correction, this.#decayFactor(learningRate), 1];
  }

  /** AdamW's factor on the weights, 1 - lr * weightDecay (1 for Adam). */
  #decayFactor(learningRate: number): number {
    return this.#decoupled ? 1 - learningRate * this.#options.weightDecay : 1;
  }

  protected override prepare(gradients: readonly GradientRanges[]): void {
    if (!this.#scaled) return;
    const { scaler, optimizer, inputs, updates } = this.#scaled;
    scaler.checkFinite(optimizer, gradients);
    const { beta1, beta2 } = this.#options;
    this.gpu.dispatch(adam_scalars, {
      bindings: { found_inf: scaler.foundInf, state: scaler.state, inputs, updates, scalars: this.scalars },
      params: { optimizer, log_beta1: logOf(beta1), log_beta2: logOf(beta2) },
      grid: 1,
    });
  }

  override dispose(): void {
    super.dispose();
    this.#scaled?.inputs.dispose();
    this.#scaled?.updates.dispose();
  }

  protected override dispatch({ g, p, states: [m, v] }: Update, { vec4s, invocations, constants }: Elementwise): void {
    const { beta1, beta2, eps, weightDecay } = this.#options;
    const decay = this.#decoupled ? 0 : weightDecay;
    this.gpu.dispatch(adam, {
      bindings: { g, scalars: this.scalars, p, m, v },
      params: { vec4s, beta1, beta2, eps, decay },
      invocations,
      constants,
    });
  }
}

/**
 * The Adam optimizer. It updates the given tensors in place; its moments outlive scopes and recordings.
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
   * Parameters given as an array are named by index: "0", "1" and so on. `scaler` is the loss scaler of the losses
   * whose gradients update() gets.
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
 * Adam with decoupled weight decay: each update first multiplies the weights by 1 - learning rate * weightDecay.
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
   * Parameters given as an array are named by index: "0", "1" and so on. `scaler` is the loss scaler of the losses
   * whose gradients update() gets.
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
