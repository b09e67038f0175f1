// The device and all that belongs to it: kernels, queue, buffers, profile, tape and scopes. There are no globals: a Gpu
// is opened and passed, tensors carry theirs, and two can live in one process.
// There are two kernel profiles: `gpu` (tiles in workgroup memory) and `software` (software adapters: no barriers,
// subgroup broadcasts). The adapter decides, and either can be forced.
// On a device that is the app's own, the engine hears of its own errors through error scopes and leaves all others to
// the app's handlers. dispose() destroys every buffer of the engine. It sets no global.
import { refusePromise } from "../core/check-options.js";
import { dtypeOf, elementBytes, elementsOf, type Numbers, shapeOf } from "../core/elements.js";
import { type CutgpuError, DeviceLostError, DisposedError, RecordingError, ShapeError } from "../core/errors.js";
import { TensorScopes } from "../core/scopes.js";
import { Tape } from "../core/tape.js";
import { type Dtype, type Shape, Storage, Tensor } from "../core/tensor.js";
import { Variants } from "../tuning/variants.js";
import { type AdapterTraits, fixedSubgroupSize, type Precision, type Profile, profileOf } from "./adapter.js";
import { errorScopes, reported, type WithErrorScope, withoutErrorScope } from "./error-scopes.js";
import {
  type BindingNames,
  type Constants,
  foldGrid,
  type Grid,
  KernelCache,
  type KernelSource,
  type Params,
  workgroupsFor,
} from "./kernel.js";
import { Labels } from "./labels.js";
import { BufferPool, BufferRegistry, bytesOf, type MemoryStatistics } from "./memory.js";
import { Observers } from "./observers.js";
import { Queue } from "./queue.js";
import type { Activation, Fusion, Recorder } from "./recorder.js";

