// Sums and means over axes, and `expand`, the adjoint of a sum: each is the other's gradient. Neighbouring axes that
// are all kept or all reduced are merged, which leaves at most two of each for a tensor of four axes; more are reduced
// in several passes. The order of summation depends on the shapes alone, so results are deterministic.
import { expand as kernel, reduce_columns, reduce_rows, reduce_splits } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Dtype, type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkValue } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { type Axes, broadcastShapes, normalizeAxes, SHAPE, sameShape } from "../../lib/shapes.js";
import { BROADCAST_AXES, BROADCAST_PER_THREAD, broadcastGeometry } from "../lib/pointwise-kernels.js";

export interface ReductionOptions {
  axes: readonly number[];
  keepdim: boolean;
  /** The sum is multiplied by this; 1 / count makes a mean. */
  factor: number;
}

export interface ExpandOptions {
  shape: Shape;
  /** The repeated tensor is multiplied by this; the gradient of a mean needs it. */
  factor: number;
  /** Of the result; x's by default. */
  dtype?: Dtype;
}

type One = readonly [x: Tensor];

/** The kernels of a reduction: one workgroup per output, or one invocation. Forced as the variants of REDUCE. */
export const REDUCE_VARIANTS = ["rows", "columns"] as const;
export const REDUCE = "reduce";

/** Reductions at least this long get a workgroup of their own. */
const LONG = 64;
/** With more outputs, one invocation each is enough for the adapter. */
const MANY = 4096;

/**
 * Workgroup sizes of both kernels. On software adapters the invocations of a workgroup are lanes of a vector register.
 */
const ROWS_WORKGROUP = { software: 8, gpu: 256 } as const;
const COLUMNS_WORKGROUP = { software: 8, gpu: 64 } as const;

/** Fills y with factor * the sum of x over axes, or another reduction; y's shape is x's without them. */
export const reduceInto = (
  gpu: Gpu,
  x: Tensor,
  axes: readonly number[],
  y: Tensor,
  factor: number,
  op: keyof typeof reduce_rows.ops,
): void => reduceAs(gpu, x, x.shape, axes, y, factor, reduce_rows.ops[op]);

/** The same for x seen in a shape of the same size. */
function reduceAs(
  gpu: Gpu,
  x: Tensor,
  shape: Shape,
  axes: readonly number[],
  y: Tensor,
  factor: number,
  OP: number,
): void {
  // Merged, the fastest first. Along a reduced axis the result has stride 0.
  const { n, strides } = broadcastGeometry(shape, [shape, reducedShape(shape, axes, true)]);
  const merged = n.map((size, i) => ({ size, stride: strides[0][i], reduced: strides[1][i] === 0 }));
  const kept = merged.filter(({ reduced }) => !reduced);
  const others = merged.filter(({ reduced }) => reduced);
  if (kept.length > 2 || others.length > 2) {
    // The fastest reduced axis by itself, then the others.
    const slowestFirst = merged.toReversed();
    const axis = slowestFirst.lastIndexOf(others[0]);
    const rest = slowestFirst.toSpliced(axis, 1);
    const sizes = slowestFirst.map(({ size }) => size);
    const between = gpu.empty(sizes.toSpliced(axis, 1));
    reduceAs(gpu, x, sizes, [axis], between, 1, OP);
    const left = rest.flatMap(({ reduced }, i) => (reduced ? [i] : []));
    reduceAs(gpu, between, between.shape, left, y, factor, OP);
    between.dispose();
    return;
  }
  const none = { size: 1, stride: 0 };
  const [kept0 = none, kept1 = none] = kept;
  const [inner = none, outer = none] = others;
  const outputs = kept0.size * kept1.size;
  const params = {
    outputs,
    kept0: kept0.size,
    kept0_stride: kept0.stride,
    kept1_stride: kept1.stride,
    inner: inner.size,
    inner_stride: inner.stride,
    outer: outer.size,
    outer_stride: outer.stride,
    factor,
  };
  const variant = gpu.variants.forced(REDUCE) ?? (inner.size >= LONG && outputs < MANY ? "rows" : "columns");
  if (variant === "rows") {
    const constants = { WORKGROUP: ROWS_WORKGROUP[gpu.profile], OP };
    gpu.dispatch(reduce_rows, { bindings: { x, y }, params, grid: outputs, constants });
  } else {
    const constants = { WORKGROUP: COLUMNS_WORKGROUP[gpu.profile], OP };
    gpu.dispatch(reduce_columns, { bindings: { x, y }, params, invocations: outputs, constants });
  }
}

/** A shape without the axes, or with them as 1. */
export const reducedShape = (shape: Shape, axes: readonly number[], keepdim: boolean): number[] =>
  shape.flatMap((n, axis) => (!axes.includes(axis) ? [n] : keepdim ? [1] : []));

/** Fills y with factor * the sum of x over axes. */
export const sumInto = (gpu: Gpu, x: Tensor, axes: readonly number[], y: Tensor, factor = 1): void =>
  reduceInto(gpu, x, axes, y, factor, "SUM");

/** Destination of a split-K reduction. Each split holds y and then an optional second output. */
export interface SplitSums {
  y: Tensor;
  second?: Tensor;
  /** Whether the sums are added to what the outputs hold. */
  accumulate?: boolean;
}

