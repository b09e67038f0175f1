// Convolutions of stride 1 with 3 x 3 or 4 x 4 taps by Winograd's minimal filtering (see
// shaders/convolution/lib/winograd.wgsl): windows of x and the weights are transformed to 36 numbers each, 36 matrix
// products over the channels follow, and their results are transformed to tiles of the output: 4 multiplications per
// output instead of 9 or 16. The same products with other operands give the gradient of the weights. The transforms
// cost memory of 36 / 16 (or 36 / 9) of the tensors while they run; where that of a whole batch cannot be bound, they
// run for a few images at a time.
import {
  winograd_input,
  winograd_output,
  winograd_output_gradient,
  winograd_output_vec4,
  winograd_weight_gradient,
  winograd_weights,
} from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import { profileOf } from "../../device/adapter.js";
import type { Gpu } from "../../device/gpu.js";
import { workgroupsFor } from "../../device/kernel.js";
import { productVariant, runMatmul } from "../matmul/index.js";
import { sumParts } from "../reduction/index.js";
import type { Geometry, Operands, WeightGradient, WeightGradientOptions } from "./geometry.js";

/** Rows and columns of a window of x. */
export const WINDOW = 6;
/** Numbers that a window, or a tile, is transformed to. */
export const FREQUENCIES = WINDOW * WINDOW;
/** The largest buffer that WebGPU promises to bind. */
const MOST_BYTES = 128 * 2 ** 20;

/** Rows and columns of a tile of the output. */
const tileSize = (taps: number) => WINDOW + 1 - taps;

interface TileCounts {
  /** Along the axes of one image. */
  y: number;
  x: number;
  /** Of all images, rounded up to a multiple of 4 for products of vec4s. */
  stride: number;
}

function countTiles([batch, , height, width]: readonly number[], taps: number): TileCounts {
  const out = tileSize(taps);
  const [y, x] = [Math.ceil(height / out), Math.ceil(width / out)];
  return { y, x, stride: Math.ceil((batch * y * x) / 4) * 4 };
}

/** Tiles of all images of an output [N, C, H, W]. */
export const winogradTiles = (output: readonly number[], taps: number): number => countTiles(output, taps).stride;

/** How many images of an output [N, C, H, W] can be transformed at once; 0: not even one. */
function imagesAtOnce(taps: number, inChannels: number, output: readonly number[]): number {
  const [batch, outChannels, ...plane] = output;
  const bytes = (numbers: number) => 4 * FREQUENCIES * numbers;
  if (bytes(inChannels * outChannels) > MOST_BYTES) return 0;
  const fit = (images: number) =>
    bytes(Math.max(inChannels, outChannels) * winogradTiles([images, outChannels, ...plane], taps)) <= MOST_BYTES;
  let images = batch;
  while (images > 0 && !fit(images)) images--;
  return images;
}

/** Whether these kernels can do a convolution to an output of this shape, in buffers that every adapter can bind. */
export const winogradServes = (
  [tapsY, tapsX]: readonly [number, number],
  stride: number,
  inChannels: number,
  output: readonly number[],
): boolean =>
  tapsY === tapsX && (tapsY === 3 || tapsY === 4) && stride === 1 && imagesAtOnce(tapsY, inChannels, output) > 0;

/** Images that are transformed together, from `first` on, and their tiles. */
interface Part {
  first: number;
  images: number;
  tiles: TileCounts;
}

function partsOf(taps: number, inChannels: number, output: readonly number[]): Part[] {
  const [batch, ...image] = output;
  const most = imagesAtOnce(taps, inChannels, output);
  return Array.from({ length: Math.ceil(batch / most) }, (_, i) => {
    const first = i * most;
    const images = Math.min(most, batch - first);
    return { first, images, tiles: countTiles([images, ...image], taps) };
  });
}

/** On software adapters, in either profile, loops stay loops. */
const loopsOf = (gpu: Gpu) => ({ ROLLED: profileOf(gpu.info) === "software" });

/** On software adapters small workgroups cost nothing, and they leave no lane idle. */
const tileConstants = (gpu: Gpu) => ({ WORKGROUP: gpu.profile === "software" ? 8 : 64, ...loopsOf(gpu) });

/** Whether rows of an image are whole vec4s, one for each tile of the output. */
const rowsOfVec4s = (gpu: Gpu, width: number, taps: number) =>
  gpu.profile === "gpu" && tileSize(taps) === 4 && width % 4 === 0;

const partParams = ({ first, images, tiles }: Part) => ({
  batch: images,
  first_image: first,
  tiles_y: tiles.y,
  tiles_x: tiles.x,
  tiles_stride: tiles.stride,
});