/**
 * An engine: a device, and the tensors, kernels and tape that belong to it. It is opened by openGpu. Several can live
 * in one process; tensors of different ones do not mix.
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
  /** What activations are stored as: f16 on an engine that was opened for it. */
  precision: Precision = "f32";
  readonly kernels: KernelCache;
  readonly queue: Queue;
  /**
   * Runs what gives something to WebGPU, on the app's own device inside error scopes; nothing may be awaited inside.
   */
  readonly withErrorScope: WithErrorScope;
  /** The observers of operators, dispatches and choices. */
  readonly observers = new Observers();
  /** Which kernels do the work of operators that have several. */
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
      // Dawn would print it to standard output; here it surfaces at the next read, where somebody can act on it.
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

  /** The error after which this device cannot be used any more, if there was one. */
  get failure(): CutgpuError | null {
    return this.#failure;
  }

  /** Throws what the device has reported outside of any call. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  // ---- tensors

  /** A tensor with undefined content. */
  empty(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const bytes = bytesOf(shape, dtype, this.precision);
    const label = `${this.labels.prefix}[${shape}]`;
    if (this.#recorder) {
      this.#pool.check(bytes, label);
      return new Tensor(this, shape, dtype, this.#recorder.allocate(bytes, label, dtype === "f16"));
    }
    const buffer = this.acquireBuffer(bytes, label);
    const tensor = new Tensor(this, shape, dtype, new Storage(bytes, label, buffer, false, dtype === "f16"));
    this.observers.tensor(tensor);
    return tensor;
  }

  /** A tensor that outlives any recording under way: parameters, inputs, constants. */
  persistent(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const bytes = bytesOf(shape, dtype, this.precision);
    const label = `${this.labels.prefix}[${shape}]`;
    const storage = new Storage(bytes, label, this.acquireBuffer(bytes, label, true), false, dtype === "f16");
    return this.scopes.outside(() => new Tensor(this, shape, dtype, storage));
  }

  /**
   * Persistent tensors in one flat buffer, or in as few as the adapter's limit allows, so that one dispatch can process
   * all. A buffer is freed when the last of its tensors is disposed.
   */
  persistentFlat(shapes: readonly Shape[]): Tensor[] {
    const parts = shapes.map(
      (shape) => new Storage(bytesOf(shape, "f32"), `${this.labels.prefix}[${shape}]`, null, false),
    );
    for (const batch of this.#pool.batches(parts)) {
      const flat = Storage.flatten(batch);
      flat.buffer = this.acquireBuffer(flat.bytes, flat.label, true);
    }
    return this.scopes.outside(() => parts.map((part, i) => new Tensor(this, shapes[i], "f32", part)));
  }

  /**
   * A tensor of numbers in the given shape, or in that which they are written in: of one number [], of arrays in arrays
   * an axis each. An Int32Array makes an i32 tensor, all else an f32. It is uploaded at once, also inside a recording.
   */
  tensor(data: Numbers, shape: Shape = shapeOf(data)): Tensor {
    const dtype = dtypeOf(data);
    const elements = elementsOf(data, dtype);
    const tensor = this.#recorder ? this.#constant(shape, dtype, this.#recorder) : this.empty(shape, dtype);
    tensor.write(elements);
    return tensor;
  }

  #constant(shape: Shape, dtype: Dtype, recorder: Recorder): Tensor {
    const bytes = bytesOf(shape, dtype);
    const label = `${this.labels.prefix}constant[${shape}]`;
    const buffer = this.acquireBuffer(bytes, label);
    recorder.adopt(buffer);
    return new Tensor(this, shape, dtype, new Storage(bytes, label, buffer, true));
  }

  // ---- work

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
    const constants = (run.constants ?? {}) as { [name: string]: number | boolean };
    const bindings = run.bindings as { readonly [name: string]: Tensor };
    const size = "grid" in run ? run.grid : workgroupsFor(source, run.invocations, run.constants);
    const grid = foldGrid(size);
    if (grid[0] * grid[1] * grid[2] === 0) return;
    for (const { name } of source.bindings) {
      if (!bindings[name]) {
        throw new ShapeError(`${source.name}: the binding ${name} was not given`, "Give a tensor for every binding.");
      }
    }
    if (this.observers.any) this.observers.dispatch({ source, bindings, params: run.params, grid: size, constants });
    if (this.#recorder) {
      const storages = source.bindings.map(({ name }) => bindings[name].storage);
      const { params, fusion, activation, reluMask } = run;
      this.#recorder.dispatch({ source, constants, storages, params, grid, fusion, activation, reluMask });
      return;
    }
    const buffers = source.bindings.map(({ name }) => {
      const tensor = bindings[name];
      return { buffer: tensor.requireBuffer(), offset: tensor.storage.offset, bytes: tensor.storage.bytes };
    });
    const storages = source.bindings.map(({ name }) => bindings[name].storage);
    this.withErrorScope(() =>
      this.queue.dispatch(this.kernels.get(source, constants, storages), buffers, run.params, grid),
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

  /** Waits until the GPU has done all it was given, and throws what it reported. */
  async finish(): Promise<void> {
    await this.queue.finish();
    this.check();
  }

  // ---- memory

  memory(): MemoryStatistics {
    return this.#pool.statistics();
  }

  /** A `persistent` buffer is kept for long, such as the lifetime of a model or a program. */
  acquireBuffer(bytes: number, label: string, persistent = false): GPUBuffer {
    return this.withErrorScope(() => this.#pool.acquire(bytes, label, persistent));
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.#pool.release(buffer);
  }

  /**
   * A buffer for other uses than tensors, such as uniforms: neither pooled nor counted, but destroyed with the engine.
   */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.withErrorScope(() => this.#registry.create(descriptor));
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#registry.destroy(buffer);
  }

  /** Destroys buffers kept for reuse. */
  trimMemory(): void {
    this.queue.flush();
    this.queue.forgetBindGroups();
    this.#pool.trim();
  }

  /** Called by Tensor.dispose(). */
  release(tensor: Tensor): void {
    const { storage } = tensor;
    storage.references--;
    if (storage.references > 0) return;
    const { root } = storage;
    if (root !== storage) root.references--;
    if (root.references > 0 || root.virtual || !root.buffer) return;
    if (this.#recorder) {
      this.#recorder.adopt(root.buffer);
      return;
    }
    this.#pool.release(root.buffer);
    root.buffer = null;
  }

  /**
   * Runs `work` and disposes every tensor it made, except those in what it returns: arrays, Maps, Sets, and the fields
   * of objects of any class, but their #private ones, are searched. `work` must not be async.
   */
  scope<T>(work: () => T): T {
    return this.scopes.scope(work);
  }

  /** Operators inside leave no trace on the tape. `work` must not be async. */
  noGrad<T>(work: () => T): T {
    return this.tape.paused(work);
  }

  // ---- recording

  /** Where dispatches and allocations go instead of to the GPU, while a program is recorded. */
  get recorder(): Recorder | null {
    return this.#recorder;
  }

  /** Runs `work` with a recorder in place. Throws a RecordingError where there is one already. */
  recordInto<T>(recorder: Recorder, work: () => T): T {
    if (this.#recorder) throw new RecordingError("a program is already being recorded on this device");
    this.queue.flush();
    this.#recorder = recorder;
    try {
      const result = this.scopes.outside(work);
      refusePromise("record", result);
      return result;
    } finally {
      this.#recorder = null;
    }
  }

  // ---- the end

  /**
   * Destroys every buffer of this engine, those of tensors that are still alive included, and the device if it is its
   * own.
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

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
