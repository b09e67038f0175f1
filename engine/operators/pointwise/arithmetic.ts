// Arithmetic with PyTorch's broadcasting, squares, reciprocals, absolute values and signs.
import type { Dtype, Tensor } from "../../core/tensor.js";
import { checkValue, number } from "../../lib/check-options.js";
import { runUnary } from "../lib/pointwise-kernels.js";
import { sumTo } from "../reduction/index.js";
import { defineBinary, defineUnary, type Operand, withNumbers } from "./define.js";

export const squareOperator = /* @__PURE__ */ defineUnary<{ dtype?: Dtype }>(
  "square",
  (gpu, x, y) => runUnary(gpu, "SQUARE", x, y),
  (dy, x) => scale(mul(dy, x), 2),
  (_, { dtype }) => dtype,
);

export const scaleOperator = /* @__PURE__ */ defineUnary<{ factor: number; offset: number }>(
  "scale",
  (gpu, x, y, { factor, offset }) => runUnary(gpu, "SCALE", x, y, factor, offset),
  (dy, _x, _y, { factor }) => scale(dy, factor),
);

export const absOperator = /* @__PURE__ */ defineUnary<object>(
  "abs",
  (gpu, x, y) => runUnary(gpu, "ABS", x, y),
  (dy, x) => mul(dy, sign(x)),
);

export const reciprocalOperator = /* @__PURE__ */ defineUnary<object>(
  "reciprocal",
  (gpu, x, y) => runUnary(gpu, "RECIPROCAL", x, y),
  (dy, _, y) => scale(mul(dy, square(y)), -1),
);

// sign's derivative is 0 wherever it is defined.
export const signOperator = /* @__PURE__ */ defineUnary<object>(
  "sign",
  (gpu, x, y) => runUnary(gpu, "SIGN", x, y),
  () => null,
);

export const addOperator = /* @__PURE__ */ defineBinary("add", "ADD", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? sumTo(dy, b) : null,
]);

export const subOperator = /* @__PURE__ */ defineBinary("sub", "SUB", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? scale(sumTo(dy, b), -1) : null,
]);

export const mulOperator = /* @__PURE__ */ defineBinary("mul", "MUL", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, b), a) : null,
  needs(1) ? sumTo(mul(dy, a), b) : null,
]);

export const divOperator = /* @__PURE__ */ defineBinary("div", "DIV", ({ inputs: [a, b], output, needs }, dy) => [
  needs(0) ? sumTo(div(dy, b), a) : null,
  needs(1) ? scale(sumTo(div(mul(dy, output), b), b), -1) : null,
]);

/**
 * x * x.
 *
 * @example
 * ```ts
 * console.log(await square(gpu.tensor([-2, 3])).read()); // 4, 9
 * ```
 */
export const square = (x: Tensor): Tensor => squareOperator([x], {});

/** x * x as f32: squares of f16 numbers overflow f16 from 256 on, and vanish below 2e-4. */
export const widenedSquare = (x: Tensor): Tensor => squareOperator([x], { dtype: "f32" });

/**
 * factor * x + offset.
 *
 * @example
 * ```ts
 * console.log(await scale(gpu.tensor([1, 2]), 10, 5).read()); // 15, 25
 * ```
 */
export function scale(x: Tensor, factor: number, offset = 0): Tensor {
  checkValue("scale: the factor", factor, number);
  checkValue("scale: the offset", offset, number);
  return scaleOperator([x], { factor, offset });
}

/**
 * |x|; at 0 its gradient is 0, as in PyTorch.
 *
 * @example
 * ```ts
 * console.log(await abs(gpu.tensor([-2, 3])).read()); // 2, 3
 * ```
 */
export const abs = (x: Tensor): Tensor => absOperator([x], {});

/**
 * -1, 0 or 1; its gradient is 0.
 *
 * @example
 * ```ts
 * console.log(await sign(gpu.tensor([-2, 0, 3])).read()); // -1, 0, 1
 * ```
 */
export const sign = (x: Tensor): Tensor => signOperator([x], {});

/**
 * -x.
 *
 * @example
 * ```ts
 * console.log(await neg(gpu.tensor([-2, 3])).read()); // 2, -3
 * ```
 */
export const neg = (x: Tensor): Tensor => scale(x, -1);

/**
 * 1 / x.
 *
 * @example
 * ```ts
 * console.log(await reciprocal(gpu.tensor([2, -4])).read()); // 0.5, -0.25
 * ```
 */
export const reciprocal = (x: Tensor): Tensor => reciprocalOperator([x], {});

const ofIntegers = (a: Operand, b: Operand): boolean =>
  [a, b].some((operand) => typeof operand !== "number" && operand?.dtype === "i32");

/**
 * a + b, broadcasting as PyTorch does. Two i32 tensors, or one and a whole number, give an i32 tensor without a
 * gradient; sub, mul, maximum, minimum and comparisons do the same.
 *
 * @example
 * ```ts
 * console.log(await add(gpu.tensor([1, 2]), 1).read()); // 2, 3
 * console.log(await add(gpu.tensor([[1], [2]]), gpu.tensor([10, 20])).read()); // 11, 21, 12, 22
 * ```
 */
export function add(a: Operand, b: Tensor): Tensor;
export function add(a: Tensor, b: Operand): Tensor;
export function add(a: Operand, b: Operand): Tensor {
  if (ofIntegers(a, b)) return withNumbers(addOperator, a, b);
  if (typeof a === "number") return scale(b as Tensor, 1, a);
  return typeof b === "number" ? scale(a, 1, b) : addOperator([a, b], {});
}

/**
 * a - b, broadcasting as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(await sub(1, gpu.tensor([1, 2])).read()); // 0, -1
 * ```
 */
export function sub(a: Operand, b: Tensor): Tensor;
export function sub(a: Tensor, b: Operand): Tensor;
export function sub(a: Operand, b: Operand): Tensor {
  if (ofIntegers(a, b)) return withNumbers(subOperator, a, b);
  if (typeof a === "number") return scale(b as Tensor, -1, a);
  return typeof b === "number" ? scale(a, 1, -b) : subOperator([a, b], {});
}

/**
 * a * b, broadcasting as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(await mul(gpu.tensor([1, 2]), gpu.tensor([3, 4])).read()); // 3, 8
 * ```
 */
export function mul(a: Operand, b: Tensor): Tensor;
export function mul(a: Tensor, b: Operand): Tensor;
export function mul(a: Operand, b: Operand): Tensor {
  if (ofIntegers(a, b)) return withNumbers(mulOperator, a, b);
  if (typeof a === "number") return scale(b as Tensor, a);
  return typeof b === "number" ? scale(a, b) : mulOperator([a, b], {});
}

/**
 * a / b, broadcasting as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(await div(gpu.tensor([1, 2]), gpu.tensor([2, 8])).read()); // 0.5, 0.25
 * ```
 */
export function div(a: Operand, b: Tensor): Tensor;
export function div(a: Tensor, b: Operand): Tensor;
export function div(a: Operand, b: Operand): Tensor {
  if (ofIntegers(a, b)) return withNumbers(divOperator, a, b);
  if (typeof a === "number") return scale(reciprocal(b as Tensor), a);
  return typeof b === "number" ? scale(a, 1 / b) : divOperator([a, b], {});
}
