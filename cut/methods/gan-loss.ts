// The adversarial losses (docs/method.md section 3). Real is 1 and fake 0, without label smoothing.

import type { Tensor } from "../../engine/core/tensor.js";
import { bceWithLogits, mseLoss } from "../../engine/operators/losses/index.js";
import { scale, softplus } from "../../engine/operators/pointwise/index.js";
import { mean } from "../../engine/operators/reduction/index.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Mean loss of a map of scores that should say "real" or "fake". */
export function ganLoss(mode: TrainOptions["gan_mode"], scores: Tensor, targetIsReal: boolean): Tensor {
  switch (mode) {
    case "lsgan":
      return mseLoss(scores, targetIsReal ? 1 : 0);
    case "vanilla":
      return bceWithLogits(scores, targetIsReal ? 1 : 0);
    case "nonsaturating":
      return mean(softplus(targetIsReal ? scale(scores, -1) : scores));
    case "wgangp":
      return mean(scale(scores, targetIsReal ? -1 : 1));
  }
}
