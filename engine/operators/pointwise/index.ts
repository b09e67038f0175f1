// Operators that work element by element: activations, elementary functions, arithmetic and comparisons with
// PyTorch's broadcasting, and their gradients, which are made of the same operators. `gate` (pass where a mask tensor
// is positive, else times a slope) is the derivative of ReLU and LeakyReLU.
import { checkValue, number, oneOf } from "../../core/check-options.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator, type OperatorRecord } from "../../core/operator.js";
import { broadcastShapes, sameShape } from "../../core/shapes.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { type BinaryOp, type BroadcastOp, runBinary, runBroadcast, runUnary } from "../lib/pointwise-kernels.js";
import { sumTo } from "../reduction/index.js";

type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

// @__NO_SIDE_EFFECTS__
function defineUnary<O>(
  name: string,
  forward: (gpu: Gpu, x: Tensor, y: Tensor, options: O) => undefined,
  gradient: (dy: Tensor, x: Tensor, y: Tensor, options: O) => Tensor | null,
) {
  return defineOperator<One, O>({
    name,
    shape: ([x]) => x.shape,
    cheap: true,
    forward: (gpu, [x], options, y) => forward(gpu, x, y, options),
    gradient: ({ inputs: [x], output, options }, dy) => [gradient(dy, x, output, options)],
  });
}

export const leakyReluOperator = /* @__PURE__ */ defineUnary<{ slope: number }>(
  "leakyRelu",
  (gpu, x, y, { slope }) => runUnary(gpu, "RELU", x, y, slope),
  (dy, x, _, { slope }) => gate(dy, x, slope),
);
export const reluOperator = /* @__PURE__ */ defineUnary<object>(
  "relu",
  (gpu, x, y) => runUnary(gpu, "RELU", x, y, 0),
  (dy, x) => gate(dy, x, 0),
);
export const tanhOperator = /* @__PURE__ */ defineUnary<object>(
  "tanh",
  (gpu, x, y) => runUnary(gpu, "TANH", x, y),
  (dy, _, y) => mul(dy, scale(square(y), -1, 1)),
);
export const sigmoidOperator = /* @__PURE__ */ defineUnary<object>(
  "sigmoid",
  (gpu, x, y) => runUnary(gpu, "SIGMOID", x, y),
  (dy, _, y) => mul(dy, mul(y, scale(y, -1, 1))),
);
export const softplusOperator = /* @__PURE__ */ defineUnary<object>(
  "softplus",
  (gpu, x, y) => runUnary(gpu, "SOFTPLUS", x, y),
  (dy, x) => mul(dy, sigmoid(x)),
);
export const squareOperator = /* @__PURE__ */ defineUnary<object>(
  "square",
  (gpu, x, y) => runUnary(gpu, "SQUARE", x, y),
  (dy, x) => scale(mul(dy, x), 2),
);
export const sqrtOperator = /* @__PURE__ */ defineUnary<object>(
  "sqrt",
  (gpu, x, y) => runUnary(gpu, "SQRT", x, y),
  (dy, _, y) => div(dy, scale(y, 2)),
);
export const scaleOperator = /* @__PURE__ */ defineUnary<{ factor: number; offset: number }>(
  "scale",
  (gpu, x, y, { factor, offset }) => runUnary(gpu, "SCALE", x, y, factor, offset),
  (dy, _x, _y, { factor }) => scale(dy, factor),
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
  (gpu, x, y) => runUnary(gpu, "SIN", x, y),
  (dy, x) => mul(dy, cos(x)),
);
export const cosOperator = /* @__PURE__ */ defineUnary<object>(
  "cos",
  (gpu, x, y) => runUnary(gpu, "COS", x, y),
  (dy, x) => scale(mul(dy, sin(x)), -1),
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
export const rsqrtOperator = /* @__PURE__ */ defineUnary<object>(
  "rsqrt",
  (gpu, x, y) => runUnary(gpu, "RSQRT", x, y),
  (dy, _, y) => scale(mul(dy, mul(y, square(y))), -0.5),
);
export const erfOperator = /* @__PURE__ */ defineUnary<object>(
  "erf",
  (gpu, x, y) => runUnary(gpu, "ERF", x, y),
  (dy, x) => scale(mul(dy, exp(scale(square(x), -1))), 2 / Math.sqrt(Math.PI)),
);
export const powOperator = /* @__PURE__ */ defineUnary<{ exponent: number }>(
  "pow",
  (gpu, x, y, { exponent }) => runUnary(gpu, "POW", x, y, exponent, parityOf(exponent)),
  (dy, x, _, { exponent }) => scale(mul(dy, pow(x, exponent - 1)), exponent),
);
export const clampOperator = /* @__PURE__ */ defineUnary<{ min: number; max: number }>(
  "clamp",
  (gpu, x, y, { min, max }) => runUnary(gpu, "CLAMP", x, y, min, max),
  (dy, x, _, range) => mul(dy, insideOperator([x], range)),
);

/** As the kernel wants to know it: 0 for a broken number, 1 for an even and 2 for an odd one. */
const parityOf = (exponent: number) => (Number.isInteger(exponent) ? 1 + Math.abs(exponent % 2) : 0);

// Steps are flat wherever they have a slope.
export const signOperator = /* @__PURE__ */ defineUnary<object>(
  "sign",
  (gpu, x, y) => runUnary(gpu, "SIGN", x, y),
  () => null,
);
/** 1 where min <= x <= max, else 0: what clamp lets pass. */
export const insideOperator = /* @__PURE__ */ defineUnary<{ min: number; max: number }>(
  "inside",
  (gpu, x, y, { min, max }) => runUnary(gpu, "INSIDE", x, y, min, max),
  () => null,
);

export const gateOperator = /* @__PURE__ */ defineOperator<readonly [x: Tensor, mask: Tensor], { slope: number }>({
  name: "gate",
  shape([x, mask]) {
    if (!sameShape(x.shape, mask.shape))
      throw new ShapeError(`gate: shapes [${x.shape}] and [${mask.shape}] differ`, "Give a mask of the same shape.");
    return x.shape;
  },
  forward: (gpu, [x, mask], { slope }, y) => runBinary(gpu, "GATE", x, mask, y, slope),
  // The mask only decides: its gradient is zero almost everywhere.
  gradient: ({ inputs: [, mask], options: { slope } }, dy) => [gate(dy, mask, slope), null],
});

// @__NO_SIDE_EFFECTS__
export function defineBinary(
  name: string,
  op: BinaryOp & BroadcastOp,
  gradient: OperatorRecord<Two, object>["gradient"],
) {
  return defineOperator<Two, object>({
    name,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    cheap: true,
    forward(gpu, [a, b], _, y) {
      if (sameShape(a.shape, b.shape)) return runBinary(gpu, op, a, b, y);
      return runBroadcast(gpu, name, op, a, b, y);
    },
    gradient,
  });
}

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

// Where both are equal, PyTorch gives half of the gradient to each.
const won = (a: Tensor, b: Tensor) => add(gt(a, b), scale(eq(a, b), 0.5));

export const maximumOperator = /* @__PURE__ */ defineBinary("maximum", "MAXIMUM", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, won(a, b)), a) : null,
  needs(1) ? sumTo(mul(dy, won(b, a)), b) : null,
]);
export const minimumOperator = /* @__PURE__ */ defineBinary("minimum", "MINIMUM", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, won(b, a)), a) : null,
  needs(1) ? sumTo(mul(dy, won(a, b)), b) : null,
]);
export const gtOperator = /* @__PURE__ */ defineBinary("gt", "GREATER", () => [null, null]);
export const eqOperator = /* @__PURE__ */ defineBinary("eq", "EQUAL", () => [null, null]);

