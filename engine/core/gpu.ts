// The engine: a device with its kernels, queue, buffers, profile, tape and scopes. There are no globals: a Gpu is
// opened and passed around, every tensor refers to its own, and several can exist in one process.
// The adapter decides which profile of kernels is used (see adapter.ts), unless one is forced.
// On a device that belongs to the app, the engine catches its own errors by error scopes and leaves all others to the
// app's handlers. dispose() destroys every buffer of the engine.
import { type AdapterTraits, fixedSubgroupSize, type Precision, type Profile, profileOf } from "../device/adapter.js";
import { errorScopes, reported, type WithErrorScope, withoutErrorScope } from "../device/error-scopes.js";
import { KernelCache } from "../device/kernel.js";
import {
  type BindingNames,
  type Constants,
  foldGrid,
  type Grid,
  type KernelSource,
  type Params,
  workgroupsFor,
} from "../device/kernel-source.js";
import { Labels } from "../device/labels.js";
import { BufferPool, BufferRegistry, bytesOf, type MemoryStatistics } from "../device/memory.js";
import { Queue } from "../device/queue.js";
import { Storage } from "../device/storage.js";
import { dtypeOf, elementBytes, elementsOf, type Numbers, shapeOf } from "../lib/elements.js";
import { type CutgpuError, DeviceLostError, DisposedError, RecordingError, ShapeError } from "../lib/errors.js";
import { Variants } from "../tuning/variants.js";
import { Observers } from "./observers.js";
import type { Activation, Fusion, Recorder } from "./recorder.js";
import { TensorScopes } from "./scopes.js";
import { Tape } from "./tape.js";
import { type Dtype, type Shape, Tensor } from "./tensor.js";

/**
 * An engine: a device, and the tensors, kernels and tape that belong to it. It is opened by openGpu. Several can exist
 * in one process; an operator's tensors must belong to the same one.
 *
 * @example
 * ```ts
 * const y = gpu.scope(() => {
 *   const doubled = mul(gpu.tensor([1, 2]), 2); // freed with the scope
 *   return sum(doubled);
 * });
 * console.log(await y.item()); // 6
 * ```
 */
export class Gpu implements AdapterTraits {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly profile: Profile;
  readonly subgroupSize: number;
  /** How activations are stored: f16 on an engine opened with it. */
  precision: Precision = "f32";
  readonly kernels: KernelCache;
  readonly queue: Queue;
  /** Runs work that calls WebGPU; on a device of the app's inside error scopes. The work must not await anything. */
  readonly withErrorScope: WithErrorScope;
  /** The observers of operators, dispatches and choices. */
  readonly observers = new Observers();
  /** The choice between the variants of operators. */
  readonly variants: Variants;
  readonly tape = new Tape();
  readonly scopes = new TensorScopes();
  readonly labels = new Labels();

  readonly #registry: BufferRegistry;
  readonly #pool: BufferPool;
  readonly #ownsDevice: boolean;
  readonly #onError: (event: GPUUncapturedErrorEvent) => void;
  #recorder: Recorder | null = null;
  #failure: CutgpuError | null = null;
  #disposed = false;

  constructor(device: GPUDevice, profile: Profile | "auto", ownsDevice: boolean) {
    this.device = device;
    this.info = device.adapterInfo;
    this.profile = profile === "auto" ? profileOf(this.info) : profile;
    this.subgroupSize = fixedSubgroupSize(device.features, this.info);
    this.variants = new Variants(this, this.observers);
    this.kernels = new KernelCache(device);
    this.withErrorScope = ownsDevice
      ? withoutErrorScope
      : errorScopes(device, (error) => {
          this.#failure ??= error;
        });
    this.#registry = new BufferRegistry(device);
    this.queue = new Queue(device, this.#registry, this.withErrorScope);
    this.#pool = new BufferPool(device, this.#registry, () => this.queue.flush());
    this.#ownsDevice = ownsDevice;
    this.#onError = (event) => {
      // Dawn would print it to standard output. Instead the next read throws it, where the app can handle it.
      event.preventDefault();
      this.#failure ??= reported(event.error);
    };
    if (ownsDevice) device.addEventListener("uncapturederror", this.#onError);
    device.lost.then((info) => {
      if (this.#disposed) return;
      this.#failure = new DeviceLostError(
        `the GPU device was lost${info.message ? ` (${info.message.split("\n")[0]})` : ""}`,
      );
    });
  }

  /** The error after which this engine cannot be used any more, if there was one. */
  get failure(): CutgpuError | null {
    return this.#failure;
  }

  /** Throws the error that the device has reported asynchronously, if any. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  // ---- tensors

  /** A storage without memory, for a tensor. */
  #storage(shape: Shape, dtype: Dtype, virtual: boolean, kind = ""): Storage {
    const bytes = bytesOf(shape, dtype, this.precision);
    const label = `${this.labels.prefix}${kind}[${shape}]`;
    this.#pool.check(bytes, label);
    return new Storage(bytes, label, virtual, dtype === "f16");
  }

