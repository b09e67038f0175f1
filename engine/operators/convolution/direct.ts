// The dispatches of the direct convolution kernels for software adapters, which broadcast across a subgroup and use no
// workgroup memory (see shaders/convolution/conv2d_broadcast.wgsl).
import { conv2d_broadcast, conv2d_weight_gradient_broadcast } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { workgroupsFor } from "../../device/kernel-source.js";
import { CPU_OCCUPANCY } from "../lib/variants.js";
import { reduceSplits } from "../reduction/index.js";
import {
  directRun,
  type Geometry,
  type Operands,
  type WeightGradient,
  type WeightGradientOptions,
  weightGradientParams,
} from "./geometry.js";

/** Neighbouring pixels of a row that a lane of conv2d_broadcast computes. */
const PIXELS_PER_LANE = 8;

/** Output channels per workgroup: half as many for the last layers, which have three or one. */
const rowsFor = (outChannels: number) => (outChannels <= 4 ? 4 : 8);

export function broadcastConvolution(gpu: Gpu, operands: Operands, g: Geometry): void {
  const [batch, outChannels] = operands.y.shape;
  const ROWS = rowsFor(outChannels);
  const constants = { LANES: gpu.subgroupSize, ROWS, KW: g.kw, STRIDE: g.stride };
  const octets = g.rows * Math.ceil(g.columns / PIXELS_PER_LANE);
  gpu.dispatch(conv2d_broadcast, {
    ...directRun(operands, g),
    grid: workgroupsFor(conv2d_broadcast, octets, constants) * Math.ceil(outChannels / ROWS) * batch,
    constants,
  });
}

/** The fewest rows of pixels of a split. */
const MIN_SPLIT = 4;

export function broadcastWeightGradient(
  gpu: Gpu,
  { x, dy, dw, accumulate }: Parameters<WeightGradient>[1],
  options: WeightGradientOptions,
): void {
  const { stride, kernel } = options;
  const [batch, outChannels, outHeight] = dy.shape;
  const [kh, kw] = kernel;
  const ROWS = rowsFor(outChannels);
  const constants = { LANES: gpu.subgroupSize, ROWS, KW: kw, STRIDE: stride };
  const tilesN = workgroupsFor(conv2d_weight_gradient_broadcast, x.shape[1] * kh, constants);
  const tilesM = Math.ceil(outChannels / ROWS);
  // The sum over rows of pixels is split until there are enough workgroups for all cores.
  const length = batch * outHeight;
  const wanted = Math.min(Math.ceil(CPU_OCCUPANCY / (tilesN * tilesM)), Math.ceil(length / MIN_SPLIT));
  const rowsPerSplit = Math.ceil(length / wanted) || 1;
  const splits = Math.ceil(length / rowsPerSplit);
  reduceSplits(gpu, splits, { y: dw, accumulate }, (target) => {
    gpu.dispatch(conv2d_weight_gradient_broadcast, {
      bindings: { x, dy, dw: target },
      params: {
        ...weightGradientParams(x, dy, options),
        kh,
        kw,
        rows_per_split: rowsPerSplit,
      },
      grid: tilesN * tilesM * splits,
      constants,
    });
  });
}