/** max(x, 0). */
export const relu = (x: Tensor): Tensor => reluOperator([x], {});
/** x where x > 0, else slope * x. */
export function leakyRelu(x: Tensor, slope = 0.2): Tensor {
  checkValue("leakyRelu: the slope", slope, number);
  return leakyReluOperator([x], { slope });
}
/** Hyperbolic tangent, without the overflow that drivers' own have. */
export const tanh = (x: Tensor): Tensor => tanhOperator([x], {});
/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: Tensor): Tensor => sigmoidOperator([x], {});
/** log(1 + exp(x)), stable for all x. */
export const softplus = (x: Tensor): Tensor => softplusOperator([x], {});
/** x * x. */
export const square = (x: Tensor): Tensor => squareOperator([x], {});
/** Square root. */
export const sqrt = (x: Tensor): Tensor => sqrtOperator([x], {});
/** factor * x + offset. */
export function scale(x: Tensor, factor: number, offset = 0): Tensor {
  checkValue("scale: the factor", factor, number);
  checkValue("scale: the offset", offset, number);
  return scaleOperator([x], { factor, offset });
}
/** x where mask > 0, else slope * x; shapes must be equal. */
export function gate(x: Tensor, mask: Tensor, slope = 0): Tensor {
  checkValue("gate: the slope", slope, number);
  return gateOperator([x, mask], { slope });
}
/** e to the power of x. */
export const exp = (x: Tensor): Tensor => expOperator([x], {});
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => logOperator([x], {});
/** Sine of x in radians; the digits of f32 up to |x| of some thousands. */
export const sin = (x: Tensor): Tensor => sinOperator([x], {});
/** Cosine of x in radians; the digits of f32 up to |x| of some thousands. */
export const cos = (x: Tensor): Tensor => cosOperator([x], {});
/** |x|; at 0 its gradient is 0, as in PyTorch. */
export const abs = (x: Tensor): Tensor => absOperator([x], {});
/** -1, 0 or 1; its gradient is 0. */
export const sign = (x: Tensor): Tensor => signOperator([x], {});
/** -x. */
export const neg = (x: Tensor): Tensor => scale(x, -1);
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => reciprocalOperator([x], {});
/** 1 / sqrt(x). */
export const rsqrt = (x: Tensor): Tensor => rsqrtOperator([x], {});
/** The error function, to 1e-6. */
export const erf = (x: Tensor): Tensor => erfOperator([x], {});
/** x to the power of a number; NaN for negative x where that is no whole one. */
export function pow(x: Tensor, exponent: number): Tensor {
  checkValue("pow: the exponent", exponent, number);
  return powOperator([x], { exponent });
}
/** The largest f32: WGSL leaves open what infinite numbers do. */
const MOST = 3.4028234663852886e38;
/** x, but at least `min` and at most `max`; the gradient passes where neither was needed. */
export function clamp(x: Tensor, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): Tensor {
  checkValue("clamp: the least", min, number);
  checkValue("clamp: the most", max, number);
  return clampOperator([x], { min: Math.max(min, -MOST), max: Math.min(max, MOST) });
}
/** x * sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
/** x * P(X <= x) for a standard normal X; with "tanh" the usual approximation (Hendrycks and Gimpel, 2016). */
export function gelu(x: Tensor, approximate: "none" | "tanh" = "none"): Tensor {
  checkValue("gelu: approximate", approximate, oneOf("none", "tanh"));
  const inner =
    approximate === "tanh"
      ? tanh(scale(add(x, scale(pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI)))
      : erf(scale(x, Math.SQRT1_2));
  return mul(scale(x, 0.5), scale(inner, 1, 1));
}
/** The larger of a and b, broadcasting as PyTorch does. */
export const maximum = (a: Tensor, b: Tensor): Tensor => maximumOperator([a, b], {});
/** The smaller of a and b, broadcasting as PyTorch does. */
export const minimum = (a: Tensor, b: Tensor): Tensor => minimumOperator([a, b], {});
/** 1 where a > b, else 0, broadcasting as PyTorch does; the gradients of comparisons are 0. */
export const gt = (a: Tensor, b: Tensor): Tensor => gtOperator([a, b], {});
/** 1 where a < b, else 0. */
export const lt = (a: Tensor, b: Tensor): Tensor => gt(b, a);
/** 1 where a = b, else 0. */
export const eq = (a: Tensor, b: Tensor): Tensor => eqOperator([a, b], {});
/** 1 where a >= b, else 0. */
export const ge = (a: Tensor, b: Tensor): Tensor => add(gt(a, b), eq(a, b));
/** 1 where a <= b, else 0. */
export const le = (a: Tensor, b: Tensor): Tensor => ge(b, a);
/** 1 where a and b differ, else 0. */
export const ne = (a: Tensor, b: Tensor): Tensor => scale(eq(a, b), -1, 1);

/** A tensor or a number, which stands for a tensor of it. */
export type Operand = Tensor | number;

/** a + b, broadcasting as PyTorch does. */
export function add(a: Tensor, b: Operand): Tensor;
export function add(a: Operand, b: Tensor): Tensor;
export function add(a: Operand, b: Operand): Tensor {
  if (typeof a === "number") return scale(b as Tensor, 1, a);
  return typeof b === "number" ? scale(a, 1, b) : addOperator([a, b], {});
}
/** a - b, broadcasting as PyTorch does. */
export function sub(a: Tensor, b: Operand): Tensor;
export function sub(a: Operand, b: Tensor): Tensor;
export function sub(a: Operand, b: Operand): Tensor {
  if (typeof a === "number") return scale(b as Tensor, -1, a);
  return typeof b === "number" ? scale(a, 1, -b) : subOperator([a, b], {});
}
/** a * b, broadcasting as PyTorch does. */
export function mul(a: Tensor, b: Operand): Tensor;
export function mul(a: Operand, b: Tensor): Tensor;
export function mul(a: Operand, b: Operand): Tensor {
  if (typeof a === "number") return scale(b as Tensor, a);
  return typeof b === "number" ? scale(a, b) : mulOperator([a, b], {});
}
/** a / b, broadcasting as PyTorch does. */
export function div(a: Tensor, b: Operand): Tensor;
export function div(a: Operand, b: Tensor): Tensor;
export function div(a: Operand, b: Operand): Tensor {
  if (typeof a === "number") return scale(reciprocal(b as Tensor), a);
  return typeof b === "number" ? scale(a, 1 / b) : divOperator([a, b], {});
}
