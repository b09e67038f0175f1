// Error scopes (https://www.w3.org/TR/webgpu/#error-scopes) for a device that belongs to the app: the engine catches
// its own errors only, and the app's handlers see none of them.
import { GpuError } from "../core/errors.js";

/** Runs work that calls WebGPU. */
export type WithErrorScope = <T>(work: () => T) => T;

/** For a device of the engine's own: its handler of uncaptured errors gets every error. */
export const withoutErrorScope: WithErrorScope = (work) => work();

/**
 * For a device of the app's: `onError` is called with each error that `work` causes, soon after it. Error scopes are a
 * stack that belongs to the device and that the app may use too, so `work` must not await anything.
 */
export function errorScopes(device: GPUDevice, onError: (error: GpuError) => void): WithErrorScope {
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
