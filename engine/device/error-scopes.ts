// Error scopes (https://www.w3.org/TR/webgpu/#error-scopes) for a device that belongs to the app: the engine hears of
// its own errors and of no others, and the app's handlers hear of none of the engine's.
import { GpuError } from "../core/errors.js";

/** Runs work that gives something to WebGPU. */
export type Guard = <T>(work: () => T) => T;

/** For a device of the engine's own: its handler of uncaptured errors hears of everything. */
export const unguarded: Guard = (work) => work();

/**
 * For a device of the app's: `onError` is told of each error that `work` causes, soon after. Scopes are a stack of the
 * device, which the app may use as well, hence nothing may be awaited inside.
 */
export function errorScopes(device: GPUDevice, onError: (error: GpuError) => void): Guard {
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

export const reported = (error: GPUError): GpuError => new GpuError(`WebGPU reported: ${error.message.split("\n")[0]}`);
