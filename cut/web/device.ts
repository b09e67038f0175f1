// The device of a page: opened when it is first needed, and again after it was lost.
import type { Gpu } from "../../engine/core/gpu.js";
import { AdapterError, CutgpuError } from "../../engine/lib/errors.js";
import { type OpenOptions, openGpu } from "../../engine/open/open.js";

/** Opens an engine, in pages and workers. Throws an AdapterError where there is none. */
export async function openPageGpu(options: OpenOptions = {}): Promise<Gpu> {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    // The engine's own advice is for Node, too.
    if (!adapter) {
      throw new AdapterError(
        "no WebGPU adapter was found",
        "Use a browser that has WebGPU, with hardware acceleration switched on.",
      );
    }
    return await openGpu({ ...options, adapter });
  } catch (error) {
    if (error instanceof CutgpuError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AdapterError(`the GPU could not be opened (${reason})`, "Reload the page, or restart the browser.");
  }
}

export class Device {
  #opening: Promise<Gpu> | null = null;
  #gpu: Gpu | null = null;

  /** Opens the device, or returns the open one. Throws an AdapterError where there is none. */
  async gpu(): Promise<Gpu> {
    if (this.#gpu?.failure) this.leave();
    this.#opening ??= openPageGpu().then((gpu) => {
      this.#gpu = gpu;
      return gpu;
    });
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = null;
      throw error;
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
