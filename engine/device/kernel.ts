// Kernels: the pipelines of a device. A source and chosen constants become a pipeline, compiled once and cached.
// Constants replace the defaults in the text, because they size arrays and unroll loops (an `override` cannot).
// Bind group layouts are explicit, with a dynamic uniform offset, so one bind group serves any slot of a uniform
// buffer.

import { GpuError, ShapeError } from "../lib/errors.js";
import { getOrInsert } from "../lib/maps.js";
import type { Halves } from "./half.js";
import { accessesOf, type KernelSource, specialize } from "./kernel-source.js";
import { roundUpBytes } from "./memory.js";
import { loadSoftwareKernels } from "./software-kernels.js";
import { STAGE_COMPUTE } from "./webgpu-flags.js";

/** The buffer range of a binding. */
export interface BoundBuffer {
  buffer: GPUBuffer;
  offset: number;
  bytes: number;
}

type Rewrite = (code: string) => string;

export const UNIFORM_SLOT = 256;

export class Kernel {
  readonly source: KernelSource;
  readonly layout: GPUBindGroupLayout;
  readonly label: string;
  /** 0 for a kernel without a uniform. */
  readonly uniformBytes: number;
  readonly #device: GPUDevice;
  readonly #code: () => string;
  #module: GPUShaderModule | undefined;
  #pipeline: GPUComputePipeline | undefined;
  #pending: Promise<void> | undefined;
  #validated: boolean;
  #failure: GpuError | undefined;

  constructor(
    device: GPUDevice,
    source: KernelSource,
    constants: { readonly [name: string]: number | boolean },
    rewrite: Rewrite = (code) => code,
  ) {
    this.#device = device;
    this.source = source;
    this.#code = () => rewrite(specialize(source, constants));
    this.#validated = !source.custom;
    const chosen = Object.entries(constants).map(([name, value]) => `${name}=${value}`);
    this.label = chosen.length ? `${source.name}(${chosen.join(",")})` : source.name;
    const buffers: GPUBufferBindingLayout[] = accessesOf(source).map((access) => ({
      type: access === "write" ? "storage" : "read-only-storage",
    }));
    const minBindingSize = Math.ceil(Object.keys(source.params).length / 4) * 16;
    this.uniformBytes = minBindingSize;
    if (minBindingSize) buffers.push({ type: "uniform", hasDynamicOffset: true, minBindingSize });
    this.layout = device.createBindGroupLayout({
      label: this.label,
      entries: buffers.map((buffer, binding) => ({ binding, visibility: STAGE_COMPUTE, buffer })),
    });
  }

  #describe(): GPUComputePipelineDescriptor {
    this.#module = this.#device.createShaderModule({ label: this.label, code: this.#code() });
    const layout = this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    return { label: this.label, layout, compute: { module: this.#module } };
  }

  /** Whether it is known to compile. Until then its commands must be submitted alone, by validate(). */
  get validated(): boolean {
    return this.#validated;
  }

  /** The pipeline, compiled now if it has not been. Throws a GpuError where it is known not to compile. */
  get pipeline(): GPUComputePipeline {
    if (this.#failure) throw this.#failure;
    this.#pipeline ??= this.#device.createComputePipeline(this.#describe());
    return this.#pipeline;
  }

  /** Compiles in the background; afterwards `pipeline` returns at once. */
  compile(): Promise<void> {
    if (this.#pipeline && this.#validated) return Promise.resolve();
    this.#pending ??= this.#compile();
    return this.#pending;
  }

  async #compile(): Promise<void> {
    // Planning engines have not loaded them.
    if (!this.source.code) await loadSoftwareKernels();
    // The shader module's error repeats that of the pipeline, so it is caught and ignored.
    this.#device.pushErrorScope("validation");
    const pipeline = this.#device.createComputePipelineAsync(this.#describe());
    this.#device.popErrorScope().catch(() => undefined);
    try {
      this.#pipeline = await pipeline;
      this.#validated = true;
    } catch (cause) {
      throw await this.#compileError((cause as Error).message);
    }
  }

  /**
   * Runs `work`, which submits commands of this kernel only, in an error scope. Resolves to the error if the kernel
   * does not compile; later uses throw it, too. `work` must not await anything.
   */
  validate(work: () => void): Promise<GpuError | undefined> {
    this.#device.pushErrorScope("validation");
    try {
      work();
    } finally {
      this.#pending = this.#device.popErrorScope().then(async (error) => {
        if (error) await this.#compileError(error.message);
        else this.#validated = this.#pipeline !== undefined;
      });
    }
    // A lost device is reported elsewhere.
    return this.#pending.then(
      () => this.#failure,
      () => undefined,
    );
  }

  /** The error for a kernel that does not compile: the compiler's first message with line and column. */
  async #compileError(cause: string): Promise<GpuError> {
    const messages = (await this.#module?.getCompilationInfo())?.messages ?? [];
    const first = messages.find(({ type }) => type === "error");
    const why = first ? `${this.source.name}.wgsl:${first.lineNum}:${first.linePos}: ${first.message}` : cause;
    this.#failure ??= new GpuError(`the kernel ${this.label} did not compile: ${why}`);
    return this.#failure;
  }

  /** Writes the members of the uniform in order. */
  packParams(params: { readonly [name: string]: number }, into: DataView, start: number): void {
    const types = this.source.params;
    let at = start;
    for (const name in types) {
      const [type, value] = [types[name], params[name]];
      if (!(type === "f32" ? typeof value === "number" : Number.isInteger(value)))
        throw new ShapeError(`${this.label}: the param ${name} cannot be ${value}`, `Give it a ${type}.`);
      if (type === "f32") into.setFloat32(at, value, true);
      else if (type === "i32") into.setInt32(at, value, true);
      else into.setUint32(at, value, true);
      at += 4;
    }
  }

  bindGroup(buffers: readonly BoundBuffer[], uniforms: GPUBuffer | null): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = buffers.map(({ buffer, offset, bytes }, binding) => ({
      binding,
      resource: { buffer, offset, size: roundUpBytes(bytes) },
    }));
    const size = this.uniformBytes;
    if (size && uniforms) entries.push({ binding: buffers.length, resource: { buffer: uniforms, size } });
    return this.#device.createBindGroup({ label: this.label, layout: this.layout, entries });
  }
}

/** Pipelines of one device, by source and constants. */
export class KernelCache {
  /** Adapts kernels to f16 storages, on an engine opened with f16. */
  halves: Halves | null = null;
  /** Rewrites WGSL before compilation. Not applied to user kernels, so that their error line numbers stay right. */
  rewrite: Rewrite | undefined;
  readonly #device: GPUDevice;
  readonly #kernels = new Map<KernelSource, Map<string, Kernel>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The kernel with these constants, for the storages that it will be bound to, in the order of its bindings. */
  get(
    kernel: KernelSource,
    constants: { readonly [name: string]: number | boolean } = {},
    storages: readonly { readonly half: boolean }[] = [],
  ): Kernel {
    const source = this.halves?.sourceFor(kernel, storages, constants) ?? kernel;
    let key = "";
    for (const name in constants) key += `${name}=${constants[name]};`;
    return getOrInsert(
      getOrInsert(this.#kernels, source, () => new Map<string, Kernel>()),
      key,
      () => new Kernel(this.#device, source, constants, source.custom ? undefined : this.rewrite),
    );
  }
}
