// Convolutions of stride 1 with kernels of 3 x 3 or 4 x 4 by Winograd's minimal filtering (see
// shaders/convolution/lib/winograd.wgsl; names as in Lavin and Gray): tiles of the input and the weights are
// transformed to alpha^2 elements each, as many matrix products over the channels follow, and their results are
// transformed to tiles of the output, m x m for a kernel of r x r, m = alpha + 1 - r: a quarter of the multiplications,
// or a fifth. The same products with other operands give the gradient of the weights. Transformed tensors take
// alpha^2 / m^2 times the memory; where those of a whole batch are too large to be bound, they are made for a few
// images at a time.
import {
  winograd_input,
  winograd_output,
  winograd_output_gradient,
  winograd_output_vec4,
  winograd_weight_gradient,
  winograd_weights,
} from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import type { Profile } from "../../device/adapter.js";
import type { Gpu } from "../../device/gpu.js";
import { type Constants, type KernelSource, workgroupsFor } from "../../device/kernel.js";
import { productVariant, runMatmul } from "../matmul/index.js";
import { reduceSplits } from "../reduction/index.js";
import type { Geometry, Operands, WeightGradient, WeightGradientOptions } from "./geometry.js";

/** The largest storage binding that every adapter has. */
const MAX_BYTES = 128 * 2 ** 20;

/** Columns of a product that a workgroup of the software profile has. */
const COLUMNS = 32;

/** Sizes of tiles for kernels of r x r. */
export interface TileSizes {
  /** Rows and columns of an output tile. */
  m: number;
  /** Rows and columns of an input tile, m + r - 1: 6, or 8 on software adapters where that takes fewer products. */
  alpha: number;
  /** Elements of a transformed tile. */
  elements: number;
}

/** The sizes for an output [N, C, H, W]. */
export function tileSizes(profile: Profile, r: number, output: readonly number[]): TileSizes {
  const [small, large] = [6, 8].map((alpha) => ({ m: alpha + 1 - r, alpha, elements: alpha * alpha }));
  const products = (sizes: TileSizes) =>
    sizes.elements * Math.ceil(countTiles(output, sizes).stride / COLUMNS) * COLUMNS;
  return profile === "software" && products(large) < products(small) ? large : small;
}

interface TileCounts {
  /** Along the axes of one image. */
  y: number;
  x: number;
  /** Of all images, rounded up to a multiple of 4 for products of vec4s. */
  stride: number;
}

function countTiles([batch, , height, width]: readonly number[], { m }: TileSizes): TileCounts {
  const [y, x] = [Math.ceil(height / m), Math.ceil(width / m)];
  return { y, x, stride: Math.ceil((batch * y * x) / 4) * 4 };
}

/** Tiles of all images of an output [N, C, H, W]. */
export const winogradTiles = (output: readonly number[], sizes: TileSizes): number => countTiles(output, sizes).stride;

/** How many images of an output [N, C, H, W] can be transformed at once; may be 0. */
function imagesAtOnce(sizes: TileSizes, inChannels: number, output: readonly number[]): number {
  const [batch, outChannels, ...plane] = output;
  const bytes = (count: number) => 4 * sizes.elements * count;
  if (bytes(inChannels * outChannels) > MAX_BYTES) return 0;
  const fit = (images: number) =>
    bytes(Math.max(inChannels, outChannels) * winogradTiles([images, outChannels, ...plane], sizes)) <= MAX_BYTES;
  let images = batch;
  while (images > 0 && !fit(images)) images--;
  return images;
}

/** Whether a profile's kernels can compute a convolution with an output of this shape on every adapter. */
export const winogradServes = (
  profile: Profile,
  [kh, kw]: readonly [number, number],
  stride: number,
  inChannels: number,
  output: readonly number[],
): boolean =>
  kh === kw &&
  (kh === 3 || kh === 4) &&
  stride === 1 &&
  imagesAtOnce(tileSizes(profile, kh, output), inChannels, output) > 0;

/** Consecutive images that are transformed together, and their tiles. */
interface Chunk {
  first: number;
  images: number;
  tiles: TileCounts;
}

function chunksOf(sizes: TileSizes, inChannels: number, output: readonly number[]): Chunk[] {
  const [batch, ...image] = output;
  const max = imagesAtOnce(sizes, inChannels, output);
  return Array.from({ length: Math.ceil(batch / max) }, (_, i) => {
    const first = i * max;
    const images = Math.min(max, batch - first);
    return { first, images, tiles: countTiles([images, ...image], sizes) };
  });
}

const transformConstants = (gpu: Gpu, { alpha }: TileSizes) => ({ ALPHA: alpha, UNROLL: gpu.profile === "gpu" });

