// Dynamic loss scaling (Micikevicius et al., "Mixed precision training", 2018): gradients stored as f16 would underflow
// below 6e-8, so the loss is multiplied by a scale, and the update divides the gradients by it in f32. As in PyTorch's
// GradScaler, the scale is kept as high as possible without overflow: each optimizer skips an update for which one of
// its gradients is not finite. All of it runs on the GPU, so that recorded steps need no read-back.
import { loss_scale, overflow } from "../../shaders/generated.js";
import type { Gpu } from "../core/gpu.js";
import type { Tensor } from "../core/tensor.js";
import { checkOptions, checkValue, positive, tensor, whole } from "../lib/check-options.js";
import { ArgumentError, ShapeError } from "../lib/errors.js";
import type { GradientRanges } from "./optimizer.js";

export interface LossScalerOptions {
  /** The scale at the start; 2^16 by default. */
  initScale?: number;
  /** Consecutive steps without overflow after which the scale is doubled; 2,000 by default. */
  growthInterval?: number;
  /** The smallest scale: if a gradient overflows even at it, the scale becomes 0; 1 by default. */
  minScale?: number;
}

/** Optimizers that one scaler can serve. */
const MAX_OPTIMIZERS = 16;

/** Elements that one workgroup checks. */
const CHUNK = 4096;

/**
 * The scale of losses whose activations are stored as f16 (PyTorch's GradScaler), for optimizers made with it.
 *
 * @example
 * ```ts
 * import { Adam, grad, LossScaler, mseLoss, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const scaler = new LossScaler(gpu);
 * const weight = gpu.tensor([5]).requireGrad();
 * const adam = new Adam(gpu, [weight], {}, scaler);
 * for (let step = 0; step < 3; step++) {
 *   adam.advance(1);
 *   gpu.scope(() => {
 *     const loss = mseLoss(weight, 1);
 *     adam.update(grad(loss, [weight], { dy: scaler.lossGradient(loss) }));
 *     scaler.update();
 *   });
 * }
 * const { scale, growthTracker } = await scaler.read();
 * console.log(Math.round(await weight.item()), scale, growthTracker); // 2 65536 3
 * gpu.dispose();
 * ```
 */
export class LossScaler {
  /** The scale and the growth tracker (consecutive steps without overflow since the scale changed), of shape [2]. */
  readonly state: Tensor;
  /** For each optimizer whether one of its gradients is infinite or NaN. */
  readonly foundInf: Tensor;
  readonly #gpu: Gpu;
  readonly #options: Required<LossScalerOptions>;
  #optimizers = 0;

  constructor(gpu: Gpu, options: LossScalerOptions = {}) {
    checkOptions("LossScaler", options, { initScale: positive, growthInterval: whole(1), minScale: positive });
    const { initScale = 2 ** 16, growthInterval = 2000, minScale = 1 } = options;
    this.#gpu = gpu;
    this.#options = { initScale, growthInterval, minScale };
    this.state = gpu.persistent([2]);
    this.foundInf = gpu.persistent([MAX_OPTIMIZERS], "i32");
    this.foundInf.write(new Int32Array(MAX_OPTIMIZERS));
    this.write({ scale: initScale, growthTracker: 0 });
  }

  /**
   * The gradient of the scaled loss with respect to the loss: `dy` for grad and backward. Throws a ShapeError for a
   * loss of several elements.
   */
  lossGradient(loss: Tensor): Tensor {
    checkValue("lossGradient: the loss", loss, tensor);
    if (loss.size !== 1) throw new ShapeError(`lossGradient: the loss has shape [${loss.shape}]`, "Take its mean.");
    return this.state.part(0, loss.shape) as Tensor;
  }

  /** Updates the scale, after all optimizers' updates of a step. May be recorded. */
  update(): void {
    const { growthInterval: growth_interval, minScale: min_scale } = this.#options;
    this.#gpu.dispatch(loss_scale, {
      bindings: { found_inf: this.foundInf, state: this.state },
      params: { optimizers: this.#optimizers, growth_interval, min_scale },
      grid: 1,
    });
  }

  /** The scale (0 if a gradient overflowed at the smallest one) and the growth tracker. */
  async read(): Promise<{ scale: number; growthTracker: number }> {
    const [scale, growthTracker] = await this.state.read();
    return { scale, growthTracker };
  }

  /** Restores what read() returned. */
  write({ scale, growthTracker }: { scale: number; growthTracker: number }): void {
    this.state.write([scale, growthTracker]);
  }

  /** Called by optimizers: registers one and returns its index. */
  addOptimizer(): number {
    if (this.#optimizers === MAX_OPTIMIZERS)
      throw new ArgumentError(`a LossScaler has ${MAX_OPTIMIZERS} optimizers at most`, "Make another one.");
    return this.#optimizers++;
  }

  /** Called by optimizers: sets an optimizer's `foundInf` if one of its gradients is infinite or NaN. */
  checkFinite(optimizer: number, gradients: readonly GradientRanges[]): void {
    for (const { g, ranges } of gradients) {
      const chunks = ranges.flatMap(([first, end]) =>
        Array.from({ length: Math.ceil((end - first) / CHUNK) }, (_, i) => {
          const start = first + i * CHUNK;
          return [start, Math.min(start + CHUNK, end)];
        }),
      );
      const table = this.#gpu.tensor(Int32Array.from(chunks.flat()));
      this.#gpu.dispatch(overflow, {
        bindings: { g, chunks: table, found_inf: this.foundInf },
        params: { chunks: chunks.length, optimizer },
        grid: chunks.length,
      });
      table.dispose();
    }
  }

  /** Frees the memory. */
  dispose(): void {
    this.state.dispose();
    this.foundInf.dispose();
  }
}
