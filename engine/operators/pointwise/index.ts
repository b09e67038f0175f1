// Operators that work element by element: activations, arithmetic with PyTorch's broadcasting, and their gradients,
// which are made of the same operators. `gate` (pass where a mask tensor is positive, else times a slope) is the
// derivative of ReLU and LeakyReLU.
import { checkValue, number } from "../../core/check-options.js";
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
  gradient: (dy: Tensor, x: Tensor, y: Tensor, options: O) => Tensor,
) {
  return defineOperator<One, O>({
    name,
    shape: ([x]) => x.shape,
    cheap: true,
    forward: (gpu, [x], options, y) => forward(gpu, x, y, options),
    gradient: ({ inputs: [x], output, options }, dy) => [gradient(dy, x, output, options)],
  });
}

export const leakyReluOperator = defineUnary<{ slope: number }>(
  "leakyRelu",
  (gpu, x, y, { slope }) => runUnary(gpu, "RELU", x, y, slope),
  (dy, x, _, { slope }) => gate(dy, x, slope),
);
export const reluOperator = defineUnary<object>(
  "relu",
  (gpu, x, y) => runUnary(gpu, "RELU", x, y, 0),
  (dy, x) => gate(dy, x, 0),
);
export const tanhOperator = defineUnary<object>(
  "tanh",
  (gpu, x, y) => runUnary(gpu, "TANH", x, y),
  (dy, _, y) => mul(dy, scale(square(y), -1, 1)),
);
export const sigmoidOperator = defineUnary<object>(
  "sigmoid",
  (gpu, x, y) => runUnary(gpu, "SIGMOID", x, y),
  (dy, _, y) => mul(dy, mul(y, scale(y, -1, 1))),
);
export const softplusOperator = defineUnary<object>(
  "softplus",
  (gpu, x, y) => runUnary(gpu, "SOFTPLUS", x, y),
  (dy, x) => mul(dy, sigmoid(x)),
);
export const squareOperator = defineUnary<object>(
  "square",
  (gpu, x, y) => runUnary(gpu, "SQUARE", x, y),
  (dy, x) => scale(mul(dy, x), 2),
);
export const sqrtOperator = defineUnary<object>(
  "sqrt",
  (gpu, x, y) => runUnary(gpu, "SQRT", x, y),
  (dy, _, y) => div(dy, scale(y, 2)),
);
export const scaleOperator = defineUnary<{ factor: number; offset: number }>(
  "scale",
  (gpu, x, y, { factor, offset }) => runUnary(gpu, "SCALE", x, y, factor, offset),
  (dy, _x, _y, { factor }) => scale(dy, factor),
);

export const gateOperator = defineOperator<readonly [x: Tensor, mask: Tensor], { slope: number }>({
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
function defineBinary(name: string, op: BinaryOp & BroadcastOp, gradient: OperatorRecord<Two, object>["gradient"]) {
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

export const addOperator = defineBinary("add", "ADD", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? sumTo(dy, b) : null,
]);
export const subOperator = defineBinary("sub", "SUB", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? scale(sumTo(dy, b), -1) : null,
]);
export const mulOperator = defineBinary("mul", "MUL", ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, b), a) : null,
  needs(1) ? sumTo(mul(dy, a), b) : null,
]);
export const divOperator = defineBinary("div", "DIV", ({ inputs: [a, b], output, needs }, dy) => [
  needs(0) ? sumTo(div(dy, b), a) : null,
  needs(1) ? scale(sumTo(div(mul(dy, output), b), b), -1) : null,
]);

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
/** a + b, broadcasting as PyTorch does. */
export const add = (a: Tensor, b: Tensor): Tensor => addOperator([a, b], {});
/** a - b, broadcasting as PyTorch does. */
export const sub = (a: Tensor, b: Tensor): Tensor => subOperator([a, b], {});
/** a * b, broadcasting as PyTorch does. */
export const mul = (a: Tensor, b: Tensor): Tensor => mulOperator([a, b], {});
/** a / b, broadcasting as PyTorch does. */
export const div = (a: Tensor, b: Tensor): Tensor => divOperator([a, b], {});
