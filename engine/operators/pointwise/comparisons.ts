// Comparisons, maximum and minimum of two tensors, and clamp.
import type { Tensor } from "../../core/tensor.js";
import { checkValue, number } from "../../lib/check-options.js";
import { runUnary } from "../lib/pointwise-kernels.js";
import { sumTo } from "../reduction/index.js";
import { add, mul, scale, sub } from "./arithmetic.js";
import { defineBinary, defineUnary, type Operand, withNumbers } from "./define.js";

export const clampOperator = /* @__PURE__ */ defineUnary<{ min: number; max: number }>(
  "clamp",
  (gpu, x, y, { min, max }) => runUnary(gpu, "CLAMP", x, y, min, max),
  (dy, x, _, range) => mul(dy, inRangeOperator([x], range)),
);

/** 1 where min <= x <= max, else 0. */
export const inRangeOperator = /* @__PURE__ */ defineUnary<{ min: number; max: number }>(
  "inRange",
  (gpu, x, y, { min, max }) => runUnary(gpu, "IN_RANGE", x, y, min, max),
  () => null,
);

/** The part of the gradient that a gets from maximum(a, b): half where both are equal, as in PyTorch. */
const partOf = (a: Tensor, b: Tensor) => add(gt(a, b), scale(eq(a, b), 0.5));

export const maximumOperator = /* @__PURE__ */ defineBinary("maximum", "MAXIMUM", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, partOf(a, b)), a) : null,
  needs(1) ? sumTo(mul(dy, partOf(b, a)), b) : null,
]);

export const minimumOperator = /* @__PURE__ */ defineBinary("minimum", "MINIMUM", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, partOf(b, a)), a) : null,
  needs(1) ? sumTo(mul(dy, partOf(a, b)), b) : null,
]);

export const gtOperator = /* @__PURE__ */ defineBinary("gt", "GREATER", () => [null, null]);

export const eqOperator = /* @__PURE__ */ defineBinary("eq", "EQUAL", () => [null, null]);

/** The largest f32, in place of infinity, whose behaviour WGSL leaves open. */
const LARGEST = 3.4028234663852886e38;

/**
 * x limited to [min, max]; the gradient passes where x is in that range.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([-2, 0.5, 3]);
 * console.log(await clamp(x, 0, 1).read(), await clamp(x, 0).read()); // 0,0.5,1 0,0.5,3
 * ```
 */
export function clamp(x: Tensor, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Tensor {
  checkValue("clamp: min", min, number);
  checkValue("clamp: max", max, number);
  return clampOperator([x], { min: Math.max(min, -LARGEST), max: Math.min(max, LARGEST) });
}

/**
 * The larger of a and b, broadcasting as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(await maximum(gpu.tensor([1, 4]), gpu.tensor([3, 2])).read()); // 3, 4
 * ```
 */
export const maximum = (a: Tensor, b: Tensor): Tensor => maximumOperator([a, b], {});

/**
 * The smaller of a and b, broadcasting as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(await minimum(gpu.tensor([1, 4]), gpu.tensor([3, 2])).read()); // 1, 2
 * ```
 */
export const minimum = (a: Tensor, b: Tensor): Tensor => minimumOperator([a, b], {});

/**
 * 1 where a > b, else 0, broadcasting as PyTorch does; the gradients of comparisons are 0. One of the two may be a
 * number.
 *
 * @example
 * ```ts
 * console.log(await gt(gpu.tensor([1, 2, 3]), 2).read()); // 0, 0, 1
 * ```
 */
export const gt = (a: Operand, b: Operand): Tensor => withNumbers(gtOperator, a, b);

/**
 * 1 where a < b, else 0.
 *
 * @example
 * ```ts
 * console.log(await lt(gpu.tensor([1, 2, 3]), 2).read()); // 1, 0, 0
 * ```
 */
export const lt = (a: Operand, b: Operand): Tensor => gt(b, a);

/**
 * 1 where a = b, else 0.
 *
 * @example
 * ```ts
 * console.log(await eq(gpu.tensor([1, 2, 3]), 2).read()); // 0, 1, 0
 * ```
 */
export const eq = (a: Operand, b: Operand): Tensor => withNumbers(eqOperator, a, b);

/**
 * 1 where a >= b, else 0.
 *
 * @example
 * ```ts
 * console.log(await ge(gpu.tensor([1, 2, 3]), 2).read()); // 0, 1, 1
 * ```
 */
export const ge = (a: Operand, b: Operand): Tensor => add(gt(a, b), eq(a, b));

/**
 * 1 where a <= b, else 0.
 *
 * @example
 * ```ts
 * console.log(await le(gpu.tensor([1, 2, 3]), 2).read()); // 1, 1, 0
 * ```
 */
export const le = (a: Operand, b: Operand): Tensor => ge(b, a);

/**
 * 1 where a and b differ, else 0.
 *
 * @example
 * ```ts
 * console.log(await ne(gpu.tensor([1, 2, 3]), 2).read()); // 1, 0, 1
 * ```
 */
export const ne = (a: Operand, b: Operand): Tensor => sub(1, eq(a, b));
