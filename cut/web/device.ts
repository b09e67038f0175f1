// The device of a page: opened when it is first needed, and again after it was lost.
import { AdapterError, CutgpuError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { openGpu } from "../../engine/device/open.js";

export class Device {
  #opening: Promise<Gpu> | null = null;
  #gpu: Gpu | null = null;

  /** Opens the device, or returns the open one. Throws an AdapterError where there is none. */
  async gpu(): Promise<Gpu> {
    if (this.#gpu?.failure) this.leave();
    this.#opening ??= openGpu().then((gpu) => {
      this.#gpu = gpu;
      return gpu;
    });
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = null;
      if (error instanceof CutgpuError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new AdapterError(`the GPU could not be opened (${reason})`, "Reload the page, or restart the browser.");
    }
  }

  /** The device that was opened last and not given up. */
  get current(): Gpu | null {
    return this.#gpu;
  }

  /** Gives the device up; the next call of gpu() opens a new one. */
  leave(): void {
    this.#gpu?.dispose();
    this.#gpu = null;
    this.#opening = null;
  }
}
