// The dispatches of the tiled convolution kernels for GPUs. Shapes have been checked.
import { conv2d_tiled, conv2d_weight_gradient_tiled } from "../../../shaders/generated.js";
import { chooseTiles, countTiles, maxTileK, splitsOf, type TileChoice } from "../lib/tiles.js";
import { reduceSplits } from "../reduction/index.js";
import { type Convolve, directRun, type WeightGradient, weightGradientParams } from "./geometry.js";

/** Fixed cost of one K tile (two barriers, addressing), counted in K elements. */
const K_TILE_COST = 4;

/**
 * Chooses what a K tile of at most `max` elements covers: the whole kernel if it fits, else one row of it, else one
 * element; and of how many channels, so that the sum is cheapest. Padding channels cost as much as real ones: three
 * channels are three K tiles of one, not two of two.
 */
export function kTileOf(kh: number, kw: number, channels: number, max: number) {
  const PARTS_Y = kh * kw <= max ? 1 : kh;
  const PARTS_X = kw <= max ? 1 : kw;
  const elements = (kh * kw) / (PARTS_Y * PARTS_X);
  const cost = (count: number) => Math.ceil(channels / count) * (count * elements + K_TILE_COST);
  let CHANNELS = 1;
  for (let count = 2; count <= Math.min(channels, max / elements); count++) {
    if (cost(count) <= cost(CHANNELS)) CHANNELS = count;
  }
  return { PARTS_Y, PARTS_X, CHANNELS };
}

/** The shortest k of a split: shorter sums would cost more to store and to add than to compute. */
export const MIN_SPLIT = 256;

/** A whole kernel of 4 x 4 fits its K tile, and it leaves registers for the addresses of pixels. */
const LARGE = ["64x128"] as const;

export const tiledConvolution =
  (tile: TileChoice): Convolve =>
  (gpu, operands, g) => {
    const { rows, columns, kw: KW, kh: KH } = g;
    const { x, y } = operands;
    const [batch, outChannels] = y.shape;
    const [, inChannels] = x.shape;
    // Only where one dispatch computes all of y.
    const maxSplits = g.out_step === 1 ? Math.ceil((inChannels * KH * KW) / MIN_SPLIT) : 1;
    const tiles = chooseTiles(gpu, tile, outChannels, rows * columns, batch * maxSplits, LARGE);
    const count = countTiles(tiles, outChannels, rows * columns) * batch;
    const kTile = kTileOf(KH, KW, inChannels, maxTileK(tiles));
    const kTiles = Math.ceil(inChannels / kTile.CHANNELS);
    const channelsPerSplit = Math.ceil(kTiles / Math.min(maxSplits, splitsOf(count))) * kTile.CHANNELS;
    const splits = Math.ceil(inChannels / channelsPerSplit);
    reduceSplits(gpu, splits, { y }, (target) => {
      const { bindings, params } = directRun(operands, g);
      gpu.dispatch(conv2d_tiled, {
        bindings: { ...bindings, y: target },
        params: { ...params, channels_per_split: channelsPerSplit },
        grid: count * splits,
        constants: { ...tiles, KW, KH, ...kTile, REFLECT: g.reflect === 1 },
      });
    });
  };

/**
 * Splits the sum over rows of pixels. The kernel loads all of dy anyway, so that its sum over the pixels, which is the
 * bias's gradient, costs almost nothing.
 */
export const tiledWeightGradient =
  (tile: TileChoice): WeightGradient =>
  (gpu, { x, dy, dw, db, accumulate }, options) => {
    const [outChannels, inChannels, KH, KW] = dw.shape;
    const [batch, , outHeight, outWidth] = dy.shape;
    const columns = inChannels * KH * KW;
    const rows = batch * outHeight;
    const maxSplits = Math.ceil((rows * outWidth) / MIN_SPLIT);
    const tiles = chooseTiles(gpu, tile, outChannels, columns, maxSplits);
    const count = countTiles(tiles, outChannels, columns);
    const rowsPerSplit = Math.ceil(rows / Math.min(maxSplits, rows, splitsOf(count))) || 1;
    const splits = Math.ceil(rows / rowsPerSplit);
    const TILE_K = Math.min(8, maxTileK(tiles));
    const { reflect, ...params } = weightGradientParams(x, dy, options);
    reduceSplits(gpu, splits, { y: dw, second: db, accumulate }, (target) => {
      gpu.dispatch(conv2d_weight_gradient_tiled, {
        bindings: { x, dy, dw: target },
        params: { ...params, splits, rows_per_split: rowsPerSplit, split_size: target.size / splits },
        grid: count * splits,
        constants: { ...tiles, KW, KH, TILE_K, REFLECT: reflect === 1, SUM_A: db !== undefined },
      });
    });
  };
