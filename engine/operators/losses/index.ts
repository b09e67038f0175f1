// Losses, composed of other operators, so that their gradients of any order need no code of their own.
import { reshape } from "../../core/reshape.js";
import type { Tensor } from "../../core/tensor.js";
import { type Check, checkOptions, number, oneOf, positive, tensor } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { sameShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { gather, indexSelect } from "../gather/index.js";
import { logSoftmax } from "../normalization/index.js";
import {
  abs,
  add,
  clamp,
  div,
  mul,
  ne,
  type Operand,
  scale,
  softplus,
  sub,
  widenedSquare,
} from "../pointwise/index.js";
import { mean, sum } from "../reduction/index.js";
import { where, widened } from "../selection/index.js";
import { flatten, squeeze, unsqueeze } from "../strided/index.js";

export interface LossOptions {
  /** "mean" (the default), "sum", or "none" for one loss per element. */
  reduction?: "mean" | "sum" | "none";
}

const reduction = oneOf("mean", "sum", "none");
const lossOptions = { reduction };

/** Losses reduced by PyTorch's option `reduction`. */
function reduced(losses: Tensor, { reduction = "mean" }: LossOptions): Tensor {
  if (reduction === "none") return losses;
  return reduction === "sum" ? sum(losses) : mean(losses);
}

/**
 * Mean of (x - target)^2; the target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await mseLoss(gpu.tensor([1, 4]), gpu.tensor([0, 7])).item()); // 5
 * console.log(await mseLoss(gpu.tensor([1, 4]), 0, { reduction: "none" }).read()); // 1, 16
 * ```
 */
export function mseLoss(x: Tensor, target: Tensor | number, options: LossOptions = {}): Tensor {
  checkOptions("mseLoss", options, lossOptions);
  const difference = typeof target === "number" ? scale(x, 1, -target) : sub(x, target);
  return reduced(widenedSquare(difference), options);
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
export function bceWithLogits(x: Tensor, target: Tensor | number, options: LossOptions = {}): Tensor {
  checkOptions("bceWithLogits", options, lossOptions);
  if (target === 0) return reduced(softplus(x), options);
  return reduced(sub(softplus(x), typeof target === "number" ? scale(x, target) : mul(x, target)), options);
}

/**
 * Mean of |x - target|; the target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await l1Loss(gpu.tensor([1, 4]), gpu.tensor([0, 6])).item()); // 1.5
 * ```
 */
export function l1Loss(x: Tensor, target: Operand, options: LossOptions = {}): Tensor {
  checkOptions("l1Loss", options, lossOptions);
  return reduced(abs(sub(x, target)), options);
}

export interface SmoothL1LossOptions extends LossOptions {
  /** The distance below which the loss is quadratic; 1 by default. */
  beta?: number;
}

/**
 * Mean of d - beta / 2 for distances d = |x - target| beyond beta, and of d^2 / (2 beta) below: PyTorch's
 * smooth_l1_loss. The target is a number or a tensor that broadcasts.
 *
 * @example
 * ```ts
 * console.log(await smoothL1Loss(gpu.tensor([1, 5]), gpu.tensor([0, 0])).item()); // 2.5
 * console.log(await smoothL1Loss(gpu.tensor([1, 5]), 0, { beta: 2, reduction: "sum" }).item()); // 4.25
 * ```
 */
export function smoothL1Loss(x: Tensor, target: Operand, options: SmoothL1LossOptions = {}): Tensor {
  checkOptions("smoothL1Loss", options, { beta: positive, reduction });
  const { beta = 1 } = options;
  // With its sign, since the second derivative of |x - target| is 0 where both are equal.
  const difference = widened(sub(x, target));
  const near = clamp(difference, -beta, beta);
  return scale(reduced(mul(near, sub(difference, scale(near, 0.5))), options), 1 / beta);
}

export interface NllLossOptions extends LossOptions {
  /** The weight of each class, [classes]; by default 1. */
  weight?: Tensor;
  /** Targets of this value are ignored; it need not be a class. By default none are (PyTorch: -100). */
  ignoreIndex?: number;
  /** "mean" (the default) divides by the sum of the targets' weights; "none" gives one loss per target. */
  reduction?: "mean" | "sum" | "none";
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** The part of the target's probability that is divided evenly between all classes; 0 by default. */
  labelSmoothing?: number;
}

const SHARE: Check = [
  (value) => number[0](value) && (value as number) >= 0 && (value as number) <= 1,
  "a number from 0 to 1",
];

const nllLossOptions = () => ({
  weight: tensor,
  ignoreIndex: [Number.isSafeInteger, "a whole number"] as const,
  reduction,
});

/** The loss of x [batch, classes, ...] by its log probabilities; options are checked by the caller. */
function lossByClasses(
  name: string,
  x: Tensor,
  target: Tensor,
  options: CrossEntropyOptions,
  logsOf: (x: Tensor) => Tensor,
): Tensor {
  const { weight, ignoreIndex, labelSmoothing = 0 } = options;
  const [batch, classes, ...places] = shapeIn(name, x);
  shapeIn(name, target, "target");
  if (target.dtype !== "i32") throw new ShapeError(`${name}: the target holds ${target.dtype}`, "Give classes as i32.");
  if (classes === undefined || !sameShape(target.shape, [batch, ...places]))
    throw new ShapeError(
      `${name}: the target ${shapeText(target)} does not fit ${shapeText(x)}`,
      "Give [batch, ...] for [batch, classes, ...].",
    );
  if (weight && !sameShape(weight.shape, [classes]))
    throw new ShapeError(`${name}: the weight ${shapeText(weight)} does not fit ${classes} classes`, "Give [classes].");
  const counts = ignoreIndex === undefined ? undefined : ne(target, ignoreIndex);
  const logs = logsOf(x);
  // Ignored targets take class 0, because they may not be classes.
  const ids = counts ? mul(target, counts) : target;
  const atTarget = squeeze(gather(logs, 1, unsqueeze(ids, 1)), 1);
  const weights = weight && reshape(indexSelect(weight, 0, flatten(ids)), target.shape);
  let losses = scale(weights ? mul(atTarget, weights) : atTarget, labelSmoothing - 1);
  if (labelSmoothing) {
    const all = weight ? mul(logs, reshape(weight, [classes, ...places.map(() => 1)])) : logs;
    losses = add(losses, scale(sum(all, 1), -labelSmoothing / classes));
  }
  if (counts) losses = where(counts, losses, 0);
  const averaged = (options.reduction ?? "mean") === "mean";
  if (!averaged || (!weights && !counts)) return reduced(losses, options);
  const totals = counts ? where(counts, weights ?? 1, 0) : weights;
  return div(sum(losses), sum(totals as Tensor));
}

/**
 * Mean of -x at the target's classes: x [batch, classes, ...] holds log probabilities, the target [batch, ...] class
 * indices as i32.
 *
 * @example
 * ```ts
 * const logs = gpu.tensor([[-1, -2], [-3, -4]]);
 * const classes = gpu.tensor(Int32Array.of(0, 1));
 * console.log(await nllLoss(logs, classes).item()); // 2.5
 * console.log(await nllLoss(logs, classes, { ignoreIndex: 1, reduction: "none" }).read()); // 1, 0
 * ```
 */
export function nllLoss(x: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor {
  checkOptions("nllLoss", options, nllLossOptions());
  return lossByClasses("nllLoss", x, target, options, (logs) => logs);
}

/**
 * Mean cross-entropy of the softmax of logits x [batch, classes, ...] against class indices, target [batch, ...] as
 * i32.
 *
 * @example
 * ```ts
 * import { crossEntropy, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const logits = gpu.tensor([[2, 0, 0], [0, 0, 0]]);
 * const classes = gpu.tensor(Int32Array.of(0, 2));
 * console.log((await crossEntropy(logits, classes).item()).toFixed(3)); // 0.669
 * const weight = gpu.tensor([1, 1, 3]);
 * console.log((await crossEntropy(logits, classes, { weight }).item()).toFixed(3)); // 0.884
 * gpu.dispose();
 * ```
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkOptions("crossEntropy", options, Object.assign(nllLossOptions(), { labelSmoothing: SHARE }));
  return lossByClasses("crossEntropy", x, target, options, (logits) => logSoftmax(logits, 1));
}
