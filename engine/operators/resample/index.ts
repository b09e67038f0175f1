// The fixed depthwise filters of the anti-aliased networks: blurred downsampling by 2, and bilinear upsampling by 2
// (docs/method.md section 2.1). They are linear: the gradient of a filter is its adjoint, and the adjoint's gradient is
// the filter. And interpolation to any size.
import {
  blur_down,
  blur_down_gradient,
  blur_down_gradient_vec4,
  blur_down_vec4,
  blur_up,
  blur_up_gradient,
  blur_up_gradient_vec4,
  blur_up_vec4,
} from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { type Dispatch, rebind, unusedStorage } from "../../core/recorder.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeText } from "../../lib/shapes.js";
import { rowsAreVec4s, vec4Grid } from "../lib/vec4-rows.js";

type One = readonly [x: Tensor];
interface Size {
  size: readonly [number, number];
}

/** Fuses a preceding instance norm or activation into the filter's loads, if nothing else reads its output. */
function fuseActivation(earlier: Dispatch, later: Dispatch, stored: boolean): Dispatch[] | null {
  const { activation, source, storages, params, constants } = earlier;
  const { planes } = later.params;
  // Statistics are per plane, so a reshape that changes the planes prevents fusion.
  if (!activation || stored || (params.planes ?? planes) !== planes) return null;
  const named = (name: string) => storages[Object.keys(source.bindings).indexOf(name)];
  const [x, statistics] = ["x", "statistics"].map(named);
  const { slope, statisticsOnly } = activation;
  const filtered: Dispatch = {
    ...later,
    storages: rebind(later, { x, x_vec4s: x, statistics: statistics ?? x }),
    params: { ...later.params, slope: slope ?? 0 },
    constants: { ...later.constants, NORMALISED: statistics !== undefined, LEAKY: slope !== null },
  };
  if (!statisticsOnly) return [filtered];
  const withoutY = rebind(earlier, { y: unusedStorage() });
  return [{ ...earlier, storages: withoutY, constants: { ...constants, ...statisticsOnly } }, filtered];
}

/** Fills y by the kernel for any rows, or by that for rows of whole vec4s. */
function filter(
  gpu: Gpu,
  scalars: typeof blur_down | typeof blur_down_gradient | typeof blur_up | typeof blur_up_gradient,
  vec4s: typeof blur_down_vec4 | typeof blur_down_gradient_vec4 | typeof blur_up_vec4 | typeof blur_up_gradient_vec4,
  x: Tensor,
  y: Tensor,
): undefined {
  const [batch, channels, height, width] = x.shape;
  const [, , out_height, out_width] = y.shape;
  gpu.dispatch(rowsAreVec4s(x, y) ? vec4s : scalars, {
    bindings: { x, y, x_vec4s: x, statistics: x, mask: x },
    params: { planes: batch * channels, height, width, out_height, out_width, slope: 0, gated: 0 },
    ...vec4Grid(gpu, y.shape),
    fusion: scalars === blur_down || scalars === blur_up ? { input: "x", merge: fuseActivation } : undefined,
    reluMask: scalars === blur_down_gradient ? "mask" : undefined,
  });
}

const halved = (n: number) => Math.floor((n - 1) / 2) + 1;

export const blurDownOperator = /* @__PURE__ */ defineOperator<One, object>({
  name: "blurDown",
  shape([x]) {
    const [batch, channels, height, width] = imageShape("blurDown", x);
    if (height < 2 || width < 2)
      throw new ShapeError(`blurDown: ${shapeText(x)} is too small to be mirrored`, "Give at least 2 x 2 pixels.");
    return [batch, channels, halved(height), halved(width)];
  },
  // 3 x 3 taps per output.
  flops: (_shapes, _options, y) => 18 * sizeOf(y),
  cheap: true,
  forward: (gpu, [x], _, y) => filter(gpu, blur_down, blur_down_vec4, x, y),
  gradient: ({ inputs: [x] }, dy) => [blurDownGradientOperator([dy], { size: [x.shape[2], x.shape[3]] })],
});

export const blurDownGradientOperator: Operator<One, Size> = /* @__PURE__ */ defineOperator({
  name: "blurDownGradient",
  shape: ([dy], { size }) => [dy.shape[0], dy.shape[1], ...size],
  flops: ([dy]) => 18 * sizeOf(dy as Shape),
  forward: (gpu, [dy], _, dx) => filter(gpu, blur_down_gradient, blur_down_gradient_vec4, dy, dx),
  gradient: (_, dx) => [blurDown(dx)],
});

export const blurUpOperator = /* @__PURE__ */ defineOperator<One, object>({
  name: "blurUp",
  shape([x]) {
    const [batch, channels, height, width] = imageShape("blurUp", x);
    return [batch, channels, 2 * height, 2 * width];
  },
  // 2 x 2 taps per output.
  flops: (_shapes, _options, y) => 8 * sizeOf(y),
  cheap: true,
  forward: (gpu, [x], _, y) => filter(gpu, blur_up, blur_up_vec4, x, y),
  gradient: (_, dy) => [blurUpGradientOperator([dy], {})],
});

export const blurUpGradientOperator: Operator<One, object> = /* @__PURE__ */ defineOperator({
  name: "blurUpGradient",
  shape: ([dy]) => [dy.shape[0], dy.shape[1], dy.shape[2] / 2, dy.shape[3] / 2],
  flops: ([dy]) => 8 * sizeOf(dy as Shape),
  forward: (gpu, [dy], _, dx) => filter(gpu, blur_up_gradient, blur_up_gradient_vec4, dy, dx),
  gradient: (_, dx) => [blurUp(dx)],
});

/**
 * Downsampling [N, C, H, W] -> [N, C, ceil(H / 2), ceil(W / 2)]: taps [1,2,1]/4 over the mirrored image, every second
 * pixel.
 *
 * @example
 * ```ts
 * const halved = blurDown(gpu.tensor([[[[4, 8, 4], [4, 8, 4], [4, 8, 4]]]]));
 * console.log(halved.shape, await halved.read()); // 1,1,2,2 6,6,6,6
 * ```
 */
export const blurDown = (x: Tensor): Tensor => blurDownOperator([x], {});

/**
 * Upsampling [N, C, H, W] -> [N, C, 2 H, 2 W]: bilinear with half-pixel centres.
 *
 * @example
 * ```ts
 * const doubled = blurUp(gpu.tensor([[[[0, 4]]]]));
 * console.log(doubled.shape, await doubled.read()); // 1,1,2,4 0,1,3,4,0,1,3,4
 * ```
 */
export const blurUp = (x: Tensor): Tensor => blurUpOperator([x], {});

export { type InterpolateOptions, interpolate, weighAxis } from "./interpolate.js";
