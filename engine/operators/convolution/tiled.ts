// The dispatches of the convolution kernels that work in tiles of workgroup memory, for GPUs. Shapes are taken as
// checked.
import { conv2d_tiled, conv2d_tiled_vec4, conv2d_weight_gradient_tiled } from "../../../shaders/generated.js";
import { chooseTiles, countTiles, FILLING, type TileChoice } from "../lib/tiles.js";
import { sumInto } from "../reduction/index.js";
import { type Convolve, directRun, type Geometry, type WeightGradient, weightGradientParams } from "./geometry.js";

/** Whether the weights are read as [out, in, taps] from the buffer's beginning. */
const weightsInOrder = ({ weights: { base, m, c, ty, tx }, tapsX, tapsY }: Geometry, inChannels: number) =>
  base === 0 && m === inChannels * tapsX * tapsY && c === tapsX * tapsY && ty === tapsX && tx === 1;

export const tiledConvolution =
  (tile: TileChoice): Convolve =>
  (gpu, operands, g) => {
    const { rows, columns, tapsX: TAPS_X, tapsY: TAPS_Y } = g;
    const [batch, outChannels] = operands.y.shape;
    const inChannels = operands.x.shape[1];
    const tiles = chooseTiles(gpu, tile, outChannels, rows * columns, batch);
    const run = {
      ...directRun(operands, g),
      grid: countTiles(tiles, outChannels, rows * columns) * batch,
      constants: { ...tiles, TAPS_X, TAPS_Y },
    };
    if (weightsInOrder(g, inChannels) && (inChannels * TAPS_X * TAPS_Y) % 4 === 0) gpu.dispatch(conv2d_tiled_vec4, run);
    else gpu.dispatch(conv2d_tiled, run);
  };

/** The fewest pixels that a partial sum adds: shorter sums would cost more to write and to add than to compute. */
const SHORTEST_SPLIT = 256;

/** Pixels are cut into runs, the splits. Each split is summed, and then the splits' sums. */
export const tiledWeightGradient =
  (tile: TileChoice): WeightGradient =>
  (gpu, { x, dy, dw }, options) => {
    const [outChannels, inChannels, TAPS_Y, TAPS_X] = dw.shape;
    const columns = inChannels * TAPS_Y * TAPS_X;
    const pixels = dy.shape[0] * dy.shape[2] * dy.shape[3];
    const most = Math.ceil(pixels / SHORTEST_SPLIT);
    const tiles = chooseTiles(gpu, tile, outChannels, columns, most);
    const count = countTiles(tiles, outChannels, columns);
    const pixelsPerSplit = Math.ceil(pixels / Math.min(most, Math.ceil(FILLING / count)));
    const splits = Math.ceil(pixels / pixelsPerSplit);
    const target = splits === 1 ? dw : gpu.empty([splits, ...dw.shape]);
    gpu.dispatch(conv2d_weight_gradient_tiled, {
      bindings: { x, dy, dw: target },
      params: { ...weightGradientParams(x, dy, options), splits, pixels_per_split: pixelsPerSplit },
      grid: count * splits,
      constants: { ...tiles, TAPS_X, TAPS_Y },
    });
    if (target !== dw) {
      sumInto(gpu, target, [0], dw);
      target.dispose();
    }
  };
