// Operators that work element by element: activations, arithmetic with PyTorch's broadcasting, and their gradients, which
// are made of the same operators. `gate` (pass where a mask tensor is positive, else times a slope) is the derivative of
// ReLU and LeakyReLU.

import { binary, binary_broadcast, unary } from "../../../shaders/generated.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator, type OperatorRecord } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { broadcastShapes, sameShape } from "../../core/shapes.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { sum } from "../reduction/index.js";

type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

/** Consecutive vec4s an invocation: a CPU likes long runs, a GPU many invocations. */
const perThread = (gpu: Gpu) => (gpu.profile === "software" ? 4 : 1);
const WORKGROUP = 64;

function runUnary(gpu: Gpu, op: number, x: Tensor, y: Tensor, a = 0, b = 0): undefined {
  const quads = Math.ceil(x.size / 4);
  const PER_THREAD = perThread(gpu);
  gpu.dispatch(unary, {
    bindings: { x, y },
    params: { quads, a, b },
    grid: Math.ceil(quads / (WORKGROUP * PER_THREAD)),
    constants: { OP: op, PER_THREAD },
  });
}

function runBinary(gpu: Gpu, op: number, a: Tensor, b: Tensor, y: Tensor, slope = 0): undefined {
  const quads = Math.ceil(y.size / 4);
  const PER_THREAD = perThread(gpu);
  gpu.dispatch(binary, {
    bindings: { a, b, y },
    params: { quads, slope },
    grid: Math.ceil(quads / (WORKGROUP * PER_THREAD)),
    constants: { OP: op, PER_THREAD },
  });
}

function runBroadcast(gpu: Gpu, name: string, op: number, a: Tensor, b: Tensor, y: Tensor): undefined {
  const { n, strides } = broadcastGeometry(y.shape, [a.shape, b.shape]);
  if (n.length > 4) {
    throw new ShapeError(
      `${name}: shapes [${a.shape}] and [${b.shape}] broadcast over ${n.length} separate axes and 4 are supported`,
      "Expand one of them first.",
    );
  }
  while (n.length < 4) {
    n.push(1);
    for (const s of strides) s.push(0);
  }
  const [sa, sb] = strides;
  gpu.dispatch(binary_broadcast, {
    bindings: { a, b, y },
    params: {
      ...{ size: y.size, n0: n[0], n1: n[1], n2: n[2] },
      ...{ a0: sa[0], a1: sa[1], a2: sa[2], a3: sa[3] },
      ...{ b0: sb[0], b1: sb[1], b2: sb[2], b3: sb[3] },
    },
    grid: Math.ceil(y.size / WORKGROUP),
    constants: { OP: op },
  });
}

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
  (gpu, x, y, { slope }) => runUnary(gpu, 0, x, y, slope),
  (dy, x, _, { slope }) => gate(dy, x, slope),
);
export const reluOperator = defineUnary<object>(
  "relu",
  (gpu, x, y) => runUnary(gpu, 0, x, y, 0),
  (dy, x) => gate(dy, x, 0),
);
export const tanhOperator = defineUnary<object>(
  "tanh",
  (gpu, x, y) => runUnary(gpu, 1, x, y),
  (dy, _, y) => mul(dy, scale(square(y), -1, 1)),
);
export const sigmoidOperator = defineUnary<object>(
  "sigmoid",
  (gpu, x, y) => runUnary(gpu, 2, x, y),
  (dy, _, y) => mul(dy, mul(y, scale(y, -1, 1))),
);
export const softplusOperator = defineUnary<object>(
  "softplus",
  (gpu, x, y) => runUnary(gpu, 3, x, y),
  (dy, x) => mul(dy, sigmoid(x)),
);
export const squareOperator = defineUnary<object>(
  "square",
  (gpu, x, y) => runUnary(gpu, 4, x, y),
  (dy, x) => scale(mul(dy, x), 2),
);
export const sqrtOperator = defineUnary<object>(
  "sqrt",
  (gpu, x, y) => runUnary(gpu, 5, x, y),
  (dy, _, y) => div(dy, scale(y, 2)),
);
export const scaleOperator = defineUnary<{ factor: number; offset: number }>(
  "scale",
  (gpu, x, y, { factor, offset }) => runUnary(gpu, 6, x, y, factor, offset),
  (dy, _x, _y, { factor }) => scale(dy, factor),
);

export const gateOperator = defineOperator<readonly [x: Tensor, mask: Tensor], { slope: number }>({
  name: "gate",
  shape([x, mask]) {
    if (!sameShape(x.shape, mask.shape))
      throw new ShapeError(`gate: shapes [${x.shape}] and [${mask.shape}] differ`, "Give a mask of the same shape.");
    return x.shape;
  },
  forward: (gpu, [x, mask], { slope }, y) => runBinary(gpu, 4, x, mask, y, slope),
  // The mask only decides: its gradient is zero almost everywhere.
  gradient: ({ inputs: [, mask], options: { slope } }, dy) => [gate(dy, mask, slope), null],
});

