// Timestamps around compute passes by the GPU's own clock, and the buffers to read them back.
import type { Gpu } from "../../engine/core/gpu.js";
import {
  BUFFER_COPY_DST,
  BUFFER_COPY_SRC,
  BUFFER_MAP_READ,
  BUFFER_QUERY_RESOLVE,
  MAP_READ,
} from "../../engine/device/webgpu-flags.js";
import { DeviceLostError } from "../../engine/lib/errors.js";

/** The maximum number of queries in a set (WebGPU's limit), two per pass. */
const SET = 4096;

/** Begin and end of a pass, in nanoseconds. */
export type Stamps = readonly [begin: bigint, end: bigint];

/** Milliseconds between two timestamps. */
export const between = ([begin, end]: Stamps) => Number(end - begin) / 1e6;

/** The timestamps of a number of passes. */
export class Timestamps {
  readonly #gpu: Gpu;
  readonly #passes: number;
  readonly #sets: readonly GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** Null where the adapter has none. */
  static of(gpu: Gpu, passes: number): Timestamps | null {
    return gpu.device.features.has("timestamp-query") ? new Timestamps(gpu, passes) : null;
  }

  private constructor(gpu: Gpu, passes: number) {
    this.#gpu = gpu;
    this.#passes = passes;
    const count = Math.min(SET, 2 * passes);
    const sets = Math.ceil((2 * passes) / count);
    this.#sets = Array.from({ length: sets }, () => gpu.device.createQuerySet({ type: "timestamp", count }));
    const size = 8 * count * sets;
    this.#resolved = gpu.createBuffer({ size, usage: BUFFER_QUERY_RESOLVE | BUFFER_COPY_SRC });
    this.#staging = gpu.createBuffer({ size, usage: BUFFER_MAP_READ | BUFFER_COPY_DST });
  }

  /** The descriptor to begin a pass with. */
  writes(pass: number): GPUComputePassTimestampWrites {
    const begin = (2 * pass) % SET;
    const querySet = this.#sets[Math.floor((2 * pass) / SET)];
    return { querySet, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 };
  }

  /** The timestamps of the passes submitted last. Throws a DeviceLostError where the device is lost meanwhile. */
  async read(): Promise<Stamps[]> {
    const { size } = this.#staging;
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    for (const [i, set] of this.#sets.entries()) {
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, 8 * set.count * i);
    }
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, size);
    device.queue.submit([encoder.finish()]);
    try {
      await this.#staging.mapAsync(MAP_READ);
    } catch {
      this.#gpu.check();
      throw new DeviceLostError("the GPU device was lost during a measurement");
    }
    const stamps = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    this.#staging.unmap();
    return Array.from({ length: this.#passes }, (_, i) => [stamps[2 * i], stamps[2 * i + 1]]);
  }

  dispose(): void {
    for (const set of this.#sets) set.destroy();
    for (const buffer of [this.#resolved, this.#staging]) this.#gpu.destroyBuffer(buffer);
  }
}
