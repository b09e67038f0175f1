// Loss scaling (Micikevicius et al., "Mixed precision training", 2018): gradients of activations that are stored as f16
// would be lost below 6e-8, so they are those of the loss times a scale, which the update takes back in f32. The scale
// is as high as goes without overflow, as in PyTorch's GradScaler: each optimizer leaves an update out where a gradient
// of its own is not finite. All of it happens on the GPU, so that recorded steps need no reading back.
import { loss_scale, overflow } from "../../shaders/generated.js";
import { checkOptions, positive, whole } from "../core/check-options.js";
import { ArgumentError } from "../core/errors.js";
import type { Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import type { Inspected } from "./optimizer.js";

export interface LossScalerOptions {
  /** The scale at the start; 2^16 by default. */
  initial?: number;
  /** Steps without overflow after which it is doubled; 2,000 by default. */
  growthInterval?: number;
  /** The smallest scale: where a gradient overflows even then, it becomes 0; 1 by default. */
  smallest?: number;
}

/** Optimizers that one scaler can have. */
const SLOTS = 16;

/** Gradients that a workgroup looks at. */
const CHUNK = 4096;

/**
 * The scale of losses whose activations are stored as f16, for optimizers that are made with it.
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
 *     adam.update(grad(loss, [weight], { dy: scaler.scaleOf(loss) }));
 *     scaler.update();
 *   });
 * }
 * const { scale, clean } = await scaler.read();
 * console.log(Math.round(await weight.item()), scale, clean); // 2 65536 3
 * gpu.dispose();
 * ```
 */
export class LossScaler {
  /** The scale, and the steps since it changed, of shape [2]. */
  readonly state: Tensor;
  /** What optimizers found in their gradients. */
  readonly flags: Tensor;
  readonly #gpu: Gpu;
  readonly #options: Required<LossScalerOptions>;
  #slots = 0;

  constructor(gpu: Gpu, options: LossScalerOptions = {}) {
    checkOptions("LossScaler", options, { initial: positive, growthInterval: whole(1), smallest: positive });
    const { initial = 2 ** 16, growthInterval = 2000, smallest = 1 } = options;
    this.#gpu = gpu;
    this.#options = { initial, growthInterval, smallest };
    this.state = gpu.persistent([2]);
    this.flags = gpu.persistent([SLOTS], "i32");
    this.flags.write(new Int32Array(SLOTS));
    this.write({ scale: initial, clean: 0 });
  }

  /** The scale as the cotangent (`dy` of grad and backward) of a loss of one element. */
  scaleOf(loss: Tensor): Tensor {
    return this.state.part(0, loss.shape) as Tensor;
  }

  /** Ends a step, after all updates: sets the scale of the next. May be recorded. */
  update(): void {
    const { growthInterval: interval, smallest } = this.#options;
    this.#gpu.dispatch(loss_scale, {
      bindings: { flags: this.flags, state: this.state },
      params: { slots: this.#slots, interval, smallest },
      grid: 1,
    });
  }

  /** The scale, 0 where a gradient overflowed at the smallest, and the steps since it changed. */
  async read(): Promise<{ scale: number; clean: number }> {
    const [scale, clean] = await this.state.read();
    return { scale, clean };
  }

  /** Goes on from what was read before. */
  write({ scale, clean }: { scale: number; clean: number }): void {
    this.state.write([scale, clean]);
  }

  /** For optimizers: a place for what they find. */
  join(): number {
    if (this.#slots === SLOTS)
      throw new ArgumentError(`a LossScaler has ${SLOTS} optimizers at most`, "Make another one.");
    return this.#slots++;
  }

  /** For optimizers: notes whether a gradient is infinite or NaN. */
  inspect(slot: number, gradients: readonly Inspected[]): void {
    for (const { g, filled } of gradients) {
      const chunks = filled.flatMap(([first, end]) =>
        Array.from({ length: Math.ceil((end - first) / CHUNK) }, (_, i) => {
          const from = first + i * CHUNK;
          return [from, Math.min(from + CHUNK, end)];
        }),
      );
      const table = this.#gpu.tensor(Int32Array.from(chunks.flat()));
      this.#gpu.dispatch(overflow, {
        bindings: { g, chunks: table, flags: this.flags },
        params: { chunks: chunks.length, slot },
        grid: chunks.length,
      });
      table.dispose();
    }
  }

  /** Gives the memory back. */
  dispose(): void {
    this.state.dispose();
    this.flags.dispose();
  }
}
