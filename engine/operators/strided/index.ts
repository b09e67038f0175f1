// Operators that move elements, under PyTorch's names: permuting, slicing, joining, flipping and padding. All use one
// kernel, a copy between strided views, and two operators, each the other's gradient: `asStrided` copies a view of a
// tensor, `asStridedScatter` a tensor into a view of a constant.
import { defineOperator, type Operator, unmixed } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, Tensor } from "../../core/tensor.js";
import { partStart } from "../../device/memory.js";
import { checkOptions, checkValue, number, oneOf, tensors, whole } from "../../lib/check-options.js";
import { elementBytes, int32 } from "../../lib/elements.js";
import { ShapeError } from "../../lib/errors.js";
import { type Axes, normalizeAxes, type Shaped, sameShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { stridesOf, type View } from "../lib/views.js";
import { expand } from "../reduction/index.js";
import { copyStrided, fillWith } from "./copy.js";

export { copyInto, fillWith } from "./copy.js";

type One = readonly [x: Tensor];

/** The view of a whole tensor. */
const all = (shape: Shape): View => ({ shape, strides: stridesOf(shape), offset: 0 });

/** The elements of a view of x, which must not overlap itself. */
export const asStridedOperator: Operator<One, View> = /* @__PURE__ */ defineOperator({
  name: "asStrided",
  integers: [0],
  dtype: ([x]) => x.dtype,
  shape: (_, { shape }) => shape,
  flops: () => 0,
  reads: (_, _options, y) => ({ 0: sizeOf(y) }),
  cheap: true,
  view([x], { shape, strides, offset }) {
    const dense = stridesOf(shape);
    return shape.every((n, axis) => n === 1 || strides[axis] === dense[axis]) ? x.part(offset, shape) : null;
  },
  forward(gpu, [x], view, y) {
    copyStrided(gpu, x, view, y, all(y.shape));
    return undefined;
  },
  gradient: ({ inputs: [x], options: view, accumulator }, dy) => [
    asStridedScatterOperator([dy], { view, shape: x.shape, value: 0 }, { accumulateInto: accumulator(0) }),
  ],
});

export interface AsStridedScatterOptions {
  readonly view: View;
  readonly shape: Shape;
  readonly value: number;
}

/**
 * A tensor of a shape, x in a view of it and `value` elsewhere: the adjoint of asStrided, like PyTorch's
 * as_strided_scatter. Where it accumulates, only x is added.
 */
export const asStridedScatterOperator: Operator<One, AsStridedScatterOptions> = /* @__PURE__ */ defineOperator({
  // Rows of benchmarks are compared by this name.
  name: "place",
  integers: [0],
  dtype: ([x]) => x.dtype,
  shape: (_, { shape }) => shape,
  flops: () => 0,
  cheap: true,
  accumulates: true,
  forward(gpu, [x], { view, value }, y, { accumulate }) {
    if (x.size < y.size && !accumulate) fillWith(gpu, y, value);
    copyStrided(gpu, x, all(x.shape), y, view, accumulate);
    return undefined;
  },
  gradient: ({ options: { view } }, dy) => [asStridedOperator([dy], view)],
});

/** The view of `length` elements along an axis, beginning at `start`. */
const partOf = (shape: Shape, axis: number, start: number, length: number): View => {
  const strides = stridesOf(shape);
  return { shape: shape.map((n, i) => (i === axis ? length : n)), strides, offset: start * strides[axis] };
};

export const concatOperator = /* @__PURE__ */ defineOperator<readonly Tensor[], { axis: number }>({
  name: "concat",
  integers: "all",
  dtype: (inputs) => unmixed("concat", inputs),
  shape(inputs, { axis }) {
    const [first] = inputs;
    const length = inputs.reduce((total, x) => total + x.shape[axis], 0);
    const joined = ({ shape }: Tensor) => shape.map((n, i) => (i === axis ? length : n));
    if (inputs.some((x) => !sameShape(joined(x), joined(first)))) {
      throw new ShapeError(
        `concat: shapes ${inputs.map(shapeText).join(", ")} differ beyond axis ${axis}`,
        `All axes but ${axis} must be equal.`,
      );
    }
    return joined(first);
  },
  flops: () => 0,
  cheap: true,
  // Parts that end at multiples of the binding alignment can be stored consecutively in one buffer from the start.
  view(inputs, { axis }) {
    const [{ gpu, dtype }] = inputs;
    const bytes = elementBytes(dtype);
    const fits = inputs.every(({ size }, i) => size * bytes === partStart(size * bytes) || i === inputs.length - 1);
    const whole = axis === 0 && fits && gpu.recorder?.flatten(inputs.map(({ storage }) => storage));
    if (!whole) return null;
    whole.references++;
    return new Tensor(gpu, this.shape(inputs, { axis }), dtype, whole);
  },
  forward(gpu, inputs, { axis }, y) {
    let start = 0;
    for (const x of inputs) {
      copyStrided(gpu, x, all(x.shape), y, partOf(y.shape, axis, start, x.shape[axis]));
      start += x.shape[axis];
    }
    return undefined;
  },
  gradient({ inputs, needs, options: { axis } }, dy) {
    let start = 0;
    return inputs.map((x, i) => {
      const view = partOf(dy.shape, axis, start, x.shape[axis]);
      start += x.shape[axis];
      return needs(i) ? asStridedOperator([dy], view) : null;
    });
  },
});

/** An axis as a number from 0 on; negative ones count from the last. */
const axisOf = (name: string, axis: number, x: Shaped): number => normalizeAxes(name, x, axis)[0];

/**
 * The axes in another order, as PyTorch's permute: axis i of the result is axis `axes[i]` of x.
 *
 * @example
 * ```ts
 * console.log(permute(gpu.empty([2, 3, 4]), [2, 0, 1]).shape); // 4,2,3
 * ```
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const rank = shapeIn("permute", x).length;
  checkValue("permute: the axes", axes, [Array.isArray, "an array"]);
  const order = axes.map((axis) => axisOf("permute", axis, x));
  if (normalizeAxes("permute", x, order).length !== rank)
    throw new ShapeError(`permute: the axes [${axes}] are not all of ${shapeText(x)}`, `Name all ${rank} axes.`);
  const strides = stridesOf(x.shape);
  const view = { shape: order.map((axis) => x.shape[axis]), strides: order.map((axis) => strides[axis]), offset: 0 };
  return asStridedOperator([x], view);
}

/**
 * Two axes exchanged; by default the last two.
 *
 * @example
 * ```ts
 * console.log(await transpose(gpu.tensor([[1, 2, 3], [4, 5, 6]])).read()); // 1, 4, 2, 5, 3, 6
 * ```
 */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  const [i, j] = [axisOf("transpose", a, x), axisOf("transpose", b, x)];
  const order = x.shape.map((_, axis) => (axis === i ? j : axis === j ? i : axis));
  return permute(x, order);
}

