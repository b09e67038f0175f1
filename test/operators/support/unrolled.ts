// An engine that gets the text of its kernels that real GPUs get, on any adapter: with all loops unrolled.
import type { Gpu } from "../../../engine/core/gpu.js";
import { ownGpu } from "../../support/gpu.js";

/** Of the gpu profile; whoever asks disposes of it. A software adapter compiles each kernel for seconds. */
export async function unrolledGpu(): Promise<Gpu> {
  const gpu = await ownGpu("gpu");
  const dispatch = gpu.dispatch.bind(gpu);
  gpu.dispatch = (source, run) => {
    if (!("UNROLL" in source.constants)) return dispatch(source, run);
    const constants: { [name: string]: unknown } = { ...run.constants, UNROLL: true };
    return dispatch(source, { ...run, constants: constants as typeof run.constants });
  };
  return gpu;
}
