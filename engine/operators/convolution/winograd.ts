// Convolutions of stride 1 with kernels of 3 x 3 or 4 x 4 by Winograd's minimal filtering (see
// shaders/convolution/lib/winograd.wgsl; names as in Lavin and Gray): tiles of the input and the weights are
// transformed to 36 elements each, 36 matrix products over the channels follow, and their results are transformed to
// tiles of the output, m x m for a kernel of r x r, m = 7 - r: a quarter of the multiplications. The same products with
// other operands give the gradient of the weights. Transformed tensors take 36 / m^2 times the memory; where those of a
// whole batch are too large to be bound, they are made for a few images at a time.
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
import { reduceSplits } from "../reduction/index.js";
import type { Geometry, Operands, WeightGradient, WeightGradientOptions } from "./geometry.js";

/** Rows and columns of an input tile, m + r - 1. */
export const ALPHA = 6;
/** Elements of a transformed tile. */
export const TILE_ELEMENTS = ALPHA * ALPHA;
/** The largest storage binding that every adapter has. */
const MAX_BYTES = 128 * 2 ** 20;

/** Rows and columns of an output tile, m, for kernels of r x r. */
const outputTile = (r: number) => ALPHA + 1 - r;

interface TileCounts {
  /** Along the axes of one image. */
  y: number;
  x: number;
  /** Of all images, rounded up to a multiple of 4 for products of vec4s. */
  stride: number;
}

function countTiles([batch, , height, width]: readonly number[], r: number): TileCounts {
  const m = outputTile(r);
  const [y, x] = [Math.ceil(height / m), Math.ceil(width / m)];
  return { y, x, stride: Math.ceil((batch * y * x) / 4) * 4 };
}

/** Tiles of all images of an output [N, C, H, W]. */
export const winogradTiles = (output: readonly number[], r: number): number => countTiles(output, r).stride;

/** How many images of an output [N, C, H, W] can be transformed at once; may be 0. */
function imagesAtOnce(r: number, inChannels: number, output: readonly number[]): number {
  const [batch, outChannels, ...plane] = output;
  const bytes = (count: number) => 4 * TILE_ELEMENTS * count;
  if (bytes(inChannels * outChannels) > MAX_BYTES) return 0;
  const fit = (images: number) =>
    bytes(Math.max(inChannels, outChannels) * winogradTiles([images, outChannels, ...plane], r)) <= MAX_BYTES;
  let images = batch;
  while (images > 0 && !fit(images)) images--;
  return images;
}

/** Whether these kernels can compute a convolution with an output of this shape on every adapter. */
export const winogradServes = (
  [kh, kw]: readonly [number, number],
  stride: number,
  inChannels: number,
  output: readonly number[],
): boolean => kh === kw && (kh === 3 || kh === 4) && stride === 1 && imagesAtOnce(kh, inChannels, output) > 0;

/** Consecutive images that are transformed together, and their tiles. */
interface Chunk {
  first: number;
  images: number;
  tiles: TileCounts;
}

function chunksOf(r: number, inChannels: number, output: readonly number[]): Chunk[] {
  const [batch, ...image] = output;
  const max = imagesAtOnce(r, inChannels, output);
  return Array.from({ length: Math.ceil(batch / max) }, (_, i) => {
    const first = i * max;
    const images = Math.min(max, batch - first);
    return { first, images, tiles: countTiles([images, ...image], r) };
  });
}

/** Loops are unrolled, except on software adapters, in either profile. */
const unrollOn = (gpu: Gpu) => ({ UNROLL: profileOf(gpu.info) !== "software" });

/** On software adapters small workgroups cost nothing, and leave no lane idle. */
const tileConstants = (gpu: Gpu) => ({ WORKGROUP: gpu.profile === "software" ? 8 : 64, ...unrollOn(gpu) });

/** Whether rows of an image consist of vec4s, one for each output tile. */
const rowsAreVec4s = (gpu: Gpu, width: number, r: number) =>
  gpu.profile === "gpu" && outputTile(r) === 4 && width % 4 === 0;

const chunkParams = ({ first, images, tiles }: Chunk) => ({
  batch: images,
  first_image: first,
  tiles_y: tiles.y,
  tiles_x: tiles.x,
  tiles_stride: tiles.stride,
});

