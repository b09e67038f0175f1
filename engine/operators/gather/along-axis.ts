// Elements at indices along an axis, as PyTorch's gather and index_select, and the adjoint, which adds elements at
// indices one after the other, without atomics. Indices are i32 from 0; too large ones are clamped to the last.
import { gather as gather_kernel, scatter_add } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Params } from "../../device/kernel-source.js";
import { ShapeError } from "../../lib/errors.js";
import { normalizeAxes, sameShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { alongAxis } from "../lib/views.js";
import { fillWith } from "../strided/index.js";

type Two = readonly [x: Tensor, ids: Tensor];

/** The axis, and whether every line along it has its own indices (gather) or all share them (indexSelect). */
interface GatherOptions {
  readonly axis: number;
  readonly own: boolean;
}

function paramsOf(x: Shape, ids: Tensor, { axis, own }: GatherOptions) {
  const { outer, n, inner } = alongAxis(x, axis);
  const m = own ? ids.shape[axis] : ids.size;
  return { outer, n, inner, m, id_o: own ? m * inner : 0, id_j: own ? inner : 1, id_i: own ? 1 : 0 };
}

/** Elements per invocation. A loop of 16 takes lavapipe four times as long to compile, since it unrolls that. */
export const GATHER_PER_THREAD = { software: 64, gpu: 1 } as const;

/** Fills y with the elements of x at ids; the params are the kernel's layouts. */
export function gatherInto(gpu: Gpu, x: Tensor, ids: Tensor, y: Tensor, params: Params<typeof gather_kernel>): void {
  const PER_THREAD = GATHER_PER_THREAD[gpu.profile];
  const invocations = Math.ceil(y.size / PER_THREAD);
  gpu.dispatch(gather_kernel, { bindings: { x, ids, y }, params, invocations, constants: { PER_THREAD } });
}

export const gatherOperator: Operator<Two, GatherOptions> = /* @__PURE__ */ defineOperator({
  name: "gather",
  integers: [0, 1],
  dtype: ([x]) => x.dtype,
  shape: ([x, ids], { axis, own }) => x.shape.with(axis, own ? ids.shape[axis] : ids.size),
  flops: () => 0,
  reads: (_, _options, y) => ({ 0: sizeOf(y) }),
  cheap: true,
  forward(gpu, [x, ids], options, y) {
    gatherInto(gpu, x, ids, y, paramsOf(x.shape, ids, options));
    return undefined;
  },
  gradient: ({ inputs: [x, ids], options: { axis, own } }, dy) => [
    scatterAddOperator([dy, ids], { axis, own, shape: x.shape }),
  ],
});

export const scatterAddOperator: Operator<Two, GatherOptions & { readonly shape: Shape }> =
  /* @__PURE__ */ defineOperator({
    name: "scatterAdd",
    dtype: () => "f32",
    integers: [1],
    shape: (_, { shape }) => shape,
    flops: ([y]) => sizeOf(y as Shape),
    forward(gpu, [y, ids], options, x) {
      fillWith(gpu, x, 0);
      const params = paramsOf(x.shape, ids, options);
      gpu.dispatch(scatter_add, { bindings: { y, ids, x }, params, invocations: params.outer * params.inner });
      return undefined;
    },
    gradient: ({ inputs: [, ids], options: { axis, own } }, dx) => [gatherOperator([dx, ids], { axis, own })],
  });

function checkIds(name: string, ids: Tensor): void {
  shapeIn(name, ids, "ids");
  if (ids.dtype !== "i32")
    throw new ShapeError(`${name}: ids ${shapeText(ids)} hold ${ids.dtype}`, "Give a tensor of i32.");
}

/**
 * PyTorch's gather: y[i, j, ...] is x[i, j, ...] with ids[i, j, ...] as the index along the axis. ids are i32, of x's
 * shape except along the axis. The gradients of repeated indices are added up.
 *
 * @example
 * ```ts
 * const scores = gpu.tensor([[1, 2, 3], [4, 5, 6]]);
 * const ids = gpu.tensor(Int32Array.of(2, 0), [2, 1]);
 * console.log(await gather(scores, 1, ids).read()); // 3, 4
 * ```
 */
export function gather(x: Tensor, axis: number, ids: Tensor): Tensor {
  const [along] = normalizeAxes("gather", x, axis);
  checkIds("gather", ids);
  if (!sameShape(x.shape.with(along, ids.shape[along]), ids.shape)) {
    throw new ShapeError(
      `gather: ids ${shapeText(ids)} do not fit ${shapeText(x)} along axis ${axis}`,
      "All other axes must be equal.",
    );
  }
  return gatherOperator([x, ids], { axis: along, own: true });
}

/**
 * Slices of x along an axis in the order of ids [k], which are i32 and may repeat: PyTorch's index_select.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[1, 2], [3, 4], [5, 6]]);
 * console.log(await indexSelect(x, 0, gpu.tensor(Int32Array.of(2, 0))).read()); // 5, 6, 1, 2
 * ```
 */
export function indexSelect(x: Tensor, axis: number, ids: Tensor): Tensor {
  const [along] = normalizeAxes("indexSelect", x, axis);
  checkIds("indexSelect", ids);
  if (ids.shape.length !== 1)
    throw new ShapeError(`indexSelect: ids are of shape ${shapeText(ids)}`, "Give them along one axis.");
  return gatherOperator([x, ids], { axis: along, own: false });
}

/**
 * Rows of weight [entries, channels] for ids of any shape, which are i32 -> [...ids' shape, channels].
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([[0, 0], [1, 10], [2, 20]]);
 * console.log(await embedding(gpu.tensor(Int32Array.of(2, 1)), weight).read()); // 2, 20, 1, 10
 * ```
 */
export function embedding(ids: Tensor, weight: Tensor): Tensor {
  checkIds("embedding", ids);
  if (shapeIn("embedding", weight, "weight").length !== 2)
    throw new ShapeError(`embedding: the weight is of shape ${shapeText(weight)}`, "Give [entries, channels].");
  return reshape(gatherOperator([weight, ids], { axis: 0, own: false }), [...ids.shape, weight.shape[1]]);
}
