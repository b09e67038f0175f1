// The values of the reference operators: a row-major float64 array and its shape. The reference is the oracle that
// every kernel is tested against and the single-thread CPU baseline of the benchmarks, so it is plain loops over
// plain arrays: no tape, no views, no laziness.
//
// In this folder an operator is `name(inputs..., options)`, and beside it stands
// `nameGradient(inputs..., options, dy)`: the same arguments and then the cotangent dy of the output. It returns one
// `d<input>` for each input that gets a gradient, always in that input's shape. Images are NCHW.
import { ShapeError } from "../../../lib/errors.js";

export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Number of elements of a shape; 1 for the scalar shape []. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Values with a shape. A Float64Array is kept, not copied. Throws ShapeError if the count is off. */
export function dense(shape: readonly number[], data: ArrayLike<number>): Dense {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `dense: ${data.length} values do not fill the shape [${shape}].`,
      `Give ${sizeOf(shape)} values.`,
    );
  }
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Dense {
  return { shape, data: new Float64Array(sizeOf(shape)) };
}

/** A tensor of a shape, whose elements are what `at` says of their indices. */
export function build(shape: readonly number[], at: (index: readonly number[]) => number): Dense {
  const y = zeros(shape);
  const index = shape.map(() => 0);
  for (let k = 0; k < y.data.length; k++) {
    y.data[k] = at(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return y;
}

/** The element at an index. */
export const element = (x: Dense, index: readonly number[]): number =>
  x.data[index.reduce((flat, i, axis) => flat * x.shape[axis] + i, 0)];

/** Float32 values, as they come from a GPU or a file, widened without change. */
export function fromFloat32(shape: readonly number[], data: Float32Array): Dense {
  return dense(shape, new Float64Array(data));
}

/** Throws ShapeError unless both shapes are equal. `names` says which two values these are. */
export function requireSameShape(operator: string, names: string, a: readonly number[], b: readonly number[]): void {
  if (a.length !== b.length || a.some((extent, axis) => extent !== b[axis])) {
    throw new ShapeError(`${operator}: ${names} have the shapes [${a}] and [${b}].`, "Give both the same shape.");
  }
}

/** Throws ShapeError unless the shape has `rank` axes. `layout` spells them, as in "[N, C, H, W]". */
export function requireRank(
  operator: string,
  name: string,
  shape: readonly number[],
  rank: number,
  layout: string,
): void {
  if (shape.length !== rank) {
    throw new ShapeError(`${operator}: ${name} has the shape [${shape}].`, `Reshape it to ${layout}.`);
  }
}
