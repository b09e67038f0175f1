// The grid of image kernels, which compute rows as vec4s (see shaders/lib/vec4_rows.wgsl). Where widths are multiples
// of 4, a kernel has a form that also loads and stores vec4s.
import type { Gpu } from "../../core/gpu.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import { VEC4S_PER_THREAD } from "./pointwise-kernels.js";

/** The invocations and constants of an output's dispatch. */
export function vec4Grid(gpu: Gpu, [batch, channels, height, width]: Shape) {
  const constants = { VEC4S: VEC4S_PER_THREAD[gpu.profile] };
  return { invocations: batch * channels * height * Math.ceil(width / 4 / constants.VEC4S), constants };
}

/** Whether the widths of all of these are multiples of 4. */
export const rowsAreVec4s = (...tensors: readonly Tensor[]): boolean =>
  tensors.every(({ shape }) => shape[3] % 4 === 0);
