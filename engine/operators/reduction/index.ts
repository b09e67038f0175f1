// Sums and means over axes. Neighbouring axes of the same kind merge, which leaves at most two kept and two reduced axes for
// a tensor of four; more are reduced in several passes. Order of summation is fixed by the shapes, so results are repeatable.

import { reduce_columns, reduce_rows } from "../../../shaders/generated.js";
import { defineOperator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { normalizeAxes } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { expand, scale } from "../pointwise/index.js";

export interface ReductionOptions {
  axes: readonly number[];
  keepdim: boolean;
  /** The sum is multiplied by this; 1 / count makes a mean. */
  factor: number;
}

/** Reductions at least this long get a workgroup of their own. */
const LONG = 64;
/** Outputs beyond which one invocation each fills the adapter anyway. */
const MANY = 4096;

interface Run {
  size: number;
  stride: number;
  reduced: boolean;
}

/** Axes as alternating runs of kept and reduced ones, slowest first. */
function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis];
    const reduced = axes.includes(axis);
    if (size !== 1) {
      const last = runs.at(-1);
      if (last && last.reduced === reduced) last.size *= size;
      else runs.push({ size, stride, reduced });
    }
    stride *= size;
  }
  return runs.reverse();
}

/** y[kept...] = factor * sum of x over the reduced runs; at most two of each. */
function reduceOnce(gpu: Gpu, x: Tensor, runs: readonly Run[], y: Tensor, factor: number): void {
  const none: Run = { size: 1, stride: 0, reduced: false };
  const [kept0 = none, kept1 = none] = runs.filter((run) => !run.reduced).reverse();
  const [inner = none, outer = none] = runs.filter((run) => run.reduced).reverse();
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
  const forced = gpu.variants.forced("reduce");
  const rows = forced ? forced === "rows" : inner.size >= LONG && outputs < MANY;
  if (rows) {
    const WORKGROUP = gpu.profile === "software" ? 8 : 256;
    gpu.dispatch(reduce_rows, { bindings: { x, y }, params, grid: outputs, constants: { WORKGROUP } });
  } else {
    const WORKGROUP = gpu.profile === "software" ? 8 : 64;
    const grid = Math.ceil(outputs / WORKGROUP);
    gpu.dispatch(reduce_columns, { bindings: { x, y }, params, grid, constants: { WORKGROUP } });
  }
}

/** Fills y with factor * the sum of x over axes; y's shape is x's without them. */
export function sumInto(gpu: Gpu, x: Tensor, axes: readonly number[], y: Tensor, factor = 1): void {
  let runs = runsOf(x.shape, axes);
  let from = x;
  while (runs.filter((run) => run.reduced).length > 2 || runs.filter((run) => !run.reduced).length > 2) {
    // Take away the fastest reduced run alone, seen as [slower, run, faster].
    const at = runs.findLastIndex((run) => run.reduced);
    if (at < 0) break;
    const run = runs[at];
    const slower = runs.slice(0, at).reduce((product, r) => product * r.size, 1);
    const faster = run.stride;
    const between = gpu.empty([slower * faster]);
    const view: Run[] = [
      { size: slower, stride: run.size * faster, reduced: false },
      { size: run.size, stride: faster, reduced: true },
      { size: faster, stride: 1, reduced: false },
    ];
    reduceOnce(gpu, from, view, between, 1);
    if (from !== x) from.dispose();
    from = between;
    const rest: Run[] = [];
    let stride = 1;
    for (const r of [...runs.slice(0, at), ...runs.slice(at + 1)].reverse()) {
      const last = rest.at(-1);
      if (last && last.reduced === r.reduced) last.size *= r.size;
      else rest.push({ ...r, stride });
      stride *= r.size;
    }
    runs = rest.reverse();
  }
  reduceOnce(gpu, from, runs, y, factor);
  if (from !== x) from.dispose();
}

export const sumOperator = defineOperator<readonly [x: Tensor], ReductionOptions>({
  name: "sum",
  shape: ([x], { axes, keepdim }) => x.shape.flatMap((n, axis) => (!axes.includes(axis) ? [n] : keepdim ? [1] : [])),
  flops: ([x]) => sizeOf(x as Shape),
  forward(gpu, [x], { axes, factor }, y) {
    sumInto(gpu, x, axes, y, factor);
    return undefined;
  },
  gradient({ inputs: [x], options: { axes, factor } }, dy) {
    const withAxes = reshape(
      dy,
      x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)),
    );
    return [expand(factor === 1 ? withAxes : scale(withAxes, factor), x.shape)];
  },
});

/** Sum over axes (all by default), which disappear unless `keepdim`. */
export const sum = (x: Tensor, axes?: readonly number[], keepdim = false): Tensor =>
  sumOperator([x], { axes: normalizeAxes("sum", x.shape.length, axes), keepdim, factor: 1 });

/** Mean over axes (all by default), which disappear unless `keepdim`. */
export function mean(x: Tensor, axes?: readonly number[], keepdim = false): Tensor {
  const normal = normalizeAxes("mean", x.shape.length, axes);
  const count = normal.reduce((product, axis) => product * x.shape[axis], 1);
  return sumOperator([x], { axes: normal, keepdim, factor: 1 / count });
}