/**
 * Without one axis or several of size 1; by default without all of them. Shares x's memory, as reshape does.
 *
 * @example
 * ```ts
 * console.log(squeeze(gpu.empty([1, 3, 1]), 0).shape); // 3,1
 * ```
 */
export function squeeze(x: Tensor, axes?: Axes): Tensor {
  const dropped = new Set(normalizeAxes("squeeze", x, axes).filter((axis) => x.shape[axis] === 1));
  const shape = x.shape.filter((_, axis) => !dropped.has(axis));
  return reshape(x, shape);
}

/**
 * With a new axis of size 1 at a place. Shares x's memory, as reshape does.
 *
 * @example
 * ```ts
 * console.log(unsqueeze(gpu.empty([2, 3]), -1).shape); // 2,3,1
 * ```
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const [at] = normalizeAxes("unsqueeze", x, axis, 1);
  return reshape(x, x.shape.toSpliced(at, 0, 1));
}

/**
 * The axes from `start` to `end` (included) as one. Shares x's memory, as reshape does.
 *
 * @example
 * ```ts
 * console.log(flatten(gpu.empty([2, 3, 4]), 1).shape); // 2,12
 * ```
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (shapeIn("flatten", x).length === 0) return reshape(x, [1]);
  const [from, to] = [axisOf("flatten", start, x), axisOf("flatten", end, x)];
  checkValue("flatten: the end", to, whole(from));
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/**
 * Elements start to end (excluded) along an axis, or every `step`-th of them.
 *
 * @example
 * ```ts
 * console.log(await slice(gpu.tensor([0, 1, 2, 3, 4, 5]), 1, 6, 0, 2).read()); // 1, 3, 5
 * ```
 */
export function slice(x: Tensor, start: number, end: number, axis = 0, step = 1): Tensor {
  const along = axisOf("slice", axis, x);
  checkValue("slice: the start", start, whole(0));
  checkValue("slice: the end", end, whole(1));
  checkValue("slice: the step", step, whole(1));
  if (!(start < end && end <= x.shape[along])) {
    throw new ShapeError(
      `slice: ${start} to ${end} is not within axis ${axis} of ${shapeText(x)}`,
      `Give 0 <= start < end <= ${x.shape[along]}.`,
    );
  }
  const { shape, strides, offset } = partOf(x.shape, along, start, Math.ceil((end - start) / step));
  return asStridedOperator([x], { shape, strides: strides.with(along, strides[along] * step), offset });
}

