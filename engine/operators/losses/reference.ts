// Losses, each a scalar (shape []) that is a mean over all elements, and the four adversarial losses put together from
// them. Only x, the prediction, gets a gradient.
import { broadcastTo } from "../lib/reference/broadcast.js";
import { type Dense, requireSameShape, zeros } from "../lib/reference/dense.js";
import { scale, softplus, softplusGradient } from "../pointwise/reference.js";
import { mean, meanGradient } from "../reduction/reference.js";

/** mean((x - target)^2). The target is one number, or a tensor of x's shape. */
export function mseLoss(x: Dense, target: number | Dense): Dense {
  const targets = targetsOf("mseLoss", x, target);
  const y = zeros([]);
  for (let i = 0; i < x.data.length; i++) y.data[0] += (x.data[i] - targets[i]) ** 2;
  y.data[0] /= x.data.length;
  return y;
}

export function mseLossGradient(x: Dense, target: number | Dense, dy: Dense): { dx: Dense } {
  const targets = targetsOf("mseLossGradient", x, target);
  const dx = zeros(x.shape);
  const factor = (2 * dy.data[0]) / x.data.length;
  for (let i = 0; i < x.data.length; i++) dx.data[i] = factor * (x.data[i] - targets[i]);
  return { dx };
}

/** Mean binary cross-entropy of the probabilities sigmoid(x) against targets in [0, 1]. */
export function bceWithLogits(x: Dense, target: number | Dense): Dense {
  const targets = targetsOf("bceWithLogits", x, target);
  const y = zeros([]);
  for (let i = 0; i < x.data.length; i++) {
    const value = x.data[i];
    y.data[0] += Math.max(value, 0) - value * targets[i] + Math.log1p(Math.exp(-Math.abs(value)));
  }
  y.data[0] /= x.data.length;
  return y;
}

export function bceWithLogitsGradient(x: Dense, target: number | Dense, dy: Dense): { dx: Dense } {
  const targets = targetsOf("bceWithLogitsGradient", x, target);
  const dx = zeros(x.shape);
  const factor = dy.data[0] / x.data.length;
  for (let i = 0; i < x.data.length; i++) dx.data[i] = factor * (1 / (1 + Math.exp(-x.data[i])) - targets[i]);
  return { dx };
}

function targetsOf(operator: string, x: Dense, target: number | Dense): Float64Array {
  if (typeof target === "number") return broadcastTo({ shape: [], data: Float64Array.of(target) }, x.shape).data;
  requireSameShape(operator, "x and the target", x.shape, target.shape);
  return target.data;
}

/** Least squares, cross-entropy of the original GAN, its non-saturating softplus form, and Wasserstein. */
export type GanMode = "lsgan" | "vanilla" | "nonsaturating" | "wgangp";

/** The discriminator's outputs x, of any shape, judged against "all real" or "all fake". */
export function ganLoss(x: Dense, mode: GanMode, targetIsReal: boolean): Dense {
  const sign = targetIsReal ? -1 : 1;
  if (mode === "lsgan") return mseLoss(x, targetIsReal ? 1 : 0);
  if (mode === "vanilla") return bceWithLogits(x, targetIsReal ? 1 : 0);
  if (mode === "wgangp") return scale(mean(x), sign);
  return mean(softplus(scale(x, sign)));
}

export function ganLossGradient(x: Dense, mode: GanMode, targetIsReal: boolean, dy: Dense): { dx: Dense } {
  const sign = targetIsReal ? -1 : 1;
  if (mode === "lsgan") return mseLossGradient(x, targetIsReal ? 1 : 0, dy);
  if (mode === "vanilla") return bceWithLogitsGradient(x, targetIsReal ? 1 : 0, dy);
  const { dx } = meanGradient(x, [...x.shape.keys()], false, scale(dy, sign));
  return mode === "wgangp" ? { dx } : softplusGradient(scale(x, sign), dx);
}
