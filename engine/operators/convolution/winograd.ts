// Convolutions of stride 1 with kernels of 3 x 3 or 4 x 4 by Winograd's minimal filtering (see
// shaders/convolution/lib/winograd.wgsl; names as in Lavin and Gray): tiles of the input and the weights are
// transformed to alpha^2 elements each, as many matrix products over the channels follow, and their results are
// transformed to tiles of the output, m x m for a kernel of r x r, m = alpha + 1 - r: a quarter of the multiplications,
// or a fifth. The same products with other operands give the gradient of the weights. Transformed tensors take
// alpha^2 / m^2 times the memory; where those of a whole batch are too large, they are made for a few images at a time.
import {
  winograd_input,
  winograd_output,
  winograd_output_gradient,
  winograd_output_vec4,
  winograd_weight_gradient,
  winograd_weights,
} from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import type { Tensor } from "../../core/tensor.js";
import type { Profile } from "../../device/adapter.js";
import { productVariant, runMatmul } from "../matmul/index.js";
import { reduceSplits } from "../reduction/index.js";
import type { ConvolutionCall } from "./call.js";
import type { Geometry, Operands, WeightGradient, WeightGradientOptions } from "./geometry.js";

/** Most floats of a transformed tensor. Every adapter binds a third more, but working in less saves memory. */
const MAX_SIZE = 3 * 2 ** 23;

/** Pixels of an image from which tiles of 8 x 8 are faster on software adapters: products have blocks of 32 columns. */
const LARGE_IMAGE = 40 ** 2;

/** On software adapters small workgroups cost nothing, and leave no lane idle. */
const WORKGROUP = { gpu: 64, software: 8 };

/** For products of vec4s. */
const multipleOf4 = (n: number) => Math.ceil(n / 4) * 4;

/** The tiles of an output [N, C, H, W]. */
export interface Tiles {
  /** Rows and columns of an output tile. */
  m: number;
  /** Rows and columns of an input tile, m + r - 1: 6, or 8 for large images on software adapters. */
  alpha: number;
  /** Elements of a transformed tile. */
  elements: number;
  /** Tiles along the axes of one image. */
  y: number;
  x: number;
}

/** The tiles of an output for kernels of r x r. */
export function tilesOf(profile: Profile, r: number, [, , height, width]: readonly number[]): Tiles {
  const alpha = profile === "software" && height * width >= LARGE_IMAGE ? 8 : 6;
  const m = alpha + 1 - r;
  return { m, alpha, elements: alpha * alpha, y: Math.ceil(height / m), x: Math.ceil(width / m) };
}

/** How many images of an output [N, C, H, W] can be transformed at once; may be 0. */
function imagesAtOnce({ elements, y, x }: Tiles, inChannels: number, [batch, outChannels]: readonly number[]): number {
  const max = MAX_SIZE / elements;
  if (inChannels * outChannels > max) return 0;
  const tiles = Math.floor(max / Math.max(inChannels, outChannels) / 4) * 4;
  return Math.min(batch, Math.floor(tiles / (y * x)));
}

/** Whether a profile's kernels can compute a call on every adapter. */
export const winogradServes = (profile: Profile, { kernel: [kh, kw], stride, x, y }: ConvolutionCall): boolean =>
  kh === kw && (kh === 3 || kh === 4) && stride === 1 && imagesAtOnce(tilesOf(profile, kh, y), x[1], y) > 0;

/** The tiles of consecutive images that are transformed together. */
interface Chunk extends Tiles {
  first: number;
  images: number;
  /** Tiles of these images, rounded up. */
  stride: number;
}

function chunksOf(tiles: Tiles, inChannels: number, output: readonly number[]): Chunk[] {
  const max = imagesAtOnce(tiles, inChannels, output);
  return Array.from({ length: Math.ceil(output[0] / max) }, (_, i) => {
    const first = i * max;
    const images = Math.min(max, output[0] - first);
    return { ...tiles, first, images, stride: multipleOf4(images * tiles.y * tiles.x) };
  });
}

const transformConstants = ({ profile }: Gpu, { alpha }: Tiles) => ({ ALPHA: alpha, UNROLL: profile === "gpu" });

const tileConstants = (gpu: Gpu, tiles: Tiles) => ({
  ...transformConstants(gpu, tiles),
  WORKGROUP: WORKGROUP[gpu.profile],
});

/** Workgroups for a tile of one channel an invocation or, on software adapters, for a column of tiles. */
const tileGrid = ({ profile }: Gpu, { x, images, stride }: Chunk, channels: number) =>
  profile === "software"
    ? Math.ceil((channels * images * x) / WORKGROUP[profile])
    : Math.ceil(stride / WORKGROUP[profile]) * channels;

