// The adversarial losses (docs/method.md section 3). Real is 1 and fake 0, without label smoothing.
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { mul, relu, scale, softplus, sub, widenedSquare } from "../../engine/operators/pointwise/index.js";
import { mean } from "../../engine/operators/reduction/index.js";
import type { TrainOptions } from "../options/train-schema.js";

/**
 * Mean losses of scores [N, ...], which are split along the first axis into as many equal parts as `real` has entries:
 * one loss for each part, whose target is "real" or "fake".
 */
export function ganLoss(mode: TrainOptions["gan_mode"], scores: Tensor, real: readonly boolean[]): Tensor {
  const parts = reshape(scores, [real.length, scores.size / real.length]);
  const numbers = (yes: number, no: number) => scores.gpu.tensor(real.map((each) => [each ? yes : no]));
  switch (mode) {
    case "lsgan":
      return mean(widenedSquare(sub(parts, numbers(1, 0))), 1);
    // The cross-entropy of logits x is softplus(-x) for target 1 and softplus(x) for target 0; for G this is the
    // non-saturating loss.
    case "vanilla":
    case "nonsaturating":
      return mean(softplus(mul(parts, numbers(-1, 1))), 1);
    // For G, too, the hinge of the real term, as in DCLGAN.
    case "hinge":
      return mean(relu(scale(mul(parts, numbers(-1, 1)), 1, 1)), 1);
    case "wgangp":
      return mean(mul(parts, numbers(-1, 1)), 1);
  }
}
