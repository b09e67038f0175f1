// Crops of a picture that lies on the GPU, each resampled in its own way, as tensors. Their pixels are those of 8-bit
// arithmetic on a processor; see shaders/pictures/crops.wgsl for what is bound.
import { crops } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";

/**
 * Fills y [N, C, S, S] with squares of a picture (i32 [H, W], up to four 8-bit samples a pixel), each sample's number
 * looked up in `levels` [256], of y's dtype. `windows` (i32 [N, 2, S, 2 + taps]) says of each square's columns, then of
 * its rows, which is the first that goes in, how many do, and their weights with 22 fractional bits, not below 0.
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
