// The adversarial losses (cut.md section 3). Real is 1 and fake 0, without label smoothing; there is no image pool.
import { scale, softplus } from "../engine/operators/elementwise.js";
import { bceWithLogits, mseLoss } from "../engine/operators/losses.js";
import { mean } from "../engine/operators/reduction.js";
import type { Tensor } from "../engine/tensor.js";
import type { TrainOptions } from "./options.js";

/** Mean loss of a map of scores that should say "real" or "fake". */
export function ganLoss(mode: TrainOptions["gan_mode"], scores: Tensor, targetIsReal: boolean): Tensor {
  switch (mode) {
    case "lsgan":
      return mseLoss(scores, targetIsReal ? 1 : 0);
    case "vanilla":
      return bceWithLogits(scores, targetIsReal ? 1 : 0);
    case "nonsaturating":
      return mean(softplus(targetIsReal ? scale(scores, -1) : scores));
  }
}