  /** A tensor with undefined content. */
  empty(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const virtual = this.#recorder !== null;
    const storage = this.#storage(shape, dtype, virtual);
    if (!virtual) storage.buffer = this.acquireBuffer(storage);
    const tensor = new Tensor(this, shape, dtype, storage);
    if (!virtual) this.observers.tell("onTensor", tensor);
    return tensor;
  }

  /** A tensor that outlives scopes and recordings, for parameters, inputs and constants; its content is undefined. */
  persistent(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const storage = this.#storage(shape, dtype, false);
    storage.buffer = this.acquireBuffer(storage, true);
    return this.scopes.outside(() => new Tensor(this, shape, dtype, storage));
  }

  /**
   * Persistent tensors in one flat buffer, or in as few as the adapter's limit allows, so that one dispatch can process
   * all. A buffer is freed when the last of its tensors is disposed.
   */
  persistentFlat(shapes: readonly Shape[]): Tensor[] {
    const parts = shapes.map((shape) => this.#storage(shape, "f32", false));
    for (const batch of this.#pool.batches(parts)) {
      const flat = Storage.flatten(batch);
      flat.buffer = this.acquireBuffer(flat, true);
    }
    return this.scopes.outside(() => parts.map((part, i) => new Tensor(this, shapes[i], "f32", part)));
  }

  /**
   * A tensor of numbers in the given shape, or in the shape of `data`: [] for one number, an axis for each level of
   * nested arrays. An Int32Array makes an i32 tensor, anything else an f32 tensor. It is uploaded at once, also inside
   * a recording.
   */
  tensor(data: Numbers, shape: Shape = shapeOf(data)): Tensor {
    const dtype = dtypeOf(data);
    const elements = elementsOf("tensor", data, dtype, shape);
    const tensor = this.#recorder ? this.#constant(shape, dtype, this.#recorder) : this.empty(shape, dtype);
    tensor.write(elements);
    return tensor;
  }

  #constant(shape: Shape, dtype: Dtype, recorder: Recorder): Tensor {
    const storage = this.#storage(shape, dtype, true, "constant");
    storage.buffer = this.acquireBuffer(storage);
    recorder.adopt(storage.buffer);
    return new Tensor(this, shape, dtype, storage);
  }

  // ---- dispatching

