// Eager execution and read-back. Dispatches are encoded into one open compute pass and submitted in batches; their
// uniforms go to slots of one buffer, written once per submit. Reading a tensor copies it to a pooled staging buffer,
// so other work continues while the caller awaits the result.

import { DeviceLostError, type GpuError } from "../lib/errors.js";
import { getOrInsert } from "../lib/maps.js";
import type { WithErrorScope } from "./error-scopes.js";
import { type BoundBuffer, type Kernel, UNIFORM_SLOT } from "./kernel.js";
import { BufferPool, type BufferRegistry } from "./memory.js";
import { BUFFER_COPY_DST, BUFFER_MAP_READ, BUFFER_UNIFORM, MAP_READ } from "./webgpu-flags.js";

const DISPATCHES_PER_SUBMIT = 128;
/**
 * What the dispatches of one submit bind, about: 130 GFLOP of convolutions, which slow GPUs do in less than a second.
 * Drivers end what keeps a GPU busy for seconds, and whoever else draws, such as a browser, gets its turn between
 * submits (https://github.com/gpuweb/gpuweb/issues/6252).
 */
export const BYTES_PER_SUBMIT = 2 ** 30;
const BIND_GROUPS_KEPT = 4096;

/** A buffer and an offset in bytes. */
interface Place {
  buffer: GPUBuffer;
  offset: number;
}

export class Queue {
  /** The buffers that results are read through. */
  readonly staging: BufferPool;
  readonly #device: GPUDevice;
  readonly #registry: BufferRegistry;
  readonly #withErrorScope: WithErrorScope;
  readonly #uniforms: GPUBuffer;
  readonly #staged = new DataView(new ArrayBuffer(DISPATCHES_PER_SUBMIT * UNIFORM_SLOT));
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly #bufferIds = new WeakMap<object, number>();
  #nextId = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #used = 0;
  #bytes = 0;
  /** Pending validations: dispatches of kernels that had not been compiled before, with their errors if any. */
  #validations: readonly Promise<GpuError | undefined>[] = [];

  constructor(device: GPUDevice, registry: BufferRegistry, withErrorScope: WithErrorScope) {
    this.#withErrorScope = withErrorScope;
    this.#device = device;
    this.#registry = registry;
    this.staging = new BufferPool(device, registry, () => this.flush(), BUFFER_MAP_READ | BUFFER_COPY_DST);
    this.#uniforms = registry.create({
      label: "uniforms",
      size: this.#staged.byteLength,
      usage: BUFFER_UNIFORM | BUFFER_COPY_DST,
    });
  }

  dispatch(
    kernel: Kernel,
    buffers: readonly BoundBuffer[],
    params: { readonly [name: string]: number },
    grid: readonly [number, number, number],
  ): void {
    if (kernel.validated) {
      this.#encode(kernel, buffers, params, grid);
      return;
    }
    // If the kernel does not compile, its submit fails as a whole, so it must not contain other commands.
    this.flush();
    const validation = kernel.validate(() => {
      this.#encode(kernel, buffers, params, grid);
      this.#submit();
    });
    this.#validations = [...this.#validations, validation];
  }

  #encode(
    kernel: Kernel,
    buffers: readonly BoundBuffer[],
    params: { readonly [name: string]: number },
    grid: readonly [number, number, number],
  ): void {
    const offset = this.#used * UNIFORM_SLOT;
    kernel.packParams(params, this.#staged, offset);
    const { pipeline } = kernel;
    this.#used++;
    for (const { bytes } of buffers) this.#bytes += bytes;
    if (!this.#pass) {
      this.#encoder = this.#device.createCommandEncoder();
      this.#pass = this.#encoder.beginComputePass();
    }
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, this.#bindGroup(kernel, buffers), kernel.uniformBytes ? [offset] : []);
    this.#pass.dispatchWorkgroups(...grid);
    if (this.#used === DISPATCHES_PER_SUBMIT || this.#bytes > BYTES_PER_SUBMIT) this.flush();
  }

  /** Submits the encoded commands. */
  flush(): void {
    if (this.#pass) this.#withErrorScope(() => this.#submit());
  }

  #submit(): void {
    if (!this.#encoder) return;
    this.#pass?.end();
    this.#device.queue.writeBuffer(this.#uniforms, 0, this.#staged.buffer, 0, this.#used * UNIFORM_SLOT);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#pass = null;
    this.#used = 0;
    this.#bytes = 0;
  }

  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    // Commands that are encoded but not submitted must still read the old content.
    this.flush();
    this.#withErrorScope(() => this.#device.queue.writeBuffer(buffer, offset, data));
  }

  /** Copies bytes between buffers, rounded up to a multiple of 4, after everything submitted so far. */
  copy(from: Place, to: Place, bytes: number): void {
    this.flush();
    this.#withErrorScope(() => {
      const encoder = this.#device.createCommandEncoder();
      encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, Math.ceil(bytes / 4) * 4);
      this.#device.queue.submit([encoder.finish()]);
    });
  }

  /** Reads `bytes` bytes of a buffer from `offset` on, after everything submitted so far. */
  async read(buffer: GPUBuffer, bytes: number, offset = 0): Promise<ArrayBuffer> {
    const staging = this.staging.acquire(bytes, "staging");
    this.copy({ buffer, offset }, { buffer: staging, offset: 0 }, bytes);
    const validations = this.#validations;
    try {
      await this.#withErrorScope(() => staging.mapAsync(MAP_READ));
    } catch {
      this.#registry.destroy(staging);
      throw new DeviceLostError("the GPU device was lost before a result could be read");
    }
    const copy = staging.getMappedRange(0, Math.ceil(bytes / 4) * 4).slice(0, bytes);
    staging.unmap();
    this.staging.release(staging);
    await this.#check(validations);
    return copy;
  }

  /** Resolves when everything submitted so far has run. */
  async finish(): Promise<void> {
    this.flush();
    const validations = this.#validations;
    await this.#device.queue.onSubmittedWorkDone();
    await this.#check(validations);
  }

  /**
   * Awaits the validations that were pending when a call began, and throws the error of a kernel that did not compile.
   * All calls that were under way by then throw it, because any may have read its results; later ones do not.
   */
  async #check(validations: readonly Promise<GpuError | undefined>[]): Promise<void> {
    const error = (await Promise.all(validations)).find(Boolean);
    this.#validations = this.#validations.filter((one) => !validations.includes(one));
    if (error) throw error;
  }

  /** Submits the encoded commands and drops what is kept for reuse, before buffers are destroyed. */
  trim(): void {
    this.flush();
    this.#bindGroups.clear();
    this.staging.trim();
  }

  #bindGroup(kernel: Kernel, buffers: readonly BoundBuffer[]): GPUBindGroup {
    let key = `${this.#id(kernel)}`;
    for (const { buffer, offset, bytes } of buffers) key += `,${this.#id(buffer)}:${offset}:${bytes}`;
    return getOrInsert(this.#bindGroups, key, () => {
      if (this.#bindGroups.size >= BIND_GROUPS_KEPT) this.#bindGroups.clear();
      return kernel.bindGroup(buffers, this.#uniforms);
    });
  }

  #id(object: object): number {
    return getOrInsert(this.#bufferIds, object, () => this.#nextId++);
  }
}
