// Strips: how the kernels of images are cut into pieces of rows (see shaders/lib/strip.wgsl).
import type { Shape } from "../../core/shapes.js";
import type { Gpu } from "../../device/gpu.js";

/** Elements of a row per invocation. */
const STRIP = { software: 8, gpu: 1 } as const;

/** An invocation for each strip of an output's rows, as gpu.dispatch takes it. */
export function stripsOf(
  gpu: Gpu,
  [batch, channels, height, width]: Shape,
): { invocations: number; constants: { STRIP: number } } {
  const strip = STRIP[gpu.profile];
  return { invocations: batch * channels * height * Math.ceil(width / strip), constants: { STRIP: strip } };
}
