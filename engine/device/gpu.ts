// The device and all that belongs to it: kernels, queue, buffers, profile, and the state of a recording. There are no
// globals: a Gpu is opened and passed, tensors carry theirs, and two can live in one process.
// Two kernel profiles: `gpu` (tiles in workgroup memory) and `software` (adapters that are a CPU: no barriers, subgroup
// broadcasts). The adapter decides, and either can be forced. Only WebGPU's base limits are ever needed; storage binding,
// buffer size and workgroup memory are asked for as large as the adapter has them.
// On a device that is the app's own the engine is a guest: it hears of its own errors through error scopes, leaves all others
// to the app's handlers, and dispose() takes every buffer with it. It neither needs nor sets any global.
import { AdapterError, type CutgpuError, DeviceLostError, DisposedError, ShapeError } from "../core/errors.js";
import { type Dtype, type Shape, Storage, sizeOf, Tensor, visitTensors } from "../core/tensor.js";
import type { Recipes } from "../program/rematerialization.js";
import { applyTuning, type Choice, checkTuning, type TuningTable } from "../tuning/table.js";
import { errorScopes, type Guard, reported, unguarded } from "./error-scopes.js";
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
import { BufferLedger, BufferPool, type MemoryStatistics, roundUpBytes } from "./memory.js";
import { Queue } from "./queue.js";

export type Profile = "gpu" | "software";

export interface OpenOptions {
  /** Your own device; it stays yours and is not destroyed by dispose(). */
  device?: GPUDevice;
  /** Your own adapter; by default navigator.gpu is asked for one. */
  adapter?: GPUAdapter | null;
  /** Forces a kernel profile; by default the adapter decides. */
  profile?: Profile | "auto";
  /** Kernels measured on this adapter by `cutgpu tune`; a table of another adapter or profile is not used. */
  tuning?: TuningTable;
  /** Called with one line where something is not as one would expect: another table, a software driver (Node). */
  notify?: (message: string) => void;
}

/** One dispatch, as a recording keeps it. */
export interface Dispatch {
  source: KernelSource;
  constants: { readonly [name: string]: number | boolean };
  storages: Storage[];
  params: { readonly [name: string]: number };
  grid: readonly [number, number, number];
}

/** Where dispatches and allocations go while a program is recorded (see program.ts). */
export interface Recording {
  dispatch(dispatch: Dispatch): void;
  allocate(bytes: number, label: string): Storage;
  /** Takes over memory from outside that only the program needs, as long as it lives: a constant that was uploaded on the way, or what was disposed meanwhile. */
  adopt(buffer: GPUBuffer): void;
  /** How to make tensors again in the backward pass. */
  readonly recipes: Recipes;
}

/** What a kernel choice may depend on. */
export interface AdapterTraits {
  readonly profile: Profile;
  /** Lanes of a subgroup where that number is fixed and subgroups are there, else 0. */
  readonly subgroupSize: number;
}

const OPTIONAL_FEATURES: GPUFeatureName[] = ["subgroups", "timestamp-query", "shader-f16"];
const RAISED_LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize"] as const;

/**
 * Opens an engine, on a device of its own or on yours. Under Node the package's entry brings dawn.node along (npm's webgpu).
 * Throws an AdapterError where there is no WebGPU.
 *
 * @example
 * ```ts
 * import { add, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const sum = add(gpu.tensor([1, 2, 3]), gpu.tensor([10, 20, 30]));
 * console.log(await sum.read()); // 11, 22, 33
 * gpu.dispose();
 * ```
 */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  const tuning = options.tuning && checkTuning(options.tuning);
  const tuned = (gpu: Gpu) => {
    if (tuning) applyTuning(gpu, tuning, options.notify);
    return gpu;
  };
  if (options.device) return tuned(new Gpu(options.device, options.profile ?? "auto", false));
  const adapter =
    options.adapter ?? (typeof navigator === "undefined" ? null : await navigator.gpu?.requestAdapter()) ?? null;
  if (!adapter) {
    throw new AdapterError(
      "no WebGPU adapter was found",
      "Use a browser with WebGPU switched on; in Node open with cutgpu/node and run `cutgpu doctor`.",
    );
  }
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const device = await adapter.requestDevice({
    requiredFeatures: OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits,
  });
  return tuned(new Gpu(device, options.profile ?? "auto", true));
}

/** The profile that suits an adapter. */
export function profileOf(info: GPUAdapterInfo): Profile {
  const software = info.isFallbackAdapter || info.architecture === "software" || info.architecture === "swiftshader";
  return software ? "software" : "gpu";
}

