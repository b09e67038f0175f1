// Adam over a set of named parameters (PyTorch's defaults and form; docs/method.md section 6), and AdamW, in which the
// decay of the weights does not pass through the moments (Loshchilov and Hutter, 2019).
import { adam } from "../../shaders/generated.js";
import { checkOptions } from "../core/check-options.js";
import type { Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import { DECAY, type Elementwise, NOT_NEGATIVE, Optimizer, type Update } from "./optimizer.js";

export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  eps?: number;
  /** How strongly weights are drawn to zero; 0 by default, 0.01 with AdamW. */
  weightDecay?: number;
}

const OPTIONS = { beta1: DECAY, beta2: DECAY, eps: NOT_NEGATIVE, weightDecay: NOT_NEGATIVE };

/** What Adam and AdamW are, but for the place where weights decay. */
class AdamBase extends Optimizer {
  /** The running means of the gradients, and of the squared gradients, by name. */
  readonly m: Map<string, Tensor>;
  readonly v: Map<string, Tensor>;
  readonly #options: Required<AdamOptions>;
  readonly #decoupled: boolean;

  constructor(
    name: string,
    gpu: Gpu,
    parameters: ReadonlyMap<string, Tensor> | readonly Tensor[],
    options: Required<AdamOptions>,
    decoupled: boolean,
  ) {
    super(name, gpu, parameters, { states: 2, schedule: 3 });
    [this.m, this.v] = this.states;
    this.#options = options;
    this.#decoupled = decoupled;
  }

  protected override scheduleOf(learningRate: number): number[] {
    const { beta1, beta2, weightDecay } = this.#options;
    const rate = learningRate / (1 - beta1 ** this.step);
    const correction = 1 / Math.sqrt(1 - beta2 ** this.step);
    return [rate, correction, this.#decoupled ? 1 - learningRate * weightDecay : 1];
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
  /** Parameters of an array are named by their places in it: "0", "1" and so on. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], options: AdamOptions = {}) {
    checkOptions("Adam", options, OPTIONS);
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
    super("Adam", gpu, parameters, { beta1, beta2, eps, weightDecay }, false);
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
  /** Parameters of an array are named by their places in it: "0", "1" and so on. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], options: AdamOptions = {}) {
    checkOptions("AdamW", options, OPTIONS);
    const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01 } = options;
    super("AdamW", gpu, parameters, { beta1, beta2, eps, weightDecay }, true);
  }
}
