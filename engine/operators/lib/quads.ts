// Quads: how the kernels of images are cut into pieces of rows (see shaders/lib/quads.wgsl). Where rows are whole
// vec4s, a kernel has a form that moves these.
import type { Shape, Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";

/** Neighbouring quads per invocation: a CPU likes long runs, a GPU many invocations. */
const QUADS = { software: 4, gpu: 1 } as const;

/** The invocations that compute an output's rows, as gpu.dispatch takes them. */
export function quadsOf(gpu: Gpu, [batch, channels, height, width]: Shape) {
  const constants = { QUADS: QUADS[gpu.profile] };
  return { invocations: batch * channels * height * Math.ceil(width / 4 / constants.QUADS), constants };
}

/** Whether the rows of all of these are whole vec4s. */
export const wholeQuads = (...tensors: readonly Tensor[]): boolean => tensors.every(({ shape }) => shape[3] % 4 === 0);