export class Gpu implements AdapterTraits {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly profile: Profile;
  readonly subgroupSize: number;
  readonly kernels: KernelCache;
  readonly queue: Queue;
  /** Runs what gives something to WebGPU, on the app's own device inside error scopes; nothing may be awaited inside. */
  readonly guarded: Guard;
  /** Forces the kernel of an operator by name, for tests and benchmarks: forced.conv2d = "tiled". */
  readonly forced: { [operator: string]: string } = {};
  /** Kernels that were measured to be the fastest; what is recorded from now on takes them (see tuning.ts). */
  tuning: TuningTable | null = null;
  /** Told of every choice between kernels that is not forced: for tuning. */
  onChoice: ((choice: Choice) => void) | null = null;
  /** Told of every operator that runs or is recorded, with its cost: for benchmarks and profiles. */
  onOperator: ((call: { operator: string; flops: number; bytes: number }) => void) | null = null;
  /** Whether operators put themselves on the tape. */
  gradEnabled = true;
  recording: Recording | null = null;
  /** Numbers the nodes of the tape in order of creation. */
  sequence = 0;

  readonly #ledger: BufferLedger;
  readonly #pool: BufferPool;
  readonly #ownsDevice: boolean;
  readonly #scopes: Tensor[][] = [];
  readonly #places: string[] = [];
  readonly #onError: (event: GPUUncapturedErrorEvent) => void;
  #failure: CutgpuError | null = null;
  #disposed = false;

  constructor(device: GPUDevice, profile: Profile | "auto", ownsDevice: boolean) {
    this.device = device;
    this.info = device.adapterInfo;
    this.profile = profile === "auto" ? profileOf(this.info) : profile;
    const { subgroupMinSize, subgroupMaxSize } = this.info;
    const fixed = device.features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
    this.subgroupSize = fixed ? (subgroupMaxSize ?? 0) : 0;
    this.kernels = new KernelCache(device);
    this.guarded = ownsDevice
      ? unguarded
      : errorScopes(device, (error) => {
          this.#failure ??= error;
        });
    this.#ledger = new BufferLedger(device);
    this.queue = new Queue(device, this.#ledger, this.guarded);
    this.#pool = new BufferPool(device, this.#ledger, () => this.queue.flush());
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

  /** The error that ended this device's usefulness, if any. */
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
    const bytes = roundUpBytes(sizeOf(shape) * 4);
    const label = `${this.place()}[${shape}]`;
    if (this.recording) {
      this.#pool.check(bytes, label);
      return new Tensor(this, shape, dtype, this.recording.allocate(bytes, label));
    }
    return new Tensor(this, shape, dtype, new Storage(bytes, label, this.acquireBuffer(bytes, label), false));
  }

  /** A tensor that outlives any recording under way: parameters, inputs, constants. */
  persistent(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const bytes = roundUpBytes(sizeOf(shape) * 4);
    const label = `${this.place()}[${shape}]`;
    const storage = new Storage(bytes, label, this.acquireBuffer(bytes, label, true), false);
    return this.outsideScopes(() => new Tensor(this, shape, dtype, storage));
  }

  /** A tensor of the given elements. It is uploaded at once, also inside a recording. */
  tensor(data: Float32Array | Int32Array | readonly number[], shape?: Shape): Tensor {
    const elements = Array.isArray(data) ? Float32Array.from(data) : (data as Float32Array | Int32Array);
    const dtype: Dtype = elements instanceof Int32Array ? "i32" : "f32";
    const tensor = this.recording
      ? this.#constant(shape ?? [elements.length], dtype, this.recording)
      : this.empty(shape ?? [elements.length], dtype);
    tensor.write(elements);
    return tensor;
  }

  #constant(shape: Shape, dtype: Dtype, recording: Recording): Tensor {
    const bytes = roundUpBytes(sizeOf(shape) * 4);
    const label = `${this.place()}constant[${shape}]`;
    const buffer = this.acquireBuffer(bytes, label);
    recording.adopt(buffer);
    return new Tensor(this, shape, dtype, new Storage(bytes, label, buffer, true));
  }

  // ---- work

