// Rows of channels at positions of feature maps (docs/method.md section 2.4), and the adjoint, which adds rows to a map
// at positions.
import { gather_positions, scatter_positions } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { type Dtype, type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeIn, shapeText } from "../../lib/shapes.js";
import { fillWith } from "../strided/index.js";
import { GATHER_PER_THREAD } from "./along-axis.js";

function gatherParams(ids: Tensor, [batch, channels, height, width]: Shape) {
  const patches = ids.shape[ids.shape.length - 1];
  const ownPositions = ids.shape.length === 2;
  return { batch, channels, area: height * width, patches, ids_stride: ownPositions ? patches : 0 };
}

/** Fills rows with the channels of x at the positions, followed by those of a second map if there is one. */
export function runGather(gpu: Gpu, x: Tensor, ids: Tensor, rows: Tensor, second?: Tensor): void {
  const params = gatherParams(ids, x.shape);
  const images = params.batch * (second ? 2 : 1);
  const PER_THREAD = GATHER_PER_THREAD[gpu.profile];
  gpu.dispatch(gather_positions, {
    bindings: { x, second: second ?? x, ids, rows },
    params: { ...params, images },
    invocations: images * params.patches * Math.ceil(params.channels / PER_THREAD),
    constants: { PER_THREAD },
  });
}

/** Adds the rows to x at the positions; x is set to zero first, unless it accumulates. */
function runScatter(gpu: Gpu, rows: Tensor, ids: Tensor, x: Tensor, accumulate: boolean): void {
  if (!accumulate) fillWith(gpu, x, 0);
  const params = gatherParams(ids, x.shape);
  const invocations = params.batch * params.channels;
  gpu.dispatch(scatter_positions, { bindings: { rows, ids, x }, params, invocations });
}

/** The number of rows at these positions. Throws a ShapeError with the operator's name if they do not fit x. */
export function checkPositions(name: string, x: Tensor, ids: Tensor): number {
  const [batch] = imageShape(name, x);
  shapeIn(name, ids, "ids");
  const fits = ids.dtype === "i32" && (ids.shape.length === 1 || (ids.shape.length === 2 && ids.shape[0] === batch));
  if (!fits) {
    throw new ShapeError(
      `${name}: positions ${shapeText(ids)} (${ids.dtype}) do not fit ${shapeText(x)}`,
      "Give an i32 tensor [patches], or [batch, patches] for positions of each image.",
    );
  }
  return batch * ids.shape[ids.shape.length - 1];
}

/** The feature map that rows are scattered to. */
interface ScatterOptions {
  readonly shape: Shape;
  readonly dtype?: Dtype;
}

export const gatherPositionsOperator = /* @__PURE__ */ defineOperator<readonly [x: Tensor, ids: Tensor], object>({
  name: "gatherPositions",
  integers: [1],
  shape: ([x, ids]) => [checkPositions("gatherPositions", x, ids), x.shape[1]],
  flops: () => 0,
  reads: (_, _options, rows) => ({ 0: sizeOf(rows) }),
  forward(gpu, [x, ids], _, rows) {
    runGather(gpu, x, ids, rows);
    return undefined;
  },
  gradient: ({ inputs: [x, ids], accumulator }, dy) => [
    scatterPositionsOperator([dy, ids], { shape: x.shape, dtype: x.dtype }, { accumulateInto: accumulator(0) }),
  ],
});

export const scatterPositionsOperator: Operator<readonly [rows: Tensor, ids: Tensor], ScatterOptions> =
  /* @__PURE__ */ defineOperator({
    name: "scatterPositions",
    dtype: ([rows], { dtype }) => dtype ?? rows.dtype,
    integers: [1],
    shape: (_, { shape }) => shape,
    flops: ([rows]) => sizeOf(rows as Shape),
    accumulates: true,
    forward(gpu, [rows, ids], _, x, { accumulate }) {
      runScatter(gpu, rows, ids, x, accumulate);
      return undefined;
    },
    gradient: ({ inputs: [, ids] }, dy) => [gatherPositions(dy, ids)],
  });

/**
 * Rows of channels at positions (row-major y * W + x): x [B, C, H, W], ids [P] for all images or [B, P] -> [B * P, C].
 * Positions may repeat.
 *
 * @example
 * ```ts
 * const image = gpu.tensor([[[[1, 2], [3, 4]], [[10, 20], [30, 40]]]]);
 * const rows = gatherPositions(image, gpu.tensor(Int32Array.of(3, 0)));
 * console.log(rows.shape, await rows.read()); // 2,2 4,40,1,10
 * ```
 */
export const gatherPositions = (x: Tensor, ids: Tensor): Tensor => gatherPositionsOperator([x, ids], {});

export * from "./along-axis.js";
