// Operators that only move values: their order, parts, joins and borders. Each says where an element comes from.
import { ShapeError } from "../../lib/errors.js";
import { build, type Dense, element, requireSameShape, sizeOf } from "../lib/reference/dense.js";

/** Axis i of the result is axis axes[i] of x. */
export function permute(x: Dense, axes: readonly number[]): Dense {
  return build(
    axes.map((axis) => x.shape[axis]),
    (index) =>
      element(
        x,
        x.shape.map((_, axis) => index[axes.indexOf(axis)]),
      ),
  );
}

/** Tensors joined along an axis. */
export function concat(xs: readonly Dense[], axis = 0): Dense {
  if (xs.length === 0) throw new ShapeError("concat: there is nothing to join.", "Give one tensor or more.");
  const total = xs.reduce((count, x) => count + x.shape[axis], 0);
  for (const x of xs) requireSameShape("concat", "two parts", xs[0].shape.with(axis, total), x.shape.with(axis, total));
  const owners = xs.flatMap((x) => Array.from({ length: x.shape[axis] }, (_, at) => ({ x, at })));
  return build(xs[0].shape.with(axis, total), (index) => {
    const { x, at } = owners[index[axis]];
    return element(x, index.with(axis, at));
  });
}

/** x[start..end) along an axis, or every step-th element of it. */
export function slice(x: Dense, start: number, end: number, axis = 0, step = 1): Dense {
  if (!(0 <= start && start <= end && end <= x.shape[axis])) {
    throw new ShapeError(
      `slice: [${start}, ${end}) is not inside axis ${axis} of the shape [${x.shape}].`,
      `Use 0 <= start <= end <= ${x.shape[axis]}.`,
    );
  }
  const length = Math.ceil((end - start) / step);
  return build(x.shape.with(axis, length), (index) => element(x, index.with(axis, start + index[axis] * step)));
}

/** x mirrored along axes. */
export const flip = (x: Dense, axes: readonly number[]): Dense =>
  build(x.shape, (index) =>
    element(
      x,
      index.map((i, axis) => (axes.includes(axis) ? x.shape[axis] - 1 - i : i)),
    ),
  );

/** A border before and behind each axis: a constant, x mirrored without its edge, or its edge repeated. */
export function pad(
  x: Dense,
  borders: readonly (readonly [before: number, behind: number])[],
  mode: "constant" | "reflect" | "replicate",
  value = 0,
): Dense {
  const shape = x.shape.map((n, axis) => n + borders[axis][0] + borders[axis][1]);
  return build(shape, (index) => {
    const from = index.map((i, axis) => i - borders[axis][0]);
    if (mode === "constant" && from.some((i, axis) => i < 0 || i >= x.shape[axis])) return value;
    return element(
      x,
      from.map((i, axis) => {
        const last = x.shape[axis] - 1;
        return mode === "reflect" ? last - Math.abs(last - Math.abs(i)) : Math.min(Math.max(i, 0), last);
      }),
    );
  });
}

/** The same values under another shape; the array is shared. */
export function reshape(x: Dense, shape: readonly number[]): Dense {
  if (sizeOf(shape) !== x.data.length) {
    throw new ShapeError(
      `reshape: the shape [${x.shape}] has ${x.data.length} values, [${shape}] has ${sizeOf(shape)}.`,
      "Give a shape with as many values.",
    );
  }
  return { shape, data: x.data };
}
