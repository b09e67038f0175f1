// Shape arithmetic shared by operators: PyTorch's broadcasting and axis rules, and shapes in error messages.

import { type Check, checkValue, tensor } from "./check-options.js";
import { ShapeError } from "./errors.js";

export type Shape = readonly number[];

/** Anything with a shape, such as a tensor. */
export interface Shaped {
  readonly shape: Shape;
}

/** Number of elements of a shape. */
export const sizeOf = (shape: Shape) => shape.reduce((product, n) => product * n, 1);

/** The check of shapes given by callers. */
export const SHAPE: Check = [
  (value) => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0),
  "an array of whole numbers from 0 on",
];

export const sameShape = (a: Shape, b: Shape) => a.length === b.length && a.every((n, i) => n === b[i]);

/** "[2,3,4,4]" or "none". */
export const shapeText = (tensor: Shaped | undefined) => (tensor ? `[${tensor.shape}]` : "none");

/** The shape that two shapes broadcast to, as PyTorch does. */
export function broadcastShapes(operator: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${operator}: shapes [${a}] and [${b}] do not broadcast`,
        "Sizes must be equal or 1, counted from the last axis.",
      );
    }
    return m === 1 ? n : m;
  });
}

/** One axis or several; negative ones count from the last. */
export type Axes = number | readonly number[];

/** The shape of what an operator was given as a tensor; throws an ArgumentError for anything else. */
export function shapeIn(operator: string, x: Shaped, role = "input"): Shape {
  checkValue(`${operator}: the ${role}`, x, tensor);
  return x.shape;
}

/** Axes of a tensor, or of one with `more` axes than it, as sorted non-negative numbers; all axes if undefined. */
export function normalizeAxes(operator: string, x: Shaped, axes: Axes | undefined, more = 0): number[] {
  const rank = shapeIn(operator, x).length + more;
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const normal = [axes].flat().map((axis) => (axis < 0 ? axis + rank : axis));
  const within = (axis: number) => Number.isInteger(axis) && axis >= 0 && axis < rank;
  if (!normal.every(within) || new Set(normal).size !== normal.length) {
    throw new ShapeError(
      `${operator}: axes [${axes}] do not fit a tensor with ${rank} axes`,
      `Give different axes from ${-rank} to ${rank - 1}.`,
    );
  }
  return normal.sort((a, b) => a - b);
}

/** The sizes of a tensor of exactly four axes: batch, channels, height, width. */
export function imageShape(
  operator: string,
  x: Shaped,
): [batch: number, channels: number, height: number, width: number] {
  if (shapeIn(operator, x).length !== 4) {
    throw new ShapeError(
      `${operator}: expected [batch, channels, height, width] and got ${shapeText(x)}`,
      "Reshape it.",
    );
  }
  return x.shape as [number, number, number, number];
}
