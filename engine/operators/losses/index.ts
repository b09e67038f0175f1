// Mean losses, composed of other operators, so that their gradients (and the gradients of those) need no code of
// their own.
import { checkOptions, checkValue, number, positive } from "../../core/check-options.js";
import type { Tensor } from "../../core/tensor.js";
import { gather } from "../gather/index.js";
import { logSoftmax } from "../normalization/index.js";
import { abs, add, clamp, mul, type Operand, scale, softplus, square, sub } from "../pointwise/index.js";
import { mean } from "../reduction/index.js";
import { unsqueeze } from "../strided/index.js";

/**
 * Mean of (x - target)^2; the target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await mseLoss(gpu.tensor([1, 4]), gpu.tensor([0, 7])).item()); // 5
 * ```
 */
export function mseLoss(x: Tensor, target: Tensor | number): Tensor {
  return mean(square(typeof target === "number" ? scale(x, 1, -target) : sub(x, target)));
}

/**
 * Mean binary cross-entropy of logits x against targets in [0, 1]: softplus(x) - target * x, which is stable for all x.
 * The target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * const logits = gpu.tensor([0, 0]);
 * console.log((await bceWithLogits(logits, 1).item()).toFixed(3)); // 0.693
 * ```
 */
export function bceWithLogits(x: Tensor, target: Tensor | number): Tensor {
  if (target === 0) return mean(softplus(x));
  return mean(sub(softplus(x), typeof target === "number" ? scale(x, target) : mul(x, target)));
}

/**
 * Mean of |x - target|; the target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await l1Loss(gpu.tensor([1, 4]), gpu.tensor([0, 6])).item()); // 1.5
 * ```
 */
export const l1Loss = (x: Tensor, target: Operand): Tensor => mean(abs(sub(x, target)));

/**
 * Mean of d - beta / 2 for distances d = |x - target| beyond beta, and of d^2 / (2 beta) below: PyTorch's
 * smooth_l1_loss. The target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await smoothL1Loss(gpu.tensor([1, 5]), gpu.tensor([0, 0])).item()); // 2.5
 * ```
 */
export function smoothL1Loss(x: Tensor, target: Operand, beta = 1): Tensor {
  checkValue("smoothL1Loss: beta", beta, positive);
  const distance = abs(sub(x, target));
  const near = clamp(distance, 0, beta);
  return scale(mean(mul(near, sub(distance, scale(near, 0.5)))), 1 / beta);
}

/**
 * Mean of -x at the target's classes: x [batch, classes, ...] holds logarithms of probabilities, the target
 * [batch, ...] classes as i32, from 0 on.
 *
 * @example
 * ```ts
 * const logs = gpu.tensor([[-1, -2], [-3, -4]]);
 * console.log(await nllLoss(logs, gpu.tensor(Int32Array.of(0, 1))).item()); // 2.5
 * ```
 */
export const nllLoss = (x: Tensor, target: Tensor): Tensor => scale(mean(gather(x, 1, unsqueeze(target, 1))), -1);

export interface CrossEntropyOptions {
  /** The part of every target's probability that is shared among all classes; 0 by default. */
  labelSmoothing?: number;
}

/**
 * Mean cross-entropy of the softmax of logits x [batch, classes, ...] against classes: target [batch, ...] as i32, from
 * 0 on.
 *
 * @example
 * ```ts
 * import { crossEntropy, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const logits = gpu.tensor([[2, 0, 0], [0, 0, 0]]);
 * const loss = crossEntropy(logits, gpu.tensor(Int32Array.of(0, 2)));
 * console.log((await loss.item()).toFixed(3)); // 0.669
 * gpu.dispose();
 * ```
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkOptions("crossEntropy", options, { labelSmoothing: number });
  const { labelSmoothing = 0 } = options;
  const logs = logSoftmax(x, 1);
  const loss = nllLoss(logs, target);
  return labelSmoothing ? add(scale(loss, 1 - labelSmoothing), scale(mean(logs), -labelSmoothing)) : loss;
}