/**
 * Parts of a size along an axis, of which the last may be smaller, or of several sizes that make up all of it.
 *
 * @example
 * ```ts
 * const parts = split(gpu.tensor([1, 2, 3]), [1, 2]);
 * console.log(await Promise.all(parts.map(async (part) => [...(await part.read())]))); // [1], [2, 3]
 * ```
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const n = shapeIn("split", x)[axisOf("split", axis, x)];
  for (const size of [sizes].flat()) checkValue("split: a size", size, whole(1));
  const lengths =
    typeof sizes === "number"
      ? Array.from({ length: Math.ceil(n / sizes) }, (_, i) => Math.min(sizes, n - i * sizes))
      : sizes;
  if (lengths.reduce((total, length) => total + length, 0) !== n)
    throw new ShapeError(`split: sizes [${sizes}] for ${n} elements along axis ${axis}`, `Their sum must be ${n}.`);
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return slice(x, start - length, start, axis);
  });
}

/**
 * Tensors joined along an axis; along all others they are alike. All hold integers, or none does.
 *
 * @example
 * ```ts
 * console.log(await concat([gpu.tensor([[1], [2]]), gpu.tensor([[3], [4]])], 1).read()); // 1, 3, 2, 4
 * ```
 */
export function concat(inputs: readonly Tensor[], axis = 0): Tensor {
  checkValue("concat: the tensors", inputs, tensors);
  return concatOperator(inputs, { axis: axisOf("concat", axis, inputs[0]) });
}

/**
 * Tensors of one shape joined along a new axis.
 *
 * @example
 * ```ts
 * const rows = stack([gpu.tensor([1, 2]), gpu.tensor([3, 4])]);
 * console.log(rows.shape, await rows.read()); // 2,2 1,2,3,4
 * ```
 */
export function stack(inputs: readonly Tensor[], axis = 0): Tensor {
  checkValue("stack: the tensors", inputs, tensors);
  const joined = inputs.map((x) => unsqueeze(x, axis));
  return concat(joined, axis);
}

/**
 * Mirrored along one axis or several.
 *
 * @example
 * ```ts
 * console.log(await flip(gpu.tensor([[1, 2], [3, 4]]), -1).read()); // 2, 1, 4, 3
 * ```
 */
export function flip(x: Tensor, axes: Axes): Tensor {
  const strides = stridesOf(shapeIn("flip", x));
  let offset = 0;
  for (const axis of normalizeAxes("flip", x, axes)) {
    offset += (x.shape[axis] - 1) * strides[axis];
    strides[axis] *= -1;
  }
  return asStridedOperator([x], { shape: x.shape, strides, offset });
}

export interface PadOptions {
  /** What the border is: a constant, x mirrored without its edge, or the edge repeated. */
  mode?: "constant" | "reflect" | "replicate";
  /** The constant. */
  value?: number;
}

/**
 * A border around x as PyTorch's pad: `padding` has the elements before and after the last axis, then those of the one
 * before it, and so on; none is negative.
 *
 * @example
 * ```ts
 * const row = gpu.tensor([1, 2, 3]);
 * console.log(await pad(row, [1, 2]).read()); // 0, 1, 2, 3, 0, 0
 * console.log(await pad(row, [1, 2], { mode: "reflect" }).read()); // 2, 1, 2, 3, 2, 1
 * ```
 */
export function pad(x: Tensor, padding: readonly number[], options: PadOptions = {}): Tensor {
  shapeIn("pad", x);
  checkOptions("pad", options, {
    mode: oneOf("constant", "reflect", "replicate"),
    value: x.dtype === "i32" ? int32 : number,
  });
  const { mode = "constant", value = 0 } = options;
  const fits = Array.isArray(padding) && padding.length % 2 === 0 && padding.length <= 2 * x.shape.length;
  checkValue("pad: the padding", padding, [() => fits, `two numbers for each of the last axes of ${shapeText(x)}`]);
  for (const n of padding) checkValue("pad: a border", n, whole(0));
  const borders = x.shape.map((_, axis) => {
    const at = 2 * (x.shape.length - 1 - axis);
    return [padding[at] ?? 0, padding[at + 1] ?? 0] as const;
  });
  if (mode === "constant") {
    const shape = x.shape.map((n, axis) => n + borders[axis][0] + borders[axis][1]);
    const strides = stridesOf(shape);
    const offset = strides.reduce((sum, stride, axis) => sum + stride * borders[axis][0], 0);
    return asStridedScatterOperator([x], { view: { shape: x.shape, strides, offset }, shape, value });
  }
  const short = borders.findIndex((border, axis) => mode === "reflect" && Math.max(...border) >= x.shape[axis]);
  if (short >= 0)
    throw new ShapeError(`pad: axis ${short} of ${shapeText(x)} is too short to be mirrored so far`, "Pad it by less.");
  const border = (y: Tensor, axis: number, length: number, after: boolean): Tensor[] => {
    if (length === 0) return [];
    const n = y.shape[axis];
    if (mode === "replicate")
      return [expand(slice(y, after ? n - 1 : 0, after ? n : 1, axis), y.shape.with(axis, length))];
    const start = after ? n - 1 - length : 1;
    return [flip(slice(y, start, start + length, axis), axis)];
  };
  return borders.reduce((y, [before, after], axis) => {
    if (before + after === 0) return y;
    return concat([...border(y, axis, before, false), y, ...border(y, axis, after, true)], axis);
  }, x);
}