  /**
   * Runs a kernel: now if nothing is being recorded, else when the program is replayed. The one way by which operators
   * reach the GPU. Bindings, params and constants are named as in the .wgsl file. The size is a grid of workgroups, or a number
   * of invocations, of which the last workgroup may have some too many.
   */
  dispatch<K extends KernelSource>(
    source: K,
    run: {
      bindings: { readonly [B in BindingNames<K>]: Tensor };
      params: Params<K>;
      constants?: Constants<K>;
    } & ({ grid: Grid } | { invocations: number }),
  ): void {
    const constants = (run.constants ?? {}) as { [name: string]: number | boolean };
    const bindings = run.bindings as { readonly [name: string]: Tensor };
    const grid = foldGrid("grid" in run ? run.grid : workgroupsFor(source, run.invocations, run.constants));
    if (grid[0] * grid[1] * grid[2] === 0) return;
    for (const { name } of source.bindings) {
      if (!bindings[name]) {
        throw new ShapeError(`${source.name}: the binding ${name} was not given`, "Give a tensor for every binding.");
      }
    }
    if (this.recording) {
      const { recipes } = this.recording;
      const storages = source.bindings.map(({ name, access }) => {
        const { storage } = bindings[name];
        if (access === "read") return recipes.resolve(storage);
        recipes.written(storage);
        return storage;
      });
      this.recording.dispatch({ source, constants, storages, params: run.params, grid });
      return;
    }
    const buffers = source.bindings.map(({ name }) => {
      const tensor = bindings[name];
      return { buffer: tensor.requireBuffer(), bytes: tensor.storage.bytes };
    });
    this.guarded(() => this.queue.dispatch(this.kernels.get(source, constants), buffers, run.params, grid));
  }

  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    this.check();
    const bytes = await this.queue.read(tensor.requireBuffer(), tensor.size * 4).catch((error: unknown) => {
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

  /** `lasting`: for as long as a model or a program, not for a moment. */
  acquireBuffer(bytes: number, label: string, lasting = false): GPUBuffer {
    return this.guarded(() => this.#pool.acquire(bytes, label, lasting));
  }

  releaseBuffer(buffer: GPUBuffer): void {
    this.#pool.release(buffer);
  }

  /** A buffer for other uses than tensors, such as uniforms: neither pooled nor counted, but destroyed with the engine. */
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.guarded(() => this.#ledger.create(descriptor));
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#ledger.destroy(buffer);
  }

  /** Destroys buffers kept for reuse. */
  trimMemory(): void {
    this.queue.flush();
    this.queue.forgetBindGroups();
    this.#pool.trim();
  }

  /** Called by Tensor: the innermost scope becomes its owner. */
  track(tensor: Tensor): void {
    this.#scopes.at(-1)?.push(tensor);
  }

  /** Called by Tensor.dispose(). */
  release(tensor: Tensor): void {
    const { storage } = tensor;
    storage.references--;
    if (storage.references > 0 || storage.virtual || !storage.buffer) return;
    if (this.recording) {
      this.recording.adopt(storage.buffer);
      return;
    }
    this.#pool.release(storage.buffer);
    storage.buffer = null;
  }

  /** Runs `work` and disposes every tensor it made, except those in what it returns (arrays and plain objects are searched). */
  scope<T>(work: () => T): T {
    const made: Tensor[] = [];
    this.#scopes.push(made);
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.#scopes.pop();
      for (const tensor of made) tensor.dispose();
      throw error;
    }
    this.#scopes.pop();
    const kept = new Set<Tensor>();
    visitTensors(result, (tensor) => kept.add(tensor));
    for (const tensor of made) {
      if (kept.has(tensor)) this.track(tensor);
      else tensor.dispose();
    }
    return result;
  }

  /** Tensors made by `work` belong to no scope. */
  outsideScopes<T>(work: () => T): T {
    const scopes = this.#scopes.splice(0);
    try {
      return work();
    } finally {
      this.#scopes.push(...scopes);
    }
  }

  /** Operators inside leave no trace on the tape. */
  noGrad<T>(work: () => T): T {
    const before = this.gradEnabled;
    this.gradEnabled = false;
    try {
      return work();
    } finally {
      this.gradEnabled = before;
    }
  }

  /** Keeps a tensor of a recording for the backward pass where everything else is made again (see record). Returns the tensor. */
  keep(tensor: Tensor): Tensor {
    this.recording?.recipes.keep(tensor);
    return tensor;
  }

  // ---- places, for messages that name the layer

  /** Names the part of a model that `work` belongs to; errors and GPU labels made inside carry it. */
  at<T>(place: string, work: () => T): T {
    this.#places.push(place);
    try {
      return work();
    } finally {
      this.#places.pop();
    }
  }

  /** The current place, such as "G.model.12: ", or nothing. */
  place(): string {
    return this.#places.length ? `${this.#places.join(".")}: ` : "";
  }

  /** Destroys every buffer of this engine, those of tensors that are still alive included, and the device if it is its own. */
  dispose(): void {
    if (this.#disposed) return;
    this.trimMemory();
    this.#disposed = true;
    this.#failure ??= new DisposedError("the engine was disposed", "Open another one.");
    this.#ledger.close();
    this.device.removeEventListener("uncapturederror", this.#onError);
    if (this.#ownsDevice) this.device.destroy();
  }
}
