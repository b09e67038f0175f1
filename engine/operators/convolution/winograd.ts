// Convolutions of stride 1 with 3 x 3 or 4 x 4 taps by Winograd's minimal filtering (see shaders/convolution/lib/winograd.wgsl): windows
// of x and the weights are transformed to 36 numbers each, 36 matrix products over the channels follow, and their results
// are transformed to tiles of the output: 4 multiplications an output instead of 9 or 16. The same products, the other way
// round, make the weights' gradient. Its transforms cost memory of 36 / 16 (or 36 / 9) of the tensors for as long as it runs.
import {
  winograd_input,
  winograd_output,
  winograd_output_gradient,
  winograd_weight_gradient,
  winograd_weights,
} from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { runMatmul } from "../matmul/index.js";

/** Numbers a tile is transformed to. */
const FREQUENCIES = 36;
/** The largest buffer that WebGPU promises to bind. */
const BYTES_AT_MOST = 128 * 2 ** 20;

/** The part of a convolution's geometry that the transforms need. */
export interface WinogradGeometry {
  taps: number;
  padY: number;
  padX: number;
  reflect: boolean;
  weights: { base: number; m: number; c: number; ty: number; tx: number };
}

/** Tiles of an image's output along its axes, and of all images together, filled up so that products go by fours. */
function tilesOf(batch: number, height: number, width: number, taps: number) {
  const out = 7 - taps;
  const [y, x] = [Math.ceil(height / out), Math.ceil(width / out)];
  return { y, x, stride: Math.ceil((batch * y * x) / 4) * 4 };
}

/** Tiles of all images of an output [N, C, H, W]. */
export const winogradTiles = ([batch, , height, width]: readonly number[], taps: number): number =>
  tilesOf(batch, height, width, taps).stride;

/** One invocation a tile and channel. Small workgroups, where they cost nothing, leave no lane idle. */
function tileGrid(gpu: Gpu, channels: number, tiles: { stride: number }) {
  const WORKGROUP = gpu.profile === "software" ? 8 : 64;
  return { grid: [Math.ceil(tiles.stride / WORKGROUP), channels, 1] as const, WORKGROUP };
}

/** Whether these kernels can do a convolution to an output of this shape, within the memory that every adapter can bind. */
export function winogradServes(
  taps: readonly [number, number],
  stride: number,
  inChannels: number,
  [batch, outChannels, height, width]: readonly number[],
): boolean {
  if (taps[0] !== taps[1] || (taps[0] !== 3 && taps[0] !== 4) || stride !== 1) return false;
  const tiles = tilesOf(batch, height, width, taps[0]).stride;
  const largest = Math.max(inChannels * tiles, outChannels * tiles, inChannels * outChannels);
  return 4 * FREQUENCIES * largest <= BYTES_AT_MOST;
}

function transformInput(
  gpu: Gpu,
  x: Tensor,
  tiles: ReturnType<typeof tilesOf>,
  geometry: Omit<WinogradGeometry, "weights">,
): Tensor {
  const [batch, channels, height, width] = x.shape;
  const { taps, padY, padX, reflect } = geometry;
  const v = gpu.empty([FREQUENCIES, channels, tiles.stride]);
  const { grid, WORKGROUP } = tileGrid(gpu, channels, tiles);
  gpu.dispatch(winograd_input, {
    bindings: { x, v },
    params: {
      ...{ batch, channels, in_height: height, in_width: width },
      ...{ tiles_y: tiles.y, tiles_x: tiles.x, tiles_stride: tiles.stride, out: 7 - taps },
      ...{ pad_y: padY, pad_x: padX, reflect: Number(reflect) },
    },
    grid,
    constants: { WORKGROUP },
  });
  return v;
}

/** y = x * w + bias, by the geometry of runConvolution. `product` is the variant of the matrix products. */
export function runWinograd(
  gpu: Gpu,
  product: string,
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  y: Tensor,
  geometry: WinogradGeometry,
): void {
  const [batch, outChannels, height, width] = y.shape;
  const inChannels = x.shape[1];
  const { taps: TAPS, weights } = geometry;
  const tiles = tilesOf(batch, height, width, TAPS);
  const u = gpu.empty([FREQUENCIES, outChannels, inChannels]);
  gpu.dispatch(winograd_weights, {
    bindings: { w, u },
    params: {
      ...{ out_channels: outChannels, in_channels: inChannels, w_base: weights.base, w_m: weights.m, w_c: weights.c },
      ...{ w_ty: weights.ty, w_tx: weights.tx },
    },
    grid: Math.ceil((outChannels * inChannels) / 64),
    constants: { TAPS },
  });
  const v = transformInput(gpu, x, tiles, geometry);
  const p = gpu.empty([FREQUENCIES, outChannels, tiles.stride]);
  runMatmul(gpu, product, u, v, {}, p);
  u.dispose();
  v.dispose();
  const { grid, WORKGROUP } = tileGrid(gpu, outChannels, tiles);
  gpu.dispatch(winograd_output, {
    bindings: { p, bias: bias ?? p, y },
    params: {
      ...{ batch, channels: outChannels, out_height: height, out_width: width },
      ...{ tiles_y: tiles.y, tiles_x: tiles.x, tiles_stride: tiles.stride, has_bias: Number(Boolean(bias)) },
    },
    grid,
    constants: { TAPS, WORKGROUP },
  });
  p.dispose();
}

/** dw [out, in, taps, taps] of a convolution with the same padding on all sides. */
export function runWinogradWeightGradient(
  gpu: Gpu,
  product: string,
  x: Tensor,
  dy: Tensor,
  dw: Tensor,
  { padding, reflect }: { padding: number; reflect: boolean },
): void {
  const [batch, outChannels, height, width] = dy.shape;
  const inChannels = x.shape[1];
  const TAPS = dw.shape[2];
  const tiles = tilesOf(batch, height, width, TAPS);
  const v = transformInput(gpu, x, tiles, { taps: TAPS, padY: padding, padX: padding, reflect });
  const g = gpu.empty([FREQUENCIES, outChannels, tiles.stride]);
  const { grid, WORKGROUP } = tileGrid(gpu, outChannels, tiles);
  gpu.dispatch(winograd_output_gradient, {
    bindings: { dy, g },
    params: {
      ...{ batch, channels: outChannels, out_height: height, out_width: width },
      ...{ tiles_y: tiles.y, tiles_x: tiles.x, tiles_stride: tiles.stride },
    },
    grid,
    constants: { TAPS, WORKGROUP },
  });
  const s = gpu.empty([FREQUENCIES, outChannels, inChannels]);
  runMatmul(gpu, product, g, v, { transposeB: true }, s);
  v.dispose();
  g.dispose();
  gpu.dispatch(winograd_weight_gradient, {
    bindings: { s, dw },
    params: { pairs: outChannels * inChannels },
    grid: Math.ceil((outChannels * inChannels) / 64),
    constants: { TAPS },
  });
  s.dispose();
}