function transformInput(
  gpu: Gpu,
  x: Tensor,
  chunk: Chunk,
  { r, padY, padX, reflect }: { r: number; padY: number; padX: number; reflect: boolean },
): Tensor {
  const [, channels, height, width] = x.shape;
  const { tiles } = chunk;
  const v = gpu.empty([TILE_ELEMENTS, channels, tiles.stride]);
  // Mirrored columns are no vec4 of x. Where at most one pixel is mirrored, the columns loaded as a vec4 are inside x.
  const vec4s = rowsAreVec4s(gpu, width, r) && padX <= (reflect ? 1 : 2);
  const constants = { ...tileConstants(gpu), VEC4_AT: vec4s ? padX : ALPHA };
  gpu.dispatch(winograd_input, {
    bindings: { x, x_vec4s: x, v },
    params: {
      ...chunkParams(chunk),
      channels,
      in_height: height,
      in_width: width,
      m: outputTile(r),
      pad_y: padY,
      pad_x: padX,
      reflect: Number(reflect),
    },
    grid: workgroupsFor(winograd_input, tiles.stride, constants) * channels,
    constants,
  });
  return v;
}

/** The transform [36, out, in] of weights with any strides. */
function transformWeights(gpu: Gpu, w: Tensor, channels: { out: number; in: number }, geometry: Geometry): Tensor {
  const { weights, kw: R } = geometry;
  const u = gpu.empty([TILE_ELEMENTS, channels.out, channels.in]);
  gpu.dispatch(winograd_weights, {
    bindings: { w, u },
    params: {
      out_channels: channels.out,
      in_channels: channels.in,
      w_base: weights.base,
      w_m: weights.m,
      w_c: weights.c,
      w_ky: weights.ky,
      w_kx: weights.kx,
    },
    invocations: channels.out * channels.in,
    constants: { R, ...unrollOn(gpu) },
  });
  return u;
}

/** Computes y, for a geometry that these kernels serve. */
export function runWinograd(gpu: Gpu, { x, w, bias, y }: Operands, geometry: Geometry): void {
  const [, outChannels, height, width] = y.shape;
  const inChannels = x.shape[1];
  const { kw: R, padY, padX, reflect } = geometry;
  const constants = { R, ...tileConstants(gpu) };
  const u = transformWeights(gpu, w, { out: outChannels, in: inChannels }, geometry);
  for (const chunk of chunksOf(R, inChannels, y.shape)) {
    const { stride } = chunk.tiles;
    const v = transformInput(gpu, x, chunk, { r: R, padY, padX, reflect });
    const p = gpu.empty([TILE_ELEMENTS, outChannels, stride]);
    runMatmul(gpu, productVariant(gpu), u, v, {}, p);
    v.dispose();
    gpu.dispatch(rowsAreVec4s(gpu, width, R) ? winograd_output_vec4 : winograd_output, {
      bindings: { p, bias: bias ?? p, y },
      params: {
        ...chunkParams(chunk),
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

/** Fills dw [out, in, r, r] of a convolution that these kernels serve. */
export function runWinogradWeightGradient(
  gpu: Gpu,
  { x, dy, dw, accumulate }: Parameters<WeightGradient>[1],
  { padding, paddingMode }: WeightGradientOptions,
): void {
  const [, outChannels, height, width] = dy.shape;
  const inChannels = x.shape[1];
  const R = dw.shape[2];
  const reflect = paddingMode === "reflect";
  const constants = { R, ...tileConstants(gpu), VEC4: rowsAreVec4s(gpu, width, R) };
  const s = gpu.empty([TILE_ELEMENTS, outChannels, inChannels]);
  for (const chunk of chunksOf(R, inChannels, dy.shape)) {
    const { stride } = chunk.tiles;
    const v = transformInput(gpu, x, chunk, { r: R, padY: padding, padX: padding, reflect });
    const g = gpu.empty([TILE_ELEMENTS, outChannels, stride]);
    gpu.dispatch(winograd_output_gradient, {
      bindings: { dy, dy_vec4s: dy, g },
      params: { ...chunkParams(chunk), channels: outChannels, out_height: height, out_width: width },
      grid: workgroupsFor(winograd_output_gradient, stride, constants) * outChannels,
      constants,
    });
    runMatmul(gpu, productVariant(gpu), g, v, { transposeB: true }, s, { accumulate: chunk.first > 0 });
    v.dispose();
    g.dispose();
  }
  reduceSplits(gpu, 1, { y: dw, accumulate }, (target) => {
    gpu.dispatch(winograd_weight_gradient, {
      bindings: { s, dw: target },
      params: { pairs: outChannels * inChannels },
      invocations: outChannels * inChannels,
      constants: { R, ...unrollOn(gpu) },
    });
  });
  s.dispose();
}
