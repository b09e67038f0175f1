// Sums and means over chosen axes; the gradient repeats the cotangent along them.
import { ShapeError } from "../../lib/errors.js";
import { broadcastTo, sumTo } from "../lib/reference/broadcast.js";
import { type Dense, sizeOf } from "../lib/reference/dense.js";
import { scale } from "../pointwise/reference.js";

/** Sum of x over the axes (all of them if none are given), which stay as extents of 1 if `keepdim`. */
export function sum(x: Dense, axes: readonly number[] = allAxes(x), keepdim = false): Dense {
  const kept = keptShape("sum", x, axes);
  const total = sumTo(x, kept);
  return { shape: keepdim ? kept : kept.filter((_, axis) => !axes.includes(axis)), data: total.data };
}

export function sumGradient(x: Dense, axes: readonly number[], _keepdim: boolean, dy: Dense): { dx: Dense } {
  return { dx: broadcastTo({ shape: keptShape("sumGradient", x, axes), data: dy.data }, x.shape) };
}

/** Mean of x over the axes (all of them if none are given), which stay as extents of 1 if `keepdim`. */
export function mean(x: Dense, axes: readonly number[] = allAxes(x), keepdim = false): Dense {
  return scale(sum(x, axes, keepdim), 1 / countOver(x, axes));
}

export function meanGradient(x: Dense, axes: readonly number[], keepdim: boolean, dy: Dense): { dx: Dense } {
  return sumGradient(x, axes, keepdim, scale(dy, 1 / countOver(x, axes)));
}

const allAxes = (x: Dense) => x.shape.map((_, axis) => axis);

const countOver = (x: Dense, axes: readonly number[]) => sizeOf(axes.map((axis) => x.shape[axis]));

function keptShape(operator: string, x: Dense, axes: readonly number[]): number[] {
  if (axes.some((axis, i) => !(axis in x.shape) || axes.indexOf(axis) !== i)) {
    throw new ShapeError(
      `${operator}: the axes [${axes}] do not fit the shape [${x.shape}].`,
      `Name each axis once, from 0 to ${x.shape.length - 1}.`,
    );
  }
  return x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}
