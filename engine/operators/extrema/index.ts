// The largest and the smallest elements over axes, and their indices. The gradient is divided evenly between equal
// ones, as in PyTorch's amax; indices have no gradient.
import { arg_reduce } from "../../../shaders/generated.js";
import { defineOperator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../lib/errors.js";
import { type Axes, normalizeAxes, shapeText } from "../../lib/shapes.js";
import { alongAxis } from "../lib/views.js";
import { div, eq, mul } from "../pointwise/index.js";
import { reducedShape, reduceInto, sum } from "../reduction/index.js";

type One = readonly [x: Tensor];

interface ExtremumOptions {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

// @__NO_SIDE_EFFECTS__
function defineExtremum(name: string, op: "MAX" | "MIN") {
  return defineOperator<One, ExtremumOptions>({
    name,
    shape: ([x], { axes, keepdim }) => reducedShape(x.shape, axes, keepdim),
    flops: ([x]) => sizeOf(x as Shape),
    forward(gpu, [x], { axes }, y) {
      reduceInto(gpu, x, axes, y, 1, op);
      return undefined;
    },
    gradient({ inputs: [x], output, options: { axes } }, dy) {
      const kept = reducedShape(x.shape, axes, true);
      const equal = eq(x, reshape(output, kept));
      return [mul(equal, div(reshape(dy, kept), sum(equal, axes, true)))];
    },
  });
}

export const maxOperator = /* @__PURE__ */ defineExtremum("max", "MAX");
export const minOperator = /* @__PURE__ */ defineExtremum("min", "MIN");

// @__NO_SIDE_EFFECTS__
function defineArg(name: string, op: keyof typeof arg_reduce.ops) {
  return defineOperator<One, { axis: number }>({
    name,
    dtype: () => "i32",
    shape: ([x], { axis }) => x.shape.toSpliced(axis, 1),
    flops: ([x]) => sizeOf(x as Shape),
    forward(gpu, [x], { axis }, y) {
      const constants = { OP: arg_reduce.ops[op] };
      gpu.dispatch(arg_reduce, {
        bindings: { x, y },
        params: alongAxis(x.shape, axis),
        invocations: y.size,
        constants,
      });
      return undefined;
    },
    gradient: () => [null],
  });
}

export const argmaxOperator = /* @__PURE__ */ defineArg("argmax", "MAX");
export const argminOperator = /* @__PURE__ */ defineArg("argmin", "MIN");

/** Axes to reduce, as sorted numbers; of no elements there is no largest. */
function axesOf(name: string, x: Tensor, axes: Axes | undefined): number[] {
  const normal = normalizeAxes(name, x, axes);
  if (normal.some((axis) => x.shape[axis] === 0))
    throw new ShapeError(
      `${name}: ${shapeText(x)} has no elements along axes [${normal}]`,
      "Give a tensor that has some.",
    );
  return normal;
}

const indices = (operator: typeof argmaxOperator, x: Tensor, axis: number | undefined): Tensor => {
  const [first] = axesOf(operator.record.name, x, axis);
  return axis === undefined ? operator([reshape(x, [x.size])], { axis: 0 }) : operator([x], { axis: first });
};

/**
 * The largest element over one axis or several (all by default), which disappear unless `keepdim`.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[1, 5], [4, 2]]);
 * console.log(await max(x).item(), await max(x, 1).read()); // 5 5,4
 * ```
 */
export const max = (x: Tensor, axes?: Axes, keepdim = false): Tensor =>
  maxOperator([x], { axes: axesOf("max", x, axes), keepdim });

/**
 * The smallest element over one axis or several (all by default), which disappear unless `keepdim`.
 *
 * @example
 * ```ts
 * console.log(await min(gpu.tensor([[1, 5], [4, 2]]), 0).read()); // 1, 2
 * ```
 */
export const min = (x: Tensor, axes?: Axes, keepdim = false): Tensor =>
  minOperator([x], { axes: axesOf("min", x, axes), keepdim });

/**
 * Indices of the largest elements along an axis, which disappears, as i32; without an axis the index in flat order.
 *
 * @example
 * ```ts
 * const classes = argmax(gpu.tensor([[1, 5], [4, 2]]), 1);
 * console.log(await classes.read<"i32">()); // 1, 0
 * ```
 */
export const argmax = (x: Tensor, axis?: number): Tensor => indices(argmaxOperator, x, axis);

/**
 * Indices of the smallest elements along an axis, which disappears, as i32; without an axis the index in flat order.
 *
 * @example
 * ```ts
 * console.log(await argmin(gpu.tensor([[3, 5], [4, 2]])).item()); // 3
 * ```
 */
export const argmin = (x: Tensor, axis?: number): Tensor => indices(argminOperator, x, axis);
