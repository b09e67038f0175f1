// Mean losses, composed of other operators, so that their gradients (and the gradients of those) need no code of
// their own.
import type { Tensor } from "../../core/tensor.js";
import { mul, scale, softplus, square, sub } from "../pointwise/index.js";
import { mean } from "../reduction/index.js";

/** Mean of (x - target)^2; the target is a number or a tensor that broadcasts. */
export function mseLoss(x: Tensor, target: Tensor | number): Tensor {
  return mean(square(typeof target === "number" ? scale(x, 1, -target) : sub(x, target)));
}

/**
 * Mean binary cross-entropy of logits x against targets in [0, 1]: softplus(x) - target * x, which is stable for all x.
 * The target is a number or a tensor that broadcasts.
 */
export function bceWithLogits(x: Tensor, target: Tensor | number): Tensor {
  if (target === 0) return mean(softplus(x));
  return mean(sub(softplus(x), typeof target === "number" ? scale(x, target) : mul(x, target)));
}