// @__NO_SIDE_EFFECTS__
function defineBinary(name: string, op: number, gradient: OperatorRecord<Two, object>["gradient"]) {
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

export const addOperator = defineBinary("add", 0, ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? sumTo(dy, b) : null,
]);
export const subOperator = defineBinary("sub", 1, ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(dy, a) : null,
  needs(1) ? scale(sumTo(dy, b), -1) : null,
]);
export const mulOperator = defineBinary("mul", 2, ({ inputs: [a, b], needs }, dy) => [
  needs(0) ? sumTo(mul(dy, b), a) : null,
  needs(1) ? sumTo(mul(dy, a), b) : null,
]);
export const divOperator = defineBinary("div", 3, ({ inputs: [a, b], output, needs }, dy) => [
  needs(0) ? sumTo(div(dy, b), a) : null,
  needs(1) ? scale(sumTo(div(mul(dy, output), b), b), -1) : null,
]);

export const expandOperator = defineOperator<One, { shape: Shape }>({
  name: "expand",
  shape([x], { shape }) {
    if (!sameShape(broadcastShapes("expand", x.shape, shape), shape)) {
      throw new ShapeError(
        `expand: [${x.shape}] does not expand to [${shape}]`,
        "Sizes must be equal, or 1 in the tensor, counted from the last axis.",
      );
    }
    return shape;
  },
  flops: () => 0,
  forward: (gpu, [x], _, y) => runExpand(gpu, x, y),
  gradient: ({ inputs: [x] }, dy) => [sumTo(dy, x)],
});

/** Repeats x up to the shape of y, by way of a smaller tensor where the kernel has too few axes for one pass. */
function runExpand(gpu: Gpu, x: Tensor, y: Tensor): undefined {
  if (broadcastGeometry(y.shape, [x.shape]).n.length <= 4) return runBroadcast(gpu, "expand", 4, x, x, y);
  // Along its slowest axis x is repeated last.
  const lead = y.shape.length - x.shape.length;
  const slowest = y.shape.findIndex((n, axis) => n !== 1 && (axis < lead || x.shape[axis - lead] === 1));
  const between = gpu.empty(y.shape.map((n, axis) => (axis === slowest ? 1 : n)));
  runExpand(gpu, x, between);
  runBroadcast(gpu, "expand", 4, between, between, y);
  between.dispose();
}

/** Sums a gradient over the axes along which an operand was broadcast, back to the operand's shape. */
function sumTo(dy: Tensor, operand: Tensor): Tensor {
  if (sameShape(dy.shape, operand.shape)) return dy;
  const lead = dy.shape.length - operand.shape.length;
  const axes = dy.shape.flatMap((n, i) => (i < lead || (operand.shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length ? sum(dy, axes) : dy, operand.shape);
}

/** The axes, fastest first, with neighbours merged along which every operand is contiguous or broadcast alike. */
function broadcastGeometry(shape: readonly number[], operands: readonly (readonly number[])[]) {
  const n: number[] = [];
  const strides = operands.map(() => [] as number[]);
  const full = operands.map((operand) => {
    let step = 1;
    return shape
      .map((_, i) => {
        const axis = shape.length - 1 - i;
        const size = operand[operand.length - 1 - i] ?? 1;
        const stride = size === 1 && shape[axis] !== 1 ? 0 : step;
        step *= size;
        return stride;
      })
      .reverse();
  });
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const last = n.length - 1;
    const merges = last >= 0 && full.every((s, o) => s[axis] === strides[o][last] * n[last]);
    if (merges) n[last] *= shape[axis];
    else {
      n.push(shape[axis]);
      full.forEach((s, o) => {
        strides[o].push(s[axis]);
      });
    }
  }
  return { n, strides };
}

/** max(x, 0). */
export const relu = (x: Tensor): Tensor => reluOperator([x], {});
/** x where x > 0, else slope * x. */
export const leakyRelu = (x: Tensor, slope = 0.2): Tensor => leakyReluOperator([x], { slope });
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
export const scale = (x: Tensor, factor: number, offset = 0): Tensor => scaleOperator([x], { factor, offset });
/** x where mask > 0, else slope * x; shapes must be equal. */
export const gate = (x: Tensor, mask: Tensor, slope = 0): Tensor => gateOperator([x, mask], { slope });
/** x repeated along its axes of size 1 (and new leading axes) up to `shape`. */
export const expand = (x: Tensor, shape: Shape): Tensor => expandOperator([x], { shape });
/** a + b, broadcasting as PyTorch does. */
export const add = (a: Tensor, b: Tensor): Tensor => addOperator([a, b], {});
/** a - b, broadcasting as PyTorch does. */
export const sub = (a: Tensor, b: Tensor): Tensor => subOperator([a, b], {});
/** a * b, broadcasting as PyTorch does. */
export const mul = (a: Tensor, b: Tensor): Tensor => mulOperator([a, b], {});
/** a / b, broadcasting as PyTorch does. */
export const div = (a: Tensor, b: Tensor): Tensor => divOperator([a, b], {});
