// Softmax and its logarithm. Their gradients are made of the result alone: one composed of other operators would keep
// every step of the way, and be twice as many dispatches.
import { defineOperator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { normalizeAxes } from "../../lib/shapes.js";
import { runBroadcast, runUnary } from "../lib/pointwise-kernels.js";
import { exp, mul, sub } from "../pointwise/index.js";
import { reducedShape, reduceInto, sum } from "../reduction/index.js";

// @__NO_SIDE_EFFECTS__
function defineSoftmax(
  name: string,
  op: "DIV" | "SUB",
  gradient: (dy: Tensor, y: Tensor, sumOf: (t: Tensor) => Tensor) => Tensor,
) {
  return defineOperator<readonly [x: Tensor], { axes: readonly number[] }>({
    name,
    shape: ([x]) => x.shape,
    flops: ([x]) => 5 * sizeOf(x as Shape),
    forward(gpu, [x], { axes }, y) {
      const kept = reducedShape(x.shape, axes, true);
      gpu.scope(() => {
        const [low, e, total] = [gpu.empty(x.shape), gpu.empty(x.shape), gpu.empty(kept)];
        // Without its maximum x has the same softmax, and exponentials do not overflow.
        const highest = gpu.empty(kept);
        reduceInto(gpu, x, axes, highest, 1, "MAX");
        runBroadcast(gpu, "SUB", x, highest, low);
        runUnary(gpu, "EXP", low, e);
        reduceInto(gpu, e, axes, total, 1, "SUM");
        if (op === "DIV") return runBroadcast(gpu, "DIV", e, total, y);
        const ofTotal = gpu.empty(kept);
        runUnary(gpu, "LOG", total, ofTotal);
        return runBroadcast(gpu, "SUB", low, ofTotal, y);
      });
      return undefined;
    },
    gradient: ({ output, options: { axes } }, dy) => [gradient(dy, output, (t) => sum(t, axes, true))],
  });
}

export const softmaxOperator = /* @__PURE__ */ defineSoftmax("softmax", "DIV", (dy, y, sumOf) =>
  mul(y, sub(dy, sumOf(mul(dy, y)))),
);

export const logSoftmaxOperator = /* @__PURE__ */ defineSoftmax("logSoftmax", "SUB", (dy, y, sumOf) =>
  sub(dy, mul(exp(y), sumOf(dy))),
);

/**
 * exp(x), divided by its sum along the axis.
 *
 * @example
 * ```ts
 * console.log(await softmax(gpu.tensor([[1, 1], [1000, 0]]), 1).read()); // 0.5, 0.5, 1, 0
 * ```
 */
export function softmax(x: Tensor, axis: number): Tensor {
  return softmaxOperator([x], { axes: normalizeAxes("softmax", x, [axis]) });
}

/**
 * log(softmax(x)), accurate for small probabilities.
 *
 * @example
 * ```ts
 * console.log(await logSoftmax(gpu.tensor([[1000, 0]]), 1).read()); // 0, -1000
 * ```
 */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  return logSoftmaxOperator([x], { axes: normalizeAxes("logSoftmax", x, [axis]) });
}
