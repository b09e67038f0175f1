// Crops of a picture in GPU memory, each resampled with its own windows, to the bit as by 8-bit arithmetic on a CPU;
// see shaders/pictures/crops.wgsl for the layouts.
import { crops } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";

/**
 * Fills y [N, C, S, S] with square crops of a picture (i32 [H, W], up to four 8-bit samples per pixel), each sample
 * mapped by the table `levels` [256], of y's dtype. `windows` (i32 [N, 2, S, 2 + taps]) has, for each column and then
 * each row of a crop, the first source index, the number of taps, and their weights with 22 fractional bits, at least
 * 0.
 */
export function fillWithCrops(y: Tensor, given: { picture: Tensor; windows: Tensor; levels: Tensor }): void {
  const [squares, channels, side] = y.shape;
  const [taps, width] = [given.windows.shape[3] - 2, given.picture.shape[1]];
  y.gpu.dispatch(crops, {
    bindings: { ...given, y },
    params: { squares, channels, side, taps, width },
    invocations: squares * side * side,
  });
}