/** Whether rows of an image consist of vec4s, one for each output tile. */
const rowsAreVec4s = (gpu: Gpu, width: number, { m }: Tiles) => gpu.profile === "gpu" && m === 4 && width % 4 === 0;

const chunkParams = ({ y, x, first, images, stride }: Chunk) => ({
  batch: images,
  first_image: first,
  tiles_y: y,
  tiles_x: x,
  tiles_stride: stride,
});

function transformInput(
  gpu: Gpu,
  x: Tensor,
  chunk: Chunk,
  { pad_y, pad_x, reflect }: Pick<Geometry, "pad_y" | "pad_x" | "reflect">,
): Tensor {
  const [, channels, height, width] = x.shape;
  const v = gpu.empty([chunk.elements, channels, chunk.stride]);
  // Mirrored columns are no vec4 of x. Where at most one pixel is mirrored, the columns loaded as a vec4 are inside x.
  const vec4s = rowsAreVec4s(gpu, width, chunk) && pad_x <= (reflect ? 1 : 2);
  const constants = { ...tileConstants(gpu, chunk), VEC4_AT: vec4s ? pad_x : chunk.alpha };
  gpu.dispatch(winograd_input, {
    bindings: { x, x_vec4s: x, v },
    params: {
      ...chunkParams(chunk),
      channels,
      in_height: height,
      in_width: width,
      m: chunk.m,
      pad_y,
      pad_x,
      reflect,
    },
    grid: tileGrid(gpu, chunk, channels),
    constants,
  });
  return v;
}

/** The transform [alpha^2, out, in] of weights with any strides. */
function transformWeights(
  gpu: Gpu,
  w: Tensor,
  channels: { out: number; in: number },
  { kw: R, w_base, w_m, w_c, w_ky, w_kx }: Geometry,
  tiles: Tiles,
): Tensor {
  const u = gpu.empty([tiles.elements, channels.out, channels.in]);
  gpu.dispatch(winograd_weights, {
    bindings: { w, u },
    params: { out_channels: channels.out, in_channels: channels.in, w_base, w_m, w_c, w_ky, w_kx },
    invocations: channels.out * channels.in,
    constants: { R, ...transformConstants(gpu, tiles) },
  });
  return u;
}

/** Computes y, for a geometry that these kernels serve. */
export function runWinograd(gpu: Gpu, { x, w, bias, y }: Operands, geometry: Geometry): void {
  const [, outChannels, height, width] = y.shape;
  const inChannels = x.shape[1];
  const R = geometry.kw;
  const tiles = tilesOf(gpu.profile, R, y.shape);
  const constants = { R, ...tileConstants(gpu, tiles) };
  const u = transformWeights(gpu, w, { out: outChannels, in: inChannels }, geometry, tiles);
  for (const chunk of chunksOf(tiles, inChannels, y.shape)) {
    const v = transformInput(gpu, x, chunk, geometry);
    const p = gpu.empty([tiles.elements, outChannels, chunk.stride]);
    runMatmul(gpu, productVariant(gpu), u, v, {}, p);
    v.dispose();
    gpu.dispatch(rowsAreVec4s(gpu, width, tiles) ? winograd_output_vec4 : winograd_output, {
      bindings: { p, bias: bias ?? p, y },
      params: {
        ...chunkParams(chunk),
        channels: outChannels,
        out_height: height,
        out_width: width,
        has_bias: Number(Boolean(bias)),
      },
      grid: tileGrid(gpu, chunk, outChannels),
      constants,
    });
    p.dispose();
  }
  u.dispose();
}

/** Fills dw [out, in, r, r] of a convolution that these kernels serve, and no db. */
export function runWinogradWeightGradient(
  gpu: Gpu,
  { x, dy, dw, accumulate }: Parameters<WeightGradient>[1],
  { padding, paddingMode }: WeightGradientOptions,
): void {
  const [, outChannels, height, width] = dy.shape;
  const inChannels = x.shape[1];
  const R = dw.shape[2];
  const border = { pad_y: padding, pad_x: padding, reflect: Number(paddingMode === "reflect") };
  const tiles = tilesOf(gpu.profile, R, dy.shape);
  const constants = { R, ...tileConstants(gpu, tiles), VEC4: rowsAreVec4s(gpu, width, tiles) };
  const s = gpu.empty([tiles.elements, outChannels, inChannels]);
  for (const chunk of chunksOf(tiles, inChannels, dy.shape)) {
    const v = transformInput(gpu, x, chunk, border);
    const g = gpu.empty([tiles.elements, outChannels, chunk.stride]);
    gpu.dispatch(winograd_output_gradient, {
      bindings: { dy, dy_vec4s: dy, g },
      params: { ...chunkParams(chunk), channels: outChannels, out_height: height, out_width: width },
      grid: tileGrid(gpu, chunk, outChannels),
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
      constants: { R, ...transformConstants(gpu, tiles) },
    });
  });
  s.dispose();
}