function transformInput(
  gpu: Gpu,
  x: Tensor,
  part: Part,
  { taps, padY, padX, reflect }: { taps: number; padY: number; padX: number; reflect: boolean },
): Tensor {
  const [, channels, height, width] = x.shape;
  const { tiles } = part;
  const v = gpu.empty([FREQUENCIES, channels, tiles.stride]);
  // A mirrored quad would be no vec4 of x: where a border of at most one pixel is mirrored there is none.
  const quads = rowsOfVec4s(gpu, width, taps) && padX <= (reflect ? 1 : 2);
  const constants = { ...tileConstants(gpu), VEC4_AT: quads ? padX : WINDOW };
  gpu.dispatch(winograd_input, {
    bindings: { x, x_vec4s: x, v },
    params: {
      ...partParams(part),
      channels,
      in_height: height,
      in_width: width,
      out: tileSize(taps),
      pad_y: padY,
      pad_x: padX,
      reflect: Number(reflect),
    },
    grid: workgroupsFor(winograd_input, tiles.stride, constants) * channels,
    constants,
  });
  return v;
}

/** [36, out, in] of weights at any strides. */
function transformWeights(gpu: Gpu, w: Tensor, channels: { out: number; in: number }, geometry: Geometry): Tensor {
  const { weights, tapsX: TAPS } = geometry;
  const u = gpu.empty([FREQUENCIES, channels.out, channels.in]);
  gpu.dispatch(winograd_weights, {
    bindings: { w, u },
    params: {
      out_channels: channels.out,
      in_channels: channels.in,
      w_base: weights.base,
      w_m: weights.m,
      w_c: weights.c,
      w_ty: weights.ty,
      w_tx: weights.tx,
    },
    invocations: channels.out * channels.in,
    constants: { TAPS, ...loopsOf(gpu) },
  });
  return u;
}

/** Computes y, for a geometry that these kernels serve. */
export function runWinograd(gpu: Gpu, { x, w, bias, y }: Operands, geometry: Geometry): void {
  const [, outChannels, height, width] = y.shape;
  const inChannels = x.shape[1];
  const { tapsX: TAPS, padY, padX, reflect } = geometry;
  const constants = { TAPS, ...tileConstants(gpu) };
  const u = transformWeights(gpu, w, { out: outChannels, in: inChannels }, geometry);
  for (const part of partsOf(TAPS, inChannels, y.shape)) {
    const { stride } = part.tiles;
    const v = transformInput(gpu, x, part, { taps: TAPS, padY, padX, reflect });
    const p = gpu.empty([FREQUENCIES, outChannels, stride]);
    runMatmul(gpu, productVariant(gpu), u, v, {}, p);
    v.dispose();
    gpu.dispatch(rowsOfVec4s(gpu, width, TAPS) ? winograd_output_vec4 : winograd_output, {
      bindings: { p, bias: bias ?? p, y },
      params: {
        ...partParams(part),
        channels: outChannels,
        out_height: height,
        out_width: width,
        has_bias: Number(Boolean(bias)),
      },
      grid: workgroupsFor(winograd_output, stride, constants) * outChannels,
      constants,
    });
    p.dispose();
  }
  u.dispose();
}

/** Fills dw [out, in, taps, taps] of a convolution that these kernels serve. */
export function runWinogradWeightGradient(
  gpu: Gpu,
  { x, dy, dw, accumulate }: Parameters<WeightGradient>[1],
  { padding, paddingMode }: WeightGradientOptions,
): void {
  const [, outChannels, height, width] = dy.shape;
  const inChannels = x.shape[1];
  const TAPS = dw.shape[2];
  const reflect = paddingMode === "reflect";
  const constants = { TAPS, ...tileConstants(gpu), VEC4: rowsOfVec4s(gpu, width, TAPS) };
  const s = gpu.empty([FREQUENCIES, outChannels, inChannels]);
  for (const part of partsOf(TAPS, inChannels, dy.shape)) {
    const { stride } = part.tiles;
    const v = transformInput(gpu, x, part, { taps: TAPS, padY: padding, padX: padding, reflect });
    const g = gpu.empty([FREQUENCIES, outChannels, stride]);
    gpu.dispatch(winograd_output_gradient, {
      bindings: { dy, dy_vec4s: dy, g },
      params: { ...partParams(part), channels: outChannels, out_height: height, out_width: width },
      grid: workgroupsFor(winograd_output_gradient, stride, constants) * outChannels,
      constants,
    });
    runMatmul(gpu, productVariant(gpu), g, v, { transposeB: true }, s, { accumulate: part.first > 0 });
    v.dispose();
    g.dispose();
  }
  sumParts(gpu, 1, { y: dw, accumulate }, (target) => {
    gpu.dispatch(winograd_weight_gradient, {
      bindings: { s, dw: target },
      params: { pairs: outChannels * inChannels },
      invocations: outChannels * inChannels,
      constants: { TAPS, ...loopsOf(gpu) },
    });
  });
  s.dispose();
}