  /**
   * Runs a kernel: now if nothing is being recorded, else when the program is replayed. The only way by which operators
   * reach the GPU. Bindings, params and constants are named as in the .wgsl file. The size is a grid of workgroups, or
   * a number of invocations, which is rounded up to whole workgroups. A recording may fuse a dispatch with its producer
   * by the rule `fusion`; `activation` and `reluMask` tell consumers how this dispatch can be fused with them.
   */
  dispatch<K extends KernelSource>(
    source: K,
    run: {
      bindings: { readonly [B in BindingNames<K>]: Tensor };
      params: Params<K>;
      constants?: Constants<K>;
      fusion?: Fusion;
      activation?: Activation;
      reluMask?: BindingNames<K>;
    } & ({ grid: Grid } | { invocations: number }),
  ): void {
    this.check();
    const constants = (run.constants ?? {}) as { [name: string]: number | boolean };
    // Without types these may be missing, too.
    const params: { [name: string]: number } = run.params ?? {};
    const bindings: { readonly [name: string]: Tensor } = run.bindings ?? {};
    const size = "grid" in run ? run.grid : workgroupsFor(source, run.invocations, run.constants);
    const grid = foldGrid(size, source.name);
    if (grid[0] * grid[1] * grid[2] === 0) return;
    const tensors = Object.keys(source.bindings).map((name) => {
      if (bindings[name]?.gpu === this) return bindings[name];
      throw new ShapeError(`${source.name}: the binding ${name} has no tensor of this device`, "Give one.");
    });
    if (this.observers.any) this.observers.tell("onDispatch", { source, bindings, params, grid: size, constants });
    const storages = tensors.map(({ storage }) => storage);
    source.check?.(tensors);
    if (this.#recorder) {
      const { fusion, activation, reluMask } = run;
      this.#recorder.dispatch({ source, constants, storages, params, grid, fusion, activation, reluMask });
      return;
    }
    const buffers = tensors.map((tensor) => {
      const { offset, bytes } = tensor.storage;
      return { buffer: tensor.requireBuffer(), offset, bytes };
    });
    this.withErrorScope(() =>
      this.queue.dispatch(this.kernels.get(source, constants, storages), buffers, params, grid),
    );
  }

  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    this.check();
    const { offset } = tensor.storage;
    const bytes = await this.queue
      .read(tensor.requireBuffer(), elementBytes(tensor.dtype) * tensor.size, offset)
      .catch((error: unknown) => {
        throw this.#failure ?? error;
      });
    this.check();
    return bytes;
  }

  /** Waits until the GPU has done all work submitted so far, and throws the error it reported, if any. */
  async finish(): Promise<void> {
    await this.queue.finish();
    this.check();
  }

  // ---- memory

  memory(): MemoryStatistics {
    const statistics = this.#pool.statistics();
    const { pooledBuffers, pooledBytes } = this.queue.staging.statistics();
    statistics.pooledBuffers += pooledBuffers;
    statistics.pooledBytes += pooledBytes;
    return statistics;
  }

  /**
   * A `persistent` buffer is kept for long, such as the lifetime of a model or a program. Where there is no memory for
   * it, its error scope says so: by default that is the end of this engine.
   */
  acquireBuffer(
    { bytes, label }: { bytes: number; label: string },
    persistent = false,
    withErrorScope = this.withErrorScope,
  ): GPUBuffer {
    return withErrorScope(() => this.#pool.acquire(bytes, label, persistent));
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.#pool.release(buffer);
  }

  /**
   * A buffer not for tensors but for uniforms and the like: neither pooled nor counted, but destroyed with the engine.
   */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.withErrorScope(() => this.#registry.create(descriptor));
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#registry.destroy(buffer);
  }

  /** Destroys buffers kept for reuse. */
  trimMemory(): void {
    this.queue.trim();
    this.#pool.trim();
  }

  /** Called by Tensor.dispose(). */
  release(tensor: Tensor): void {
    let { storage } = tensor;
    while (--storage.references === 0 && storage.base) storage = storage.base;
    if (storage.references > 0 || storage.virtual || !storage.buffer) return;
    if (this.#recorder) {
      this.#recorder.adopt(storage.buffer);
      return;
    }
    this.#pool.release(storage.buffer);
    storage.buffer = null;
  }

  /**
   * Runs `work` and disposes every tensor it made, except those in its return value: arrays, Maps, Sets, and the fields
   * of objects of any class, except #private ones, are searched. `work` must not be async.
   */
  scope<T>(work: () => T): T {
    return this.scopes.scope(work);
  }

  /** Runs `work` without recording its operators on the tape. `work` must not be async. */
  noGrad<T>(work: () => T): T {
    return this.tape.paused(work);
  }

  // ---- recording

  /** While a program is recorded: the recorder that gets dispatches and allocations instead of the GPU. */
  get recorder(): Recorder | null {
    return this.#recorder;
  }

  /** Runs `work` with a recorder set. Throws a RecordingError if one is set already. */
  recordInto<T>(recorder: Recorder, work: () => T): T {
    if (this.#recorder) throw new RecordingError("a program is already being recorded on this device");
    this.queue.flush();
    this.#recorder = recorder;
    try {
      // Aliases of tensors made outside would keep their memory for ever.
      return this.scopes.outside(() => this.scopes.scope(work, "record"));
    } finally {
      this.#recorder = null;
    }
  }

  // ---- disposal

  /**
   * Destroys every buffer of this engine, including those of live tensors, and the device unless it belongs to the app.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.trimMemory();
    this.#disposed = true;
    this.#failure ??= new DisposedError("the engine was disposed", "Open another one.");
    this.#registry.close();
    this.device.removeEventListener("uncapturederror", this.#onError);
    if (this.#ownsDevice) this.device.destroy();
  }

  /** dispose(), for `using` declarations. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
