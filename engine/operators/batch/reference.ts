// Operators that only move values: images joined into one batch and taken out of it again, mirrored, or read under
// another shape.
import { ShapeError } from "../../core/errors.js";
import { type Dense, requireSameShape, sizeOf, zeros } from "../lib/reference/dense.js";

/** Tensors [N_i, ...] joined along axis 0. */
export function concat(xs: readonly Dense[]): Dense {
  if (xs.length === 0) throw new ShapeError("concat: there is nothing to join.", "Give one tensor or more.");
  const rest = xs[0].shape.slice(1);
  for (const x of xs) requireSameShape("concat", "two images", rest, x.shape.slice(1));
  const y = zeros([xs.reduce((count, x) => count + x.shape[0], 0), ...rest]);
  let at = 0;
  for (const x of xs) {
    y.data.set(x.data, at);
    at += x.data.length;
  }
  return y;
}

export function concatGradient(xs: readonly Dense[], dy: Dense): { dxs: Dense[] } {
  let at = 0;
  const dxs = xs.map((x) => {
    const data = dy.data.slice(at, at + x.data.length);
    at += x.data.length;
    return { shape: x.shape, data };
  });
  return { dxs };
}

/** x[start..end) along axis 0. */
export function slice(x: Dense, start: number, end: number): Dense {
  if (!(0 <= start && start <= end && end <= x.shape[0])) {
    throw new ShapeError(
      `slice: [${start}, ${end}) is not inside axis 0 of the shape [${x.shape}].`,
      `Use 0 <= start <= end <= ${x.shape[0]}.`,
    );
  }
  const rest = x.shape.slice(1);
  const row = sizeOf(rest);
  return { shape: [end - start, ...rest], data: x.data.slice(start * row, end * row) };
}

export function sliceGradient(x: Dense, start: number, _end: number, dy: Dense): { dx: Dense } {
  const dx = zeros(x.shape);
  dx.data.set(dy.data, start * sizeOf(x.shape.slice(1)));
  return { dx };
}

/** x [..., W] mirrored along its last axis. */
export function flipHorizontal(x: Dense): Dense {
  const y = zeros(x.shape);
  const width = x.shape.at(-1) ?? 1;
  for (let row = 0; row < y.data.length; row += width) {
    for (let j = 0; j < width; j++) y.data[row + j] = x.data[row + width - 1 - j];
  }
  return y;
}

export function flipHorizontalGradient(_x: Dense, dy: Dense): { dx: Dense } {
  return { dx: flipHorizontal(dy) };
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

export function reshapeGradient(x: Dense, _shape: readonly number[], dy: Dense): { dx: Dense } {
  return { dx: { shape: x.shape, data: dy.data } };
}
