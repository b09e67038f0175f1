// Gradient clipping, before an update. May be recorded.
import type { Tensor } from "../core/tensor.js";
import { type Check, checkValue, tensors } from "../lib/check-options.js";
import { add, clamp, div, mul, scale, sqrt, widenedSquare } from "../operators/pointwise/index.js";
import { sum } from "../operators/reduction/index.js";

const NORM: Check = [(value) => typeof value === "number" && value > 0, "a positive number, or Infinity"];

/** In place of an infinite norm, which no finite gradients reach either. */
const HUGE = 1e30;

/**
 * Gradients scaled down by a common factor to the norm `maxNorm` if the norm of all of them is larger; and the norm
 * before that, as a tensor. With Infinity the gradients stay as they are.
 *
 * @example
 * ```ts
 * const { gradients, norm } = clipGradNorm([gpu.tensor([30]), gpu.tensor([40])], 5);
 * const clipped = await concat(gradients).read();
 * console.log(Math.round(await norm.item()), clipped.map(Math.round)); // 50 3,4
 * ```
 */
export function clipGradNorm(gradients: readonly Tensor[], maxNorm: number): { gradients: Tensor[]; norm: Tensor } {
  checkValue("clipGradNorm: the norm", maxNorm, NORM);
  checkValue("clipGradNorm: the gradients", gradients, tensors);
  const { gpu } = gradients[0];
  return gpu.scope(() =>
    gpu.noGrad(() => {
      const norm = sqrt(gradients.map((gradient) => sum(widenedSquare(gradient))).reduce((a, b) => add(a, b)));
      const factor = clamp(div(Math.min(maxNorm, HUGE), scale(norm, 1, 1e-6)), 0, 1);
      return { gradients: gradients.map((gradient) => mul(gradient, factor)), norm };
    }),
  );
}
