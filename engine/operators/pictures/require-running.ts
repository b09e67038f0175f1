// Pictures go in and out at once, on a GPU: a program replays kernels on tensors alone, and a planningGpu computes
// nothing.
import type { Gpu } from "../../core/gpu.js";
import { RecordingError } from "../../lib/errors.js";

/** Throws a RecordingError with the function's name while a program is being recorded, and on a planningGpu. */
export function requireRunning(what: string, gpu: Gpu): void {
  if (gpu.recorder)
    throw new RecordingError(`${what} cannot be part of a program`, "Call it before or after a replay.");
  // Of all of WebGPU its device has what tensors need.
  if (!("createTexture" in gpu.device)) {
    throw new RecordingError(
      `${what} cannot be done on a planningGpu, which computes nothing`,
      "Do it on an engine of openGpu.",
    );
  }
}
