// Error scopes (https://www.w3.org/TR/webgpu/#error-scopes) for a device that belongs to the app: the engine catches
// its own errors only, and the app's handlers see none of them.
import { type CutgpuError, GpuError, OutOfMemoryError } from "../lib/errors.js";

/** Runs work that calls WebGPU. */
export type WithErrorScope = <T>(work: () => T) => T;

/** For a device of the engine's own: its handler of uncaptured errors gets every error. */
export const withoutErrorScope: WithErrorScope = (work) => work();

/**
 * For a device of the app's: `onError` is called with each error that `work` causes, soon after it. Error scopes are a
 * stack that belongs to the device and that the app may use too, so `work` must not await anything.
 */
export function errorScopes(device: GPUDevice, onError: (error: CutgpuError) => void): WithErrorScope {
  return (work) => {
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    try {
      return work();
    } finally {
      for (let scope = 0; scope < 2; scope++) {
        device.popErrorScope().then(
          (error) => {
            if (error) onError(reported(error));
          },
          // The device is lost, which Gpu reports.
          () => undefined,
        );
      }
    }
  };
}

/**
 * Runs work that makes buffers, and rejects with an OutOfMemoryError where the GPU has no memory left for them. The
 * engine can still be used then, but none of the buffers.
 */
export async function withinMemory(device: GPUDevice, work: () => void): Promise<void> {
  device.pushErrorScope("out-of-memory");
  let popped: Promise<GPUError | null> | undefined;
  try {
    work();
  } finally {
    // The device is lost if it rejects, which Gpu reports.
    popped = device.popErrorScope().catch(() => null);
  }
  const error = await popped;
  if (error) throw reported(error);
}

export function reported(error: GPUError): CutgpuError {
  const said = error.message.split("\n")[0];
  // In Node its class is no global.
  if (error.constructor.name !== "GPUOutOfMemoryError") return new GpuError(`WebGPU reported: ${said}`);
  const fix = "Use smaller tensors, or dispose others.";
  return new OutOfMemoryError(`the GPU is out of memory${said && ` (${said})`}`, fix);
}
