// Strips: how the kernels of images are cut into pieces of rows (see shaders/lib/strip.wgsl).
import type { Shape } from "../../core/shapes.js";
import type { Gpu } from "../../device/gpu.js";

/** How an image kernel is cut into strips of rows (see shaders/lib/strip.wgsl), for workgroups of 64. */
export function stripGrid(
  gpu: Gpu,
  [batch, channels, height, width]: Shape,
): { grid: number; constants: { STRIP: number } } {
  const STRIP = gpu.profile === "software" ? 8 : 1;
  return { grid: Math.ceil((batch * channels * height * Math.ceil(width / STRIP)) / 64), constants: { STRIP } };
}
