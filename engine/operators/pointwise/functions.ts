// Elementary functions: roots and powers, exponential and logarithm, sine and cosine, the error function.
import type { Tensor } from "../../core/tensor.js";
import { checkValue, number } from "../../lib/check-options.js";
import { runElementary, runUnary } from "../lib/pointwise-kernels.js";
import { div, mul, scale, square } from "./arithmetic.js";
import { defineUnary } from "./define.js";

export const sqrtOperator = /* @__PURE__ */ defineUnary<object>(
  "sqrt",
  (gpu, x, y) => runUnary(gpu, "SQRT", x, y),
  (dy, _, y) => div(dy, scale(y, 2)),
);

export const expOperator = /* @__PURE__ */ defineUnary<object>(
  "exp",
  (gpu, x, y) => runUnary(gpu, "EXP", x, y),
  (dy, _, y) => mul(dy, y),
);

export const logOperator = /* @__PURE__ */ defineUnary<object>(
  "log",
  (gpu, x, y) => runUnary(gpu, "LOG", x, y),
  (dy, x) => div(dy, x),
);

export const sinOperator = /* @__PURE__ */ defineUnary<object>(
  "sin",
  (gpu, x, y) => runElementary(gpu, "SIN", x, y),
  (dy, x) => mul(dy, cos(x)),
);

export const cosOperator = /* @__PURE__ */ defineUnary<object>(
  "cos",
  (gpu, x, y) => runElementary(gpu, "COS", x, y),
  (dy, x) => scale(mul(dy, sin(x)), -1),
);

export const rsqrtOperator = /* @__PURE__ */ defineUnary<object>(
  "rsqrt",
  (gpu, x, y) => runUnary(gpu, "RSQRT", x, y),
  (dy, _, y) => scale(mul(dy, mul(y, square(y))), -0.5),
);

export const erfOperator = /* @__PURE__ */ defineUnary<object>(
  "erf",
  (gpu, x, y) => runElementary(gpu, "ERF", x, y),
  (dy, x) => scale(mul(dy, exp(scale(square(x), -1))), 2 / Math.sqrt(Math.PI)),
);

export const powOperator = /* @__PURE__ */ defineUnary<{ exponent: number }>(
  "pow",
  (gpu, x, y, { exponent }) => runElementary(gpu, "POW", x, y, exponent, parityOf(exponent)),
  // The power 0 is 1 everywhere; 0 times the infinite power -1 of 0 would be NaN.
  (dy, x, _, { exponent }) => (exponent === 0 ? null : scale(mul(dy, pow(x, exponent - 1)), exponent)),
);

/** For the kernel: 0 if the exponent is not an integer, 1 if it is even, 2 if it is odd. */
const parityOf = (exponent: number) => (Number.isInteger(exponent) ? 1 + Math.abs(exponent % 2) : 0);

/**
 * Square root.
 *
 * @example
 * ```ts
 * console.log(await sqrt(gpu.tensor([4, 9])).read()); // 2, 3
 * ```
 */
export const sqrt = (x: Tensor): Tensor => sqrtOperator([x], {});

/**
 * e to the power of x.
 *
 * @example
 * ```ts
 * const y = await exp(gpu.tensor([0, 1])).read();
 * console.log(Array.from(y, (v) => v.toFixed(3))); // 1.000, 2.718
 * ```
 */
export const exp = (x: Tensor): Tensor => expOperator([x], {});

/**
 * Natural logarithm.
 *
 * @example
 * ```ts
 * console.log((await log(gpu.tensor(Math.E)).item()).toFixed(3)); // 1.000
 * ```
 */
export const log = (x: Tensor): Tensor => logOperator([x], {});

/**
 * Sine of x in radians; accurate to f32 up to |x| of a few thousand.
 *
 * @example
 * ```ts
 * console.log((await sin(gpu.tensor(Math.PI / 6)).item()).toFixed(3)); // 0.500
 * ```
 */
export const sin = (x: Tensor): Tensor => sinOperator([x], {});

/**
 * Cosine of x in radians; accurate to f32 up to |x| of a few thousand.
 *
 * @example
 * ```ts
 * console.log((await cos(gpu.tensor(Math.PI / 3)).item()).toFixed(3)); // 0.500
 * ```
 */
export const cos = (x: Tensor): Tensor => cosOperator([x], {});

/**
 * 1 / sqrt(x).
 *
 * @example
 * ```ts
 * console.log(await rsqrt(gpu.tensor([4, 16])).read()); // 0.5, 0.25
 * ```
 */
export const rsqrt = (x: Tensor): Tensor => rsqrtOperator([x], {});

/**
 * The error function, to 1e-6.
 *
 * @example
 * ```ts
 * console.log((await erf(gpu.tensor(1)).item()).toFixed(4)); // 0.8427
 * ```
 */
export const erf = (x: Tensor): Tensor => erfOperator([x], {});

/**
 * x to the power of a number; NaN for negative x if the number is not an integer.
 *
 * @example
 * ```ts
 * console.log((await pow(gpu.tensor([2, -3]), 3).read()).map(Math.round)); // 8, -27
 * ```
 */
export function pow(x: Tensor, exponent: number): Tensor {
  checkValue("pow: the exponent", exponent, number);
  return powOperator([x], { exponent });
}
