// The five adversarial losses in float64, put together from the reference operators.
import type { TrainOptions } from "../../cut/options/train-schema.js";
import {
  bceWithLogits,
  bceWithLogitsGradient,
  type Dense,
  mean,
  meanGradient,
  mseLoss,
  mseLossGradient,
  relu,
  reluGradient,
  scale,
  softplus,
  softplusGradient,
} from "../../engine/reference.js";

/** Least squares, cross-entropy of the original GAN, its non-saturating softplus form, Wasserstein, and hinge. */
export type GanMode = TrainOptions["gan_mode"];

/** The discriminator's outputs x, of any shape, judged against "all real" or "all fake". */
export function ganLoss(x: Dense, mode: GanMode, targetIsReal: boolean): Dense {
  const sign = targetIsReal ? -1 : 1;
  if (mode === "lsgan") return mseLoss(x, targetIsReal ? 1 : 0);
  if (mode === "vanilla") return bceWithLogits(x, targetIsReal ? 1 : 0);
  if (mode === "wgangp") return scale(mean(x), sign);
  if (mode === "hinge") return mean(relu(scale(x, sign, 1)));
  return mean(softplus(scale(x, sign)));
}

export function ganLossGradient(x: Dense, mode: GanMode, targetIsReal: boolean, dy: Dense): { dx: Dense } {
  const sign = targetIsReal ? -1 : 1;
  if (mode === "lsgan") return mseLossGradient(x, targetIsReal ? 1 : 0, dy);
  if (mode === "vanilla") return bceWithLogitsGradient(x, targetIsReal ? 1 : 0, dy);
  const { dx } = meanGradient(x, [...x.shape.keys()], false, scale(dy, sign));
  if (mode === "hinge") return reluGradient(scale(x, sign, 1), dx);
  return mode === "wgangp" ? { dx } : softplusGradient(scale(x, sign), dx);
}
