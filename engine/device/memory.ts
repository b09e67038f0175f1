// GPU buffers, counted and pooled. A freed buffer goes to the free list of its size class and is reused, so that an
// eager loop allocates nothing after its first iteration. Commands run in queue order, so a buffer may be reused while
// commands that read its old content are still pending. Never relies on finalizers: what is not disposed stays.

import { type Check, checkValue } from "../lib/check-options.js";
import { type Dtype, elementBytes } from "../lib/elements.js";
import { DisposedError, GpuError, LimitError } from "../lib/errors.js";
import { getOrInsert } from "../lib/maps.js";
import { SHAPE, type Shape, sizeOf } from "../lib/shapes.js";
import type { Precision } from "./adapter.js";
import { BUFFER_COPY_DST, BUFFER_COPY_SRC, BUFFER_STORAGE } from "./webgpu-flags.js";

export interface MemoryStatistics {
  /** Buffers in use by tensors and programs. */
  liveBuffers: number;
  liveBytes: number;
  /** Buffers kept for reuse, those that results are read through included. */
  pooledBuffers: number;
  pooledBytes: number;
  /** The largest number of bytes ever in use at one time. */
  peakBytes: number;
}

/** Bytes rounded up to whole vec4s, so that kernels may access 16 bytes at a time. */
export const roundUpBytes = (bytes: number) => Math.max(16, Math.ceil(bytes / 16) * 16);

const DTYPE: Check = [
  (value) => value === "f32" || value === "i32",
  '"f32" or "i32", or "f16" on an engine of openGpu({ precision: "f16" })',
];

/** Bytes of a tensor; throws an ArgumentError for an invalid shape or a dtype that this precision does not have. */
export function bytesOf(shape: Shape, dtype: Dtype, precision?: Precision): number {
  checkValue("tensor: the shape", shape, SHAPE);
  if (dtype !== precision) checkValue("tensor: the dtype", dtype, DTYPE);
  return roundUpBytes(sizeOf(shape) * elementBytes(dtype));
}

/** The next offset at or after `end` that a part may have: WebGPU's default minStorageBufferOffsetAlignment is 256. */
export const partStart = (end: number) => Math.ceil(end / 256) * 256;

/** Size classes are at most 1/4 apart, so a pooled buffer wastes at most a fifth of itself. */
function sizeClass(bytes: number): number {
  if (bytes <= 1024) return Math.max(64, 2 ** Math.ceil(Math.log2(bytes)));
  const step = 2 ** Math.floor(Math.log2(bytes)) / 4;
  return Math.ceil(bytes / step) * step;
}

const POOLED_BYTES_AT_MOST = 512 * 2 ** 20;

/**
 * Every buffer that an engine has made and not destroyed, so that dispose() frees them all on a device of the app's.
 */
export class BufferRegistry {
  readonly #device: GPUDevice;
  readonly #buffers = new Set<GPUBuffer>();
  #closed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  create(descriptor: GPUBufferDescriptor): GPUBuffer {
    if (this.#closed) throw new DisposedError("a buffer was asked for after gpu.dispose()", "Open another engine.");
    const buffer = this.#device.createBuffer(descriptor);
    this.#buffers.add(buffer);
    return buffer;
  }

  destroy(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer);
    buffer.destroy();
  }

  /** Destroys all remaining buffers and refuses to make more. */
  close(): void {
    this.#closed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
  }
}

export class BufferPool {
  readonly #device: GPUDevice;
  readonly #registry: BufferRegistry;
  readonly #submit: () => void;
  readonly #usage: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #statistics: MemoryStatistics = {
    liveBuffers: 0,
    liveBytes: 0,
    pooledBuffers: 0,
    pooledBytes: 0,
    peakBytes: 0,
  };

  /** `submit` submits the encoded commands, which may use a buffer that is about to be destroyed. */
  constructor(
    device: GPUDevice,
    registry: BufferRegistry,
    submit: () => void,
    usage = BUFFER_STORAGE | BUFFER_COPY_SRC | BUFFER_COPY_DST,
  ) {
    this.#device = device;
    this.#registry = registry;
    this.#submit = submit;
    this.#usage = usage;
  }

  statistics(): MemoryStatistics {
    return { ...this.#statistics };
  }

  /** Throws a LimitError if a buffer of that size cannot be made or bound on this device. */
  check(bytes: number, what: string): void {
    const limit = this.#limit;
    if (roundUpBytes(bytes) > limit) {
      throw new LimitError(
        `${what} needs ${mebibytes(bytes)} in one buffer and this adapter allows ${mebibytes(limit)}`,
        "Use smaller tensors, or an adapter that allows larger buffers.",
      );
    }
  }

  /** The largest buffer that can be made and bound, in bytes. */
  get #limit(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** Groups parts, in order, into as few buffers as the size limit allows. */
  batches<P extends { readonly bytes: number }>(parts: readonly P[]): P[][] {
    const batches: P[][] = [];
    let end = Number.POSITIVE_INFINITY;
    for (const part of parts) {
      if (partStart(end) + part.bytes > this.#limit) {
        batches.push([]);
        end = 0;
      }
      batches.at(-1)?.push(part);
      end = partStart(end) + part.bytes;
    }
    return batches;
  }

  /** A buffer of at least `bytes`. A `persistent` one is not reused soon, so it is no larger than necessary. */
  acquire(bytes: number, what: string, persistent = false): GPUBuffer {
    this.check(bytes, what);
    const whole = persistent ? Math.ceil(bytes / 256) * 256 : Number.POSITIVE_INFINITY;
    const size = Math.min(sizeClass(roundUpBytes(bytes)), whole, this.#limit);
    const statistics = this.#statistics;
    let buffer = this.#free.get(size)?.pop();
    if (buffer) {
      statistics.pooledBuffers--;
      statistics.pooledBytes -= size;
    } else buffer = this.#create(size, what);
    statistics.liveBuffers++;
    statistics.liveBytes += size;
    statistics.peakBytes = Math.max(statistics.peakBytes, statistics.liveBytes);
    return buffer;
  }

  #create(size: number, label: string): GPUBuffer {
    try {
      return this.#registry.create({ label, size, usage: this.#usage });
    } catch (cause) {
      if (cause instanceof DisposedError) throw cause;
      throw new GpuError(`a buffer of ${mebibytes(size)} for ${label} could not be made: ${(cause as Error).message}`);
    }
  }

  release(buffer: GPUBuffer): void {
    const { size } = buffer;
    const statistics = this.#statistics;
    statistics.liveBuffers--;
    statistics.liveBytes -= size;
    if (statistics.pooledBytes + size > POOLED_BYTES_AT_MOST) {
      this.#submit();
      this.#registry.destroy(buffer);
      return;
    }
    statistics.pooledBuffers++;
    statistics.pooledBytes += size;
    getOrInsert(this.#free, size, () => []).push(buffer);
  }

  /** Destroys the pooled buffers; live ones stay. */
  trim(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) this.#registry.destroy(buffer);
    this.#free.clear();
    this.#statistics.pooledBuffers = 0;
    this.#statistics.pooledBytes = 0;
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
}
