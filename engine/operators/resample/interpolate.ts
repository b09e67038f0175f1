// Images in another size, as by PyTorch's interpolate: the nearest element, or a weighted mean of the nearest four.
// Both are composed, one axis after the other: of index selection, or of a product with a matrix of weights.
import { reshape } from "../../core/reshape.js";
import type { Tensor } from "../../core/tensor.js";
import { checkOptions, checkValue, flag, oneOf } from "../../lib/check-options.js";
import { ArgumentError } from "../../lib/errors.js";
import { imageShape } from "../../lib/shapes.js";
import { indexSelect } from "../gather/index.js";
import { type Pair, pairOf, wholes } from "../lib/pairs.js";
import { matmul } from "../matmul/index.js";

export interface InterpolateOptions {
  /** Height and width of the result, or the factors of those of x; give one of the two. */
  size?: Pair;
  scaleFactor?: Pair;
  /** "nearest" by default. */
  mode?: "nearest" | "bilinear";
  /** For "bilinear" only: whether the centres of x's corner pixels and of the result's coincide; false by default. */
  alignCorners?: boolean;
}

/** The weights [n, m] of n elements in m interpolated ones. */
function bilinearWeights(n: number, m: number, alignCorners: boolean): Float32Array {
  const weights = new Float32Array(n * m);
  for (let i = 0; i < m; i++) {
    const position = alignCorners ? (m > 1 ? (i * (n - 1)) / (m - 1) : 0) : Math.max(((i + 0.5) * n) / m - 0.5, 0);
    const before = Math.min(Math.floor(position), n - 1);
    const after = Math.min(before + 1, n - 1);
    weights[before * m + i] += 1 - (position - before);
    weights[after * m + i] += position - before;
  }
  return weights;
}

/** Replaces axis 2 or 3, of n elements, by m weighted sums of them: weights [n, m]. */
export function weighAxis(x: Tensor, axis: number, weights: Float32Array): Tensor {
  const n = x.shape[axis];
  const matrix = x.gpu.tensor(weights, [n, weights.length / n]);
  const planes = reshape(x, [-1, x.shape[2], x.shape[3]]);
  const product = axis === 3 ? matmul(planes, matrix) : matmul(matrix, planes, { transposeA: true });
  return reshape(product, x.shape.with(axis, weights.length / n));
}

/**
 * x [batch, channels, H, W] resized to another height and width.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[[[0, 4]]]]);
 * console.log(await interpolate(x, { size: [1, 4] }).read()); // 0, 0, 4, 4
 * console.log(await interpolate(x, { size: [1, 4], mode: "bilinear" }).read()); // 0, 1, 3, 4
 * ```
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const known = { size: wholes(1), scaleFactor: wholes(1), mode: oneOf("nearest", "bilinear"), alignCorners: flag };
  checkOptions("interpolate", options, known);
  const { size, scaleFactor, mode = "nearest", alignCorners = false } = options;
  const [, , ...now] = imageShape("interpolate", x);
  if ((size === undefined) === (scaleFactor === undefined))
    throw new ArgumentError("interpolate: one of size and scaleFactor is to be given", "Give { scaleFactor: 2 }.");
  if (mode === "nearest") checkValue("interpolate: alignCorners of nearest", alignCorners, oneOf(false));
  const factors = pairOf(scaleFactor ?? 1);
  const sizes = size === undefined ? now.map((n, axis) => n * factors[axis]) : pairOf(size);
  return [2, 3].reduce((y, axis) => {
    const [n, m] = [now[axis - 2], sizes[axis - 2]];
    if (n === m) return y;
    if (mode === "nearest") {
      return indexSelect(y, axis, x.gpu.tensor(Int32Array.from({ length: m }, (_, i) => Math.floor((i * n) / m))));
    }
    return weighAxis(y, axis, bilinearWeights(n, m, alignCorners));
  }, x);
}
