// Strided views of tensors, and the merging of their axes to as few as a kernel supports.
import { type Shape, sizeOf } from "../../lib/shapes.js";

/** Element [i, j, ...] of a view is at offset + i * strides[0] + j * strides[1] + ... */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The part of a view at index i of its first axis. */
export function within({ shape, strides, offset }: View, i: number): View {
  return { shape: shape.slice(1), strides: strides.slice(1), offset: offset + i * strides[0] };
}

/** The strides of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  let step = 1;
  return shape
    .map((_, i) => {
      const stride = step;
      step *= shape[shape.length - 1 - i];
      return stride;
    })
    .reverse();
}

/**
 * The sizes of axes and several operands' strides along them, fastest first. Axes of size 1 are dropped, and neighbours
 * that are contiguous with each other in every operand are merged.
 */
export function mergeAxes(
  shape: Shape,
  operands: readonly (readonly number[])[],
): { n: number[]; strides: number[][] } {
  const n: number[] = [];
  const strides = operands.map(() => [] as number[]);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const last = n.length - 1;
    const merges = last >= 0 && operands.every((of, i) => of[axis] === strides[i][last] * n[last]);
    if (merges) n[last] *= shape[axis];
    else {
      n.push(shape[axis]);
      operands.forEach((of, i) => {
        strides[i].push(of[axis]);
      });
    }
  }
  return { n, strides };
}

/** A shape as [outer, n, inner], for kernels that work along one axis. */
export const alongAxis = (shape: Shape, axis: number): { outer: number; n: number; inner: number } => {
  return { outer: sizeOf(shape.slice(0, axis)), n: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
};
