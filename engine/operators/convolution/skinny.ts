// The dispatches of the convolution kernels for GPUs that serve at most four output channels (see
// shaders/convolution/conv2d_skinny.wgsl). Shapes have been checked.
import { conv2d_skinny, conv2d_weight_gradient_skinny } from "../../../shaders/generated.js";
import { workgroupsFor } from "../../device/kernel-source.js";
import { splitsOf } from "../lib/tiles.js";
import { reduceSplits } from "../reduction/index.js";
import type { ConvolutionCall } from "./call.js";
import { type Convolve, directRun, type WeightGradient, weightGradientParams } from "./geometry.js";
import { MIN_SPLIT } from "./tiled.js";

/** Neighbouring pixels of a column that an invocation computes. */
const PIXELS = 8;

/** Kernel elements in workgroup memory, 16 bytes each: with half of what every adapter has, more workgroups fit. */
const MAX_STAGED = 512;

/** Whether the kernels can compute a call: few output channels, a kernel of at most 7 x 7, no stride. */
export const skinnyServes = ({ kernel, stride, y, transposed }: ConvolutionCall): boolean =>
  y[1] <= 4 && Math.max(...kernel) <= 7 * stride && (transposed || stride === 1);

/** Splits for a number of workgroups, a quarter of the size of those that compute tiles. */
const splitsFor = (workgroups: number) => splitsOf(workgroups / 4);

export const runSkinny: Convolve = (gpu, operands, g) => {
  const { rows, columns, kw: KW, kh: KH } = g;
  const { x, y } = operands;
  const [batch, OUT] = y.shape;
  const [, inChannels] = x.shape;
  const count = workgroupsFor(conv2d_skinny, Math.ceil(rows / PIXELS) * columns) * batch;
  // Only where one dispatch computes all of y.
  const maxSplits = g.out_step === 1 ? Math.ceil((inChannels * KH * KW) / MIN_SPLIT) : 1;
  const channels_per_split = Math.ceil(inChannels / Math.min(maxSplits, splitsFor(count)));
  const CHANNELS = Math.min(channels_per_split, Math.floor(MAX_STAGED / (KH * KW)));
  const splits = Math.ceil(inChannels / channels_per_split);
  reduceSplits(gpu, splits, { y }, (target) => {
    const { bindings, params } = directRun(operands, g);
    gpu.dispatch(conv2d_skinny, {
      bindings: { ...bindings, y: target },
      params: { ...params, channels_per_split },
      grid: count * splits,
      constants: { OUT, CHANNELS, KH, KW, REFLECT: g.reflect === 1 },
    });
  });
};

export const runSkinnyWeightGradient: WeightGradient = (gpu, { x, dy, dw, db, accumulate }, options) => {
  const [OUT, inChannels, KH, KW] = dw.shape;
  const [batch, , outHeight] = dy.shape;
  const strips = batch * Math.ceil(outHeight / PIXELS);
  const count = inChannels * Math.ceil(KW / Math.floor(4 / OUT));
  const strips_per_split = Math.ceil(strips / Math.min(strips, splitsFor(count))) || 1;
  const splits = Math.ceil(strips / strips_per_split);
  const { reflect, ...params } = weightGradientParams(x, dy, options);
  reduceSplits(gpu, splits, { y: dw, second: db, accumulate }, (target) => {
    gpu.dispatch(conv2d_weight_gradient_skinny, {
      bindings: { x, dy, dw: target },
      params: { ...params, strips_per_split, split_size: target.size / splits },
      grid: count * splits,
      constants: { OUT, KH, KW, REFLECT: reflect === 1, BIAS: db !== undefined },
    });
  });
};
