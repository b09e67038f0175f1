// Softmax and its logarithm along an axis, by one kernel. Their gradients are made of the result alone.
import { softmax as kernel } from "../../../shaders/generated.js";
import { defineOperator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { normalizeAxes } from "../../lib/shapes.js";
import { alongAxis } from "../lib/views.js";
import { exp, mul, sub } from "../pointwise/index.js";
import { sum } from "../reduction/index.js";

// @__NO_SIDE_EFFECTS__
function defineSoftmax(
  name: string,
  LOG: boolean,
  gradient: (dy: Tensor, y: Tensor, sumOf: (t: Tensor) => Tensor) => Tensor,
) {
  return defineOperator<readonly [x: Tensor], { axis: number }>({
    name,
    shape: ([x]) => x.shape,
    flops: ([x]) => 5 * sizeOf(x as Shape),
    forward(gpu, [x], { axis }, y) {
      const { outer, n, inner } = alongAxis(x.shape, axis);
      const rows = outer * inner;
      // Many rows have an invocation each, unless they are so long that sums would lose digits or, on a GPU,
      // neighbouring invocations would not read neighbouring elements.
      const alone = n <= 4096 && (gpu.profile === "gpu" ? inner > 1 && rows >= 4096 : rows >= 32);
      const LANES = alone ? 1 : n < 64 ? 4 : 32;
      gpu.dispatch(kernel, {
        bindings: { x, y },
        params: { rows, n, inner },
        invocations: rows * LANES,
        constants: { LOG, LANES },
      });
      return undefined;
    },
    gradient: ({ output, options: { axis } }, dy) => [gradient(dy, output, (t) => sum(t, axis, true))],
  });
}

export const softmaxOperator = /* @__PURE__ */ defineSoftmax("softmax", false, (dy, y, sumOf) =>
  mul(y, sub(dy, sumOf(mul(dy, y)))),
);

export const logSoftmaxOperator = /* @__PURE__ */ defineSoftmax("logSoftmax", true, (dy, y, sumOf) =>
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
  return softmaxOperator([x], { axis: normalizeAxes("softmax", x, [axis])[0] });
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
  return logSoftmaxOperator([x], { axis: normalizeAxes("logSoftmax", x, [axis])[0] });
}
