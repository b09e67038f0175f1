// Stochastic gradient descent in PyTorch's form: momentum, dampening, Nesterov's variant, weight decay.
import { sgd } from "../../shaders/generated.js";
import { checkOptions, flag } from "../core/check-options.js";
import { ArgumentError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import { DECAY, type Elementwise, NOT_NEGATIVE, Optimizer, type Update } from "./optimizer.js";

export interface SgdOptions {
  /** The part of the last direction that goes on; 0 by default. */
  momentum?: number;
  /** The part of a gradient that momentum leaves out; 0 by default. */
  dampening?: number;
  /** Whether the gradient is taken where momentum leads (Nesterov, 1983). */
  nesterov?: boolean;
  /** How strongly weights are drawn to zero; 0 by default. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, plain or with momentum.
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([1, 2]);
 * const sgd = new SGD(gpu, [weight], { momentum: 0.5 });
 * for (let step = 0; step < 2; step++) {
 *   sgd.advance(0.5);
 *   sgd.update([gpu.tensor([2, 2])]);
 * }
 * console.log(await weight.read()); // -1.5, -0.5
 * ```
 */
export class SGD extends Optimizer {
  readonly #options: Required<SgdOptions>;

  /** Parameters of an array are named by their places in it: "0", "1" and so on. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], options: SgdOptions = {}) {
    checkOptions("SGD", options, { momentum: DECAY, dampening: DECAY, nesterov: flag, weightDecay: NOT_NEGATIVE });
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new ArgumentError("SGD: nesterov goes with momentum and without dampening", "Give it { momentum: 0.9 }.");
    super("SGD", gpu, parameters, { states: 1, schedule: 2 });
    this.#options = { momentum, dampening, nesterov, weightDecay };
  }

  /** The momentum of each parameter, by name. */
  get buffers(): ReadonlyMap<string, Tensor> {
    return this.states[0];
  }

  protected override scheduleOf(learningRate: number): number[] {
    // The first gradient is the momentum, whatever the dampening.
    return [learningRate, this.step === 1 ? 1 : 1 - this.#options.dampening];
  }

  protected override dispatch({ g, p, states }: Update, { vec4s, invocations, constants }: Elementwise): void {
    const { momentum, nesterov, weightDecay } = this.#options;
    this.gpu.dispatch(sgd, {
      bindings: { g, schedule: this.schedule, p, buffer: states[0] },
      params: { vec4s, momentum, ahead: nesterov ? 1 : 0, decay: weightDecay },
      invocations,
      constants,
    });
  }
}