/** Sums consecutive splits, which `fill` writes. A single split goes directly to y where that is possible. */
export function reduceSplits(
  gpu: Gpu,
  splits: number,
  { y, second, accumulate = false }: SplitSums,
  fill: (target: Tensor) => void,
): void {
  if (splits === 1 && !second && !accumulate) {
    fill(y);
    return;
  }
  const m = second?.size ?? 0;
  const target = gpu.empty([splits, y.size + m]);
  fill(target);
  const other = second ?? gpu.empty([1]);
  gpu.dispatch(reduce_splits, {
    bindings: { partials: target, y, second: other },
    params: { splits, n: y.size, m, accumulate: Number(accumulate) },
    invocations: y.size + m,
  });
  target.dispose();
  if (!second) other.dispose();
}

export const sumOperator: Operator<One, ReductionOptions> = /* @__PURE__ */ defineOperator({
  name: "sum",
  dtype: () => "f32",
  shape: ([x], { axes, keepdim }) => reducedShape(x.shape, axes, keepdim),
  flops: ([x]) => sizeOf(x as Shape),
  forward(gpu, [x], { axes, factor }, y) {
    sumInto(gpu, x, axes, y, factor);
    return undefined;
  },
  gradient({ inputs: [x], options: { axes, factor } }, dy) {
    const withAxes = reshape(dy, reducedShape(x.shape, axes, true));
    return [expandOperator([withAxes], { shape: x.shape, factor, dtype: x.dtype })];
  },
});

export const expandOperator: Operator<One, ExpandOptions> = /* @__PURE__ */ defineOperator({
  name: "expand",
  integers: [0],
  dtype: ([x], { dtype }) => dtype ?? x.dtype,
  shape([x], { shape }) {
    if (!sameShape(broadcastShapes("expand", x.shape, shape), shape)) {
      throw new ShapeError(
        `expand: [${x.shape}] does not expand to [${shape}]`,
        "Sizes must be equal or 1, counted from the last axis.",
      );
    }
    return shape;
  },
  flops: ([x], { factor }) => (factor === 1 ? 0 : sizeOf(x as Shape)),
  forward(gpu, [x], { factor }, y) {
    runExpand(gpu, x, y, factor);
    return undefined;
  },
  gradient: ({ inputs: [x], options: { factor } }, dy) => [sumTo(dy, x, factor)],
});

/**
 * y = factor * x expanded to y's shape, through a smaller tensor if the kernel has too few axes for one pass. Returns
 * y.
 */
export function runExpand(gpu: Gpu, x: Tensor, y: Tensor, factor: number): Tensor {
  const { n, strides } = broadcastGeometry(y.shape, [x.shape]);
  if (n.length <= BROADCAST_AXES) {
    const [n0 = 1, n1 = 1, n2 = 1] = n;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = strides[0];
    const rows = n0 && y.size / n0;
    const PER_THREAD = BROADCAST_PER_THREAD[gpu.profile];
    gpu.dispatch(kernel, {
      bindings: { x, y },
      params: { rows, n0, n1, n2, s0, s1, s2, s3, factor },
      invocations: rows * Math.ceil(n0 / PER_THREAD),
      constants: { PER_THREAD },
    });
    return y;
  }
  // The slowest axis along which x is repeated is expanded last.
  const lead = y.shape.length - x.shape.length;
  const slowest = y.shape.findIndex((n, axis) => n !== 1 && (axis < lead || x.shape[axis - lead] === 1));
  const between = gpu.empty(
    y.shape.map((n, axis) => (axis === slowest ? 1 : n)),
    x.dtype === "i32" ? "i32" : "f32",
  );
  runExpand(gpu, x, between, factor);
  runExpand(gpu, between, y, 1);
  between.dispose();
  return y;
}

/**
 * A gradient summed over the axes along which an operand was broadcast, back to the operand's shape, times the factor.
 */
export function sumTo(dy: Tensor, operand: Tensor, factor = 1): Tensor {
  if (factor === 1 && sameShape(dy.shape, operand.shape)) return dy;
  const lead = dy.shape.length - operand.shape.length;
  const axes = dy.shape.flatMap((n, i) => (n !== 1 && (i < lead || operand.shape[i - lead] === 1) ? [i] : []));
  const summed = axes.length || factor !== 1 ? sumOperator([dy], { axes, keepdim: false, factor }) : dy;
  return reshape(summed, operand.shape);
}

/**
 * Sum over one axis or several (all by default), which disappear unless `keepdim`.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[1, 2], [3, 4]]);
 * console.log(await sum(x).item(), await sum(x, 0).read()); // 10 4,6
 * console.log(sum(x, 1, true).shape); // 2,1
 * ```
 */
export const sum = (x: Tensor, axes?: Axes, keepdim = false): Tensor =>
  sumOperator([x], { axes: normalizeAxes("sum", x, axes), keepdim, factor: 1 });

/**
 * Mean over one axis or several (all by default), which disappear unless `keepdim`.
 *
 * @example
 * ```ts
 * console.log(await mean(gpu.tensor([[1, 2], [3, 4]]), 1).read()); // 1.5, 3.5
 * ```
 */
export function mean(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const normal = normalizeAxes("mean", x, axes);
  const count = normal.reduce((product, axis) => product * x.shape[axis], 1);
  return sumOperator([x], { axes: normal, keepdim, factor: 1 / count });
}

/**
 * x repeated along its axes of size 1 (and new leading axes) up to `shape`.
 *
 * @example
 * ```ts
 * console.log(await expand(gpu.tensor([[1], [2]]), [2, 3]).read()); // 1, 1, 1, 2, 2, 2
 * ```
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkValue("expand: the shape", shape, SHAPE);
  return expandOperator([x], { shape, factor: 1 });
}
