// The elementwise kernels, as functions that fill a tensor: for the families pointwise and reduction.
import { binary, binary_broadcast, elementary, integer_broadcast, unary } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { type Dispatch, rebind } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import type { Shape } from "../../lib/shapes.js";
import { mergeAxes } from "./views.js";

/** The operations of a kernel, by their names in the shader. */
export type UnaryOp = keyof typeof unary.ops;
export type ElementaryOp = keyof typeof elementary.ops;
export type BinaryOp = keyof typeof binary.ops;
export type BroadcastOp = keyof typeof binary_broadcast.ops;

/** Consecutive vec4s per invocation: a CPU prefers long loops, a GPU many invocations. */
export const VEC4S_PER_THREAD = { software: 4, gpu: 1 } as const;

/** Consecutive elements per invocation of the broadcasting kernels: a GPU wants neighbours in neighbouring lanes. */
export const BROADCAST_PER_THREAD = { software: 16, gpu: 1 } as const;

/** The most axes that the broadcasting kernel supports. */
export const BROADCAST_AXES = 4;

/** y = op(x), with the op's own parameters a and b where it has them. */
export const runUnary = (gpu: Gpu, op: UnaryOp, x: Tensor, y: Tensor, a = 0, b = 0): undefined =>
  runEach(gpu, unary, unary.ops[op], x, y, a, b, op === "RELU" ? { slope: a } : undefined);

/** The same for the operations of the other kernel. */
export const runElementary = (gpu: Gpu, op: ElementaryOp, x: Tensor, y: Tensor, a = 0, b = 0): undefined =>
  runEach(gpu, elementary, elementary.ops[op], x, y, a, b);

function runEach(
  gpu: Gpu,
  kernel: typeof unary | typeof elementary,
  OP: number,
  x: Tensor,
  y: Tensor,
  a: number,
  b: number,
  activation?: { slope: number },
): undefined {
  const vec4s = Math.ceil(x.size / 4);
  const perThread = VEC4S_PER_THREAD[gpu.profile];
  gpu.dispatch(kernel, {
    bindings: { x, y },
    params: { vec4s, a, b },
    invocations: Math.ceil(vec4s / perThread),
    constants: { OP, PER_THREAD: perThread },
    activation,
  });
}

/** The earlier dispatch with the ReLU mask fused into it, if it supports one and nobody reads its result unmasked. */
function fuseGate(earlier: Dispatch, { storages, params }: Dispatch, stored: boolean): Dispatch[] | null {
  const { reluMask } = earlier;
  if (reluMask === undefined || stored) return null;
  const [, mask, y] = storages;
  const gate = { gated: 1, slope: params.slope };
  return [{ ...earlier, storages: rebind(earlier, { [reluMask]: mask, y }), params: { ...earlier.params, ...gate } }];
}

/** y = op(a, b) for operands of y's shape. */
export function runBinary(gpu: Gpu, op: BinaryOp, a: Tensor, b: Tensor, y: Tensor, slope = 0): undefined {
  const vec4s = Math.ceil(y.size / 4);
  const perThread = VEC4S_PER_THREAD[gpu.profile];
  gpu.dispatch(binary, {
    bindings: { a, b, y },
    params: { vec4s, slope },
    invocations: Math.ceil(vec4s / perThread),
    constants: { OP: binary.ops[op], PER_THREAD: perThread },
    fusion: op === "RELU_GRADIENT" ? { input: "a", merge: fuseGate } : undefined,
  });
}

/**
 * y = op(a, b) for operands that broadcast to y's shape, all floats or all integers. Returns false, with nothing done,
 * if that takes more axes than the kernel has.
 */
export function runBroadcast(gpu: Gpu, op: BroadcastOp, a: Tensor, b: Tensor, y: Tensor): boolean {
  const { n, strides } = broadcastGeometry(y.shape, [a.shape, b.shape]);
  if (n.length > BROADCAST_AXES) return false;
  const [n0 = 1, n1 = 1, n2 = 1] = n;
  const [[a0 = 0, a1 = 0, a2 = 0, a3 = 0], [b0 = 0, b1 = 0, b2 = 0, b3 = 0]] = strides;
  const perThread = BROADCAST_PER_THREAD[gpu.profile];
  const rows = n0 && y.size / n0;
  gpu.dispatch(y.dtype === "i32" ? integer_broadcast : binary_broadcast, {
    bindings: { a, b, y },
    params: { rows, n0, n1, n2, a0, a1, a2, a3, b0, b1, b2, b3 },
    invocations: rows * Math.ceil(n0 / perThread),
    constants: { OP: binary_broadcast.ops[op], PER_THREAD: perThread },
  });
  return true;
}

/** The axes of operands that broadcast to a shape, merged: sizes n and each operand's strides, fastest first. */
export const broadcastGeometry = (shape: Shape, operands: readonly Shape[]): { n: number[]; strides: number[][] } =>
  mergeAxes(
    shape,
    operands.map((operand) => broadcastStrides(shape, operand)),
  );

/** An operand's stride along each axis of the shape, 0 where it is broadcast. */
function broadcastStrides(shape: Shape, operand: Shape): number[] {
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
}