/** On software adapters small workgroups cost nothing, and leave no lane idle. */
const tileConstants = (gpu: Gpu, sizes: TileSizes) => ({
  ...transformConstants(gpu, sizes),
  WORKGROUP: gpu.profile === "software" ? 8 : 64,
});

/** Whether rows of an image consist of vec4s, one for each output tile. */
const rowsAreVec4s = (gpu: Gpu, width: number, { m }: TileSizes) => gpu.profile === "gpu" && m === 4 && width % 4 === 0;

/** The grid of a kernel whose invocations have a tile of one channel each or, on software adapters, a column of them. */
function tileGrid<K extends KernelSource>(
  gpu: Gpu,
  source: K,
  { images, tiles }: Chunk,
  channels: number,
  constants: Constants<K>,
): number {
  return gpu.profile === "software"
    ? workgroupsFor(source, channels * images * tiles.x, constants)
    : workgroupsFor(source, tiles.stride, constants) * channels;
}

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
  sizes: TileSizes,
  { padY, padX, reflect }: { padY: number; padX: number; reflect: boolean },
): Tensor {
  const [, channels, height, width] = x.shape;
  const v = gpu.empty([sizes.elements, channels, chunk.tiles.stride]);
  // Mirrored columns are no vec4 of x. Where at most one pixel is mirrored, the columns loaded as a vec4 are inside x.
  const vec4s = rowsAreVec4s(gpu, width, sizes) && padX <= (reflect ? 1 : 2);
  const constants = { ...tileConstants(gpu, sizes), VEC4_AT: vec4s ? padX : sizes.alpha };
  gpu.dispatch(winograd_input, {
    bindings: { x, x_vec4s: x, v },
    params: {
      ...chunkParams(chunk),
      channels,
      in_height: height,
      in_width: width,
      m: sizes.m,
      pad_y: padY,
      pad_x: padX,
      reflect: Number(reflect),
    },
    grid: tileGrid(gpu, winograd_input, chunk, channels, constants),
    constants,
  });
  return v;
}

/** The transform [alpha^2, out, in] of weights with any strides. */
function transformWeights(
  gpu: Gpu,
  w: Tensor,
  channels: { out: number; in: number },
  { weights, kw: R }: Geometry,
  sizes: TileSizes,
): Tensor {
  const u = gpu.empty([sizes.elements, channels.out, channels.in]);
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
    constants: { R, ...transformConstants(gpu, sizes) },
  });
  return u;
}

/** Computes y, for a geometry that these kernels serve. */
export function runWinograd(gpu: Gpu, { x, w, bias, y }: Operands, geometry: Geometry): void {
  const [, outChannels, height, width] = y.shape;
  const inChannels = x.shape[1];
  const { kw: R, padY, padX, reflect } = geometry;
  const sizes = tileSizes(gpu.profile, R, y.shape);
  const constants = { R, ...tileConstants(gpu, sizes) };
  const u = transformWeights(gpu, w, { out: outChannels, in: inChannels }, geometry, sizes);
  for (const chunk of chunksOf(sizes, inChannels, y.shape)) {
    const v = transformInput(gpu, x, chunk, sizes, { padY, padX, reflect });
    const p = gpu.empty([sizes.elements, outChannels, chunk.tiles.stride]);
    runMatmul(gpu, productVariant(gpu), u, v, {}, p);
    v.dispose();
    gpu.dispatch(rowsAreVec4s(gpu, width, sizes) ? winograd_output_vec4 : winograd_output, {
      bindings: { p, bias: bias ?? p, y },
      params: {
        ...chunkParams(chunk),
        channels: outChannels,
        out_height: height,
        out_width: width,
        has_bias: Number(Boolean(bias)),
      },
      grid: tileGrid(gpu, winograd_output, chunk, outChannels, constants),
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
  const sizes = tileSizes(gpu.profile, R, dy.shape);
  const constants = { R, ...tileConstants(gpu, sizes), VEC4: rowsAreVec4s(gpu, width, sizes) };
  const s = gpu.empty([sizes.elements, outChannels, inChannels]);
  for (const chunk of chunksOf(sizes, inChannels, dy.shape)) {
    const v = transformInput(gpu, x, chunk, sizes, { padY: padding, padX: padding, reflect });
    const g = gpu.empty([sizes.elements, outChannels, chunk.tiles.stride]);
    gpu.dispatch(winograd_output_gradient, {
      bindings: { dy, dy_vec4s: dy, g },
      params: { ...chunkParams(chunk), channels: outChannels, out_height: height, out_width: width },
      grid: tileGrid(gpu, winograd_output_gradient, chunk, outChannels, constants),
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
      constants: { R, ...transformConstants(gpu, sizes) },
    });
  });
  s.dispose();
}
