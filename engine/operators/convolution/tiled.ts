// The dispatches of the tiled convolution kernels. All is checked and laid out by convolution.ts.
import { conv2d_tiled, conv2d_tiled_vec4, conv2d_weight_gradient_tiled } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import type { BindingNames, Params } from "../../device/kernel.js";
import { chooseTiles, countTiles, FILLING } from "../lib/tiles.js";
import { sumInto } from "../reduction/index.js";

/** Bindings and geometry as in shaders/convolution/lib/geometry.wgsl. */
export function runTiledConvolution(
  gpu: Gpu,
  variant: string,
  bindings: { [B in BindingNames<typeof conv2d_tiled>]: Tensor },
  params: Params<typeof conv2d_tiled>,
): void {
  const { batch, in_channels, out_channels, rows, columns, taps_x: TAPS_X, taps_y: TAPS_Y } = params;
  const tiles = chooseTiles(gpu, variant, out_channels, rows * columns, batch);
  const grid = countTiles(tiles, out_channels, rows * columns) * batch;
  const depth = in_channels * TAPS_X * TAPS_Y;
  const inOrder =
    params.w_base === 0 &&
    params.w_m === depth &&
    params.w_c === TAPS_X * TAPS_Y &&
    params.w_ty === TAPS_X &&
    params.w_tx === 1;
  const run = { bindings, params: { ...params }, grid, constants: { ...tiles, TAPS_X, TAPS_Y } };
  if (inOrder && depth % 4 === 0) gpu.dispatch(conv2d_tiled_vec4, run);
  else gpu.dispatch(conv2d_tiled, run);
}

/** Pixels that a partial sum adds at least: fewer would cost more to write and add than to sum. */
const SHORTEST_RUN = 256;

/** The gradient of weights [out, in, kernel], summed over runs of pixels and then over the runs. */
export function runTiledWeightGradient(
  gpu: Gpu,
  variant: string,
  x: Tensor,
  dy: Tensor,
  dw: Tensor,
  geometry: Omit<Params<typeof conv2d_weight_gradient_tiled>, "splits" | "pixels_a_split">,
): void {
  const [outChannels, inChannels, TAPS_Y, TAPS_X] = dw.shape;
  const columns = inChannels * TAPS_Y * TAPS_X;
  const pixels = geometry.batch * geometry.out_height * geometry.out_width;
  const most = Math.ceil(pixels / SHORTEST_RUN);
  const tiles = chooseTiles(gpu, variant, outChannels, columns, most);
  const count = countTiles(tiles, outChannels, columns);
  const pixelsARun = Math.ceil(pixels / Math.min(most, Math.ceil(FILLING / count)));
  const splits = Math.ceil(pixels / pixelsARun);
  const target = splits === 1 ? dw : gpu.empty([splits, ...dw.shape]);
  gpu.dispatch(conv2d_weight_gradient_tiled, {
    bindings: { x, dy, dw: target },
    params: { ...geometry, splits, pixels_a_split: pixelsARun },
    grid: count * splits,
    constants: { ...tiles, TAPS_X, TAPS_Y },
  });
  if (target !== dw) {
    sumInto(gpu, target, [0], dw);
    target.dispose();
  }
}
