// Losses, by default a scalar (shape []) that is a mean over all elements. Only x, the prediction, gets a gradient;
// those of the mean losses are given in closed form.
import { broadcastTo } from "../lib/reference/broadcast.js";
import { type Dense, requireSameShape, zeros } from "../lib/reference/dense.js";
import { logSoftmax } from "../normalization/reference.js";
import { scale } from "../pointwise/reference.js";
import { mean, sum } from "../reduction/reference.js";

export type Reduction = "mean" | "sum" | "none";

/** (x - target)^2, reduced. The target is one number, or a tensor of x's shape. */
export const mseLoss = (x: Dense, target: number | Dense, reduction?: Reduction): Dense =>
  losses("mseLoss", x, target, (value, t) => (value - t) ** 2, reduction);

export function mseLossGradient(x: Dense, target: number | Dense, dy: Dense): { dx: Dense } {
  const targets = targetsOf("mseLossGradient", x, target);
  const dx = zeros(x.shape);
  const factor = (2 * dy.data[0]) / x.data.length;
  for (let i = 0; i < x.data.length; i++) dx.data[i] = factor * (x.data[i] - targets[i]);
  return { dx };
}

/** Binary cross-entropy of the probabilities sigmoid(x) against targets in [0, 1], reduced. */
export const bceWithLogits = (x: Dense, target: number | Dense, reduction?: Reduction): Dense =>
  losses(
    "bceWithLogits",
    x,
    target,
    (value, t) => Math.max(value, 0) - value * t + Math.log1p(Math.exp(-Math.abs(value))),
    reduction,
  );

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

/** |x - target|, reduced. */
export const l1Loss = (x: Dense, target: number | Dense, reduction?: Reduction): Dense =>
  losses("l1Loss", x, target, (value, t) => Math.abs(value - t), reduction);

/** d - beta / 2 beyond beta, and d^2 / (2 beta) below, reduced. */
export function smoothL1Loss(x: Dense, target: number | Dense, beta: number, reduction?: Reduction): Dense {
  const of = (d: number) => (d < beta ? (d * d) / (2 * beta) : d - beta / 2);
  return losses("smoothL1Loss", x, target, (value, t) => of(Math.abs(value - t)), reduction);
}

function losses(
  name: string,
  x: Dense,
  target: number | Dense,
  of: (x: number, target: number) => number,
  reduction: Reduction = "mean",
): Dense {
  const targets = targetsOf(name, x, target);
  const each = { shape: x.shape, data: x.data.map((value, i) => of(value, targets[i])) };
  if (reduction === "none") return each;
  return reduction === "sum" ? sum(each) : mean(each);
}

export interface ClassOptions {
  readonly weight?: ArrayLike<number>;
  readonly ignoreIndex?: number;
  readonly reduction?: Reduction;
  readonly labelSmoothing?: number;
}

/** The loss of log probabilities x [batch, classes] against a class of each row. */
export function nllLoss(x: Dense, target: ArrayLike<number>, options: ClassOptions = {}): Dense {
  const { weight, ignoreIndex, reduction = "mean", labelSmoothing = 0 } = options;
  const [rows, classes] = x.shape;
  const share = (c: number) => weight?.[c] ?? 1;
  const losses = zeros([rows]);
  let counted = 0;
  for (let row = 0; row < rows; row++) {
    const own = target[row];
    if (own === ignoreIndex) continue;
    counted += share(own);
    for (let c = 0; c < classes; c++) {
      const part = (c === own ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      losses.data[row] -= part * share(c) * x.data[row * classes + c];
    }
  }
  if (reduction === "none") return losses;
  return scale(sum(losses), reduction === "mean" ? 1 / counted : 1);
}

/** The same of the logarithms of softmax. */
export const crossEntropy = (x: Dense, target: ArrayLike<number>, options?: ClassOptions): Dense =>
  nllLoss(logSoftmax(x, 1), target, options);
