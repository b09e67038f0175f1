// Selection by a condition, and conversion between dtypes.
import { cast as kernel } from "../../../shaders/generated.js";
import { defineOperator, type Operator, unmixed } from "../../core/operator.js";
import type { Dtype, Tensor } from "../../core/tensor.js";
import { checkValue, oneOf, tensor } from "../../lib/check-options.js";
import { broadcastShapes } from "../../lib/shapes.js";
import { add, defineBinary, eq, inRangeOperator, type Operand, sub, withNumbers } from "../pointwise/index.js";
import { sumTo } from "../reduction/index.js";

/** a where b is not 0, else 0, also where a is not finite; b gets no gradient. */
export const maskOperator: Operator<readonly [a: Tensor, b: Tensor], object> = /* @__PURE__ */ defineBinary(
  "mask",
  "MASK",
  ({ inputs: [a, b] }, dy) => [sumTo(maskOperator([dy, b], {}), a), null],
);

export const castOperator = /* @__PURE__ */ defineOperator<readonly [x: Tensor], { dtype: Dtype }>({
  name: "cast",
  integers: [0],
  dtype: (_, { dtype }) => dtype,
  shape: ([x]) => x.shape,
  cheap: true,
  forward(gpu, [x], { dtype }, y) {
    const vec4s = Math.ceil(x.size / 4);
    const op = dtype === "i32" ? "TO_I32" : x.dtype === "i32" ? "TO_F32" : "FLOATS";
    const constants = { OP: kernel.ops[op] };
    gpu.dispatch(kernel, { bindings: { x, y }, params: { vec4s }, invocations: vec4s, constants });
    return undefined;
  },
  gradient: ({ inputs: [x], options: { dtype } }, dy) => [
    x.dtype === "i32" || dtype === "i32" ? null : cast(dy, x.dtype),
  ],
});

/**
 * a where the condition is not 0, and b elsewhere, also where the other one is not finite; all broadcast, and a or b
 * may be numbers. The condition, such as a result of gt, gets no gradient. If a or b is i32, so is the result.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([-1, 4]);
 * console.log(await where(gt(x, gpu.tensor(0)), sqrt(x), 0).read()); // 0, 2
 * ```
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  checkValue("where: the condition", condition, tensor);
  const tensors = [a, b].filter((value) => typeof value !== "number");
  for (const value of tensors) checkValue("where: an operand", value, tensor);
  const integer = unmixed("where", tensors) === "i32";
  tensors.reduce((shape, x) => broadcastShapes("where", shape, x.shape), condition.shape);
  const counts = condition.dtype === "i32";
  const zero = counts ? eq(condition, 0) : inRangeOperator([condition], { min: 0, max: 0 });
  const no = integer === counts ? zero : cast(zero, integer ? "i32" : "f32");
  const yes = integer === counts ? condition : sub(1, no);
  return add(withNumbers(maskOperator, a, yes), withNumbers(maskOperator, b, no));
}

/**
 * x as i32, truncated towards zero, as f32, or, on an engine of that precision, as f16. Integers have no gradient.
 *
 * @example
 * ```ts
 * const whole = cast(gpu.tensor([1.9, -1.9]), "i32");
 * console.log(await whole.read<"i32">()); // 1, -1
 * ```
 */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  checkValue("cast: the dtype", dtype, oneOf("f32", "i32", "f16"));
  return x?.dtype === dtype ? x : castOperator([x], { dtype });
}

/** An f16 tensor as f32, for products that would overflow or vanish in f16; any other as it is. */
export const widened = (x: Tensor): Tensor => (x.dtype === "f16" ? cast(x, "f32") : x);
