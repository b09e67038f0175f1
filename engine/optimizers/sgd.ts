// Stochastic gradient descent in PyTorch's form: momentum, dampening, Nesterov's variant, weight decay.
import { sgd } from "../../shaders/generated.js";
import type { Gpu } from "../core/gpu.js";
import type { Tensor } from "../core/tensor.js";
import { checkOptions, flag } from "../lib/check-options.js";
import { ArgumentError } from "../lib/errors.js";
import { DECAY, type Elementwise, NOT_NEGATIVE, Optimizer, type Update } from "./optimizer.js";

export interface SgdOptions {
  /** The factor of the momentum buffer in each step; 0 by default. */
  momentum?: number;
  /** A gradient enters the momentum buffer times 1 - dampening; 0 by default. Nothing without momentum. */
  dampening?: number;
  /** Nesterov momentum (Nesterov, 1983); false by default. */
  nesterov?: boolean;
  /** PyTorch's weight_decay; 0 by default. */
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

  /** Parameters given as an array are named by index: "0", "1" and so on. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor> | readonly Tensor[], options: SgdOptions = {}) {
    checkOptions("SGD", options, { momentum: DECAY, dampening: DECAY, nesterov: flag, weightDecay: NOT_NEGATIVE });
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new ArgumentError("SGD: nesterov goes with momentum and without dampening", "Give it { momentum: 0.9 }.");
    super("SGD", gpu, parameters, { states: 1, scalars: 2 });
    this.#options = { momentum, dampening: momentum && dampening, nesterov, weightDecay };
  }

  /** The momentum buffer of each parameter, by name. */
  get buffers(): ReadonlyMap<string, Tensor> {
    return this.states[0];
  }

  protected override scalarsAt(learningRate: number): number[] {
    // The momentum buffer starts as the first gradient, without dampening.
    return [learningRate, this.step === 1 ? 1 : 1 - this.#options.dampening];
  }

  protected override dispatch({ g, p, states }: Update, { vec4s, invocations, constants }: Elementwise): void {
    const { momentum, nesterov, weightDecay } = this.#options;
    this.gpu.dispatch(sgd, {
      bindings: { g, scalars: this.scalars, p, buffer: states[0] },
      params: { vec4s, momentum, nesterov: nesterov ? 1 : 0, decay: weightDecay },
      invocations,
      constants,
    });
  }
}
