// Input and output of pictures cannot be recorded: a program replays kernels on tensors alone.
import { RecordingError } from "../../core/errors.js";
import type { Gpu } from "../../device/gpu.js";

/** Throws a RecordingError with the function's name while a program is being recorded. */
export function refuseRecording(what: string, gpu: Gpu): void {
  if (gpu.recorder)
    throw new RecordingError(`${what} cannot be part of a program`, "Call it before or after a replay.");
}
