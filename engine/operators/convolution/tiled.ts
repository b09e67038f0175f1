// The dispatches of the convolution kernels that work in tiles of workgroup memory, for GPUs. Shapes are taken as
// checked.
import { conv2d_tiled, conv2d_weight_gradient_tiled } from "../../../shaders/generated.js";
import { chooseTiles, countTiles, mostTerms, splitsOf, type TileChoice } from "../lib/tiles.js";
import { sumParts } from "../reduction/index.js";
import { type Convolve, directRun, type WeightGradient, weightGradientParams } from "./geometry.js";

/** What a slice costs beside its terms, in terms: two barriers, and where its elements lie. */
const SLICE_COST = 4;

/**
 * The parts that the taps are cut into, and the channels of a slice of at most so many terms: all taps if they fit,
 * else a row of them, else one; and the channels that make the sum cheapest. Terms beyond the last channel cost as much
 * as others: three channels are three slices of one, not two of two.
 */
export function sliceOf(tapsY: number, tapsX: number, channels: number, most: number) {
  const PARTS_Y = tapsY * tapsX <= most ? 1 : tapsY;
  const PARTS_X = tapsX <= most ? 1 : tapsX;
  const taps = (tapsY * tapsX) / (PARTS_Y * PARTS_X);
  const cost = (count: number) => Math.ceil(channels / count) * (count * taps + SLICE_COST);
  let CHANNELS = 1;
  for (let count = 2; count <= Math.min(channels, most / taps); count++) {
    if (cost(count) <= cost(CHANNELS)) CHANNELS = count;
  }
  return { PARTS_Y, PARTS_X, CHANNELS };
}

/** The fewest terms that a partial sum adds: shorter sums would cost more to write and to add than to compute. */
const SHORTEST_SPLIT = 256;

/** All 16 taps of a window of 4 x 4 fit a slice of it, and it leaves registers for the places of the pixels. */
const LARGE = ["64x128"] as const;

export const tiledConvolution =
  (tile: TileChoice): Convolve =>
  (gpu, operands, g) => {
    const { rows, columns, tapsX: TAPS_X, tapsY: TAPS_Y } = g;
    const { x, y } = operands;
    const [batch, outChannels] = y.shape;
    const [, inChannels] = x.shape;
    // The sum is cut only where one dispatch makes all of y.
    const most = g.outStep === 1 ? Math.ceil((inChannels * TAPS_Y * TAPS_X) / SHORTEST_SPLIT) : 1;
    const tiles = chooseTiles(gpu, tile, outChannels, rows * columns, batch * most, LARGE);
    const count = countTiles(tiles, outChannels, rows * columns) * batch;
    const slice = sliceOf(TAPS_Y, TAPS_X, inChannels, mostTerms(tiles));
    const slices = Math.ceil(inChannels / slice.CHANNELS);
    const run = Math.ceil(slices / Math.min(most, splitsOf(count))) * slice.CHANNELS;
    const runs = Math.ceil(inChannels / run);
    sumParts(gpu, runs, { y }, (target) => {
      const { bindings, params } = directRun(operands, g);
      gpu.dispatch(conv2d_tiled, {
        bindings: { ...bindings, y: target },
        params: { ...params, run },
        grid: count * runs,
        constants: { ...tiles, TAPS_X, TAPS_Y, ...slice, REFLECT: g.reflect },
      });
    });
  };

/**
 * Rows of pixels are cut into runs, the splits. Each split is summed, and then the splits' sums. The kernel loads all
 * of dy, so that its sum over the pixels, the bias's gradient, costs next to nothing.
 */
export const tiledWeightGradient =
  (tile: TileChoice): WeightGradient =>
  (gpu, { x, dy, dw, db, accumulate }, options) => {
    const [outChannels, inChannels, TAPS_Y, TAPS_X] = dw.shape;
    const [batch, , outHeight, outWidth] = dy.shape;
    const columns = inChannels * TAPS_Y * TAPS_X;
    const rows = batch * outHeight;
    const most = Math.ceil((rows * outWidth) / SHORTEST_SPLIT);
    const tiles = chooseTiles(gpu, tile, outChannels, columns, most);
    const count = countTiles(tiles, outChannels, columns);
    const rowsPerSplit = Math.ceil(rows / Math.min(most, rows, splitsOf(count)));
    const splits = Math.ceil(rows / rowsPerSplit);
    const TILE_K = Math.min(8, mostTerms(tiles));
    const { reflect, ...params } = weightGradientParams(x, dy, options);
    sumParts(gpu, splits, { y: dw, beside: db, accumulate }, (target) => {
      gpu.dispatch(conv2d_weight_gradient_tiled, {
        bindings: { x, dy, dw: target },
        params: { ...params, splits, rows_per_split: rowsPerSplit, split_size: target.size / splits },
        grid: count * splits,
        constants: { ...tiles, TAPS_X, TAPS_Y, TILE_K, REFLECT: reflect === 1, SUM_A: db !== undefined },
      });
    });
  };
