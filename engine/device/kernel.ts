// A .wgsl file made runnable. build.mjs reflects every shader into a KernelSource: bindings in order, uniform members
// with their offsets, tunable constants with their defaults. Here a source and chosen constants become a pipeline,
// compiled once and cached. Constants replace the defaults in the text, because they size arrays and unroll loops (an
// `override` cannot).
// Bind group layouts are explicit, with a dynamic uniform offset, so one bind group serves any slot of a uniform
// buffer.

import { GpuError, ShapeError } from "../core/errors.js";
import { roundUpBytes } from "./memory.js";
import { ShaderStage } from "./webgpu-flags.js";

export interface KernelSource {
  readonly name: string;
  readonly bindings: readonly { readonly name: string; readonly binding: number; readonly access: "read" | "write" }[];
  readonly params: readonly { readonly name: string; readonly type: string; readonly offset: number }[];
  readonly paramsSize: number;
  readonly constants: { readonly [name: string]: number | boolean };
  /** Values of the tunable constant OP by name, where the kernel has operations to choose from. */
  readonly ops?: { readonly [name: string]: number };
  /** Invocations of a workgroup along its axes: numbers, or names of the constants that give them. */
  readonly workgroupSize: readonly (number | string)[];
  readonly subgroups: boolean;
  readonly code: string;
}

export type BindingNames<K extends KernelSource> = K["bindings"][number]["name"];
export type Params<K extends KernelSource> = { [P in K["params"][number]["name"]]: number };
export type Constants<K extends KernelSource> = {
  readonly [C in keyof K["constants"]]?: K["constants"][C] extends boolean
    ? boolean
    : K["constants"][C] extends number
      ? number
      : number | boolean;
};

/**
 * Workgroups of a dispatch: a number is a one-dimensional grid, folded where it exceeds 65535. Operators give no other,
 * so that no shape is too large for them.
 */
export type Grid = number | readonly [number, number, number];

/** What a binding gets: so many bytes of a buffer. */
export interface BoundBuffer {
  buffer: GPUBuffer;
  offset: number;
  bytes: number;
}

export const UNIFORM_SLOT = 256;
const MAX_GROUPS = 65535;

/** A one-dimensional grid, near-square where it must be folded; shaders undo it with flat_index(). */
export function foldGrid(groups: Grid): readonly [number, number, number] {
  if (typeof groups !== "number") {
    if (groups.some((n) => n > MAX_GROUPS))
      throw new GpuError(`a grid of ${groups.join(" x ")} workgroups is too large`);
    return groups;
  }
  if (groups <= MAX_GROUPS) return [groups, 1, 1];
  const rows = Math.ceil(Math.sqrt(groups));
  const columns = Math.ceil(groups / rows);
  return [rows, columns, 1];
}

/** Workgroups for so many invocations along the first axis, by the kernel's own workgroup size. */
export function workgroupsFor<K extends KernelSource>(
  source: K,
  invocations: number,
  constants?: Constants<K>,
): number {
  const [width] = source.workgroupSize;
  if (typeof width === "number") return Math.ceil(invocations / width);
  const chosen = (constants as { readonly [name: string]: number } | undefined)?.[width] ?? source.constants[width];
  if (typeof chosen !== "number") throw new GpuError(`the kernel ${source.name} does not say its workgroup size`);
  return Math.ceil(invocations / chosen);
}

export class Kernel {
  readonly source: KernelSource;
  readonly layout: GPUBindGroupLayout;
  readonly label: string;
  readonly #device: GPUDevice;
  readonly #descriptor: () => GPUComputePipelineDescriptor;
  #pipeline: GPUComputePipeline | undefined;
  #pending: Promise<void> | undefined;

  constructor(device: GPUDevice, source: KernelSource, constants: { readonly [name: string]: number | boolean }) {
    this.#device = device;
    this.source = source;
    const chosen = Object.entries(constants).map(([name, value]) => `${name}=${value}`);
    this.label = chosen.length ? `${source.name}(${chosen.join(",")})` : source.name;
    this.layout = device.createBindGroupLayout({
      label: this.label,
      entries: [
        ...source.bindings.map(({ binding, access }) => ({
          binding,
          visibility: ShaderStage.COMPUTE,
          buffer: { type: access === "write" ? ("storage" as const) : ("read-only-storage" as const) },
        })),
        ...(source.paramsSize
          ? [
              {
                binding: source.bindings.length,
                visibility: ShaderStage.COMPUTE,
                buffer: { type: "uniform" as const, hasDynamicOffset: true, minBindingSize: source.paramsSize },
              },
            ]
          : []),
      ],
    });
    this.#descriptor = () => ({
      label: this.label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.layout] }),
      compute: { module: device.createShaderModule({ label: this.label, code: specialize(source, constants) }) },
    });
  }

  /** The pipeline, compiled now if it has not been. */
  get pipeline(): GPUComputePipeline {
    this.#pipeline ??= this.#device.createComputePipeline(this.#descriptor());
    return this.#pipeline;
  }

  /** Compiles beside others, without blocking; after it `pipeline` costs nothing. */
  compile(): Promise<void> {
    if (this.#pipeline) return Promise.resolve();
    this.#pending ??= this.#device.createComputePipelineAsync(this.#descriptor()).then(
      (pipeline) => {
        this.#pipeline = pipeline;
      },
      (cause: Error) => {
        throw new GpuError(`the kernel ${this.label} did not compile: ${cause.message}`);
      },
    );
    return this.#pending;
  }

  /** Writes the uniform's members at their reflected offsets. */
  packParams(params: { readonly [name: string]: number }, into: DataView, start: number): void {
    for (const { name, type, offset } of this.source.params) {
      const value = params[name];
      if (!(type === "f32" ? typeof value === "number" : Number.isInteger(value)))
        throw new ShapeError(`${this.label}: the param ${name} cannot be ${value}`, `Give it a ${type}.`);
      if (type === "f32") into.setFloat32(start + offset, value, true);
      else if (type === "i32") into.setInt32(start + offset, value, true);
      else into.setUint32(start + offset, value, true);
    }
  }

  bindGroup(buffers: readonly BoundBuffer[], uniforms: GPUBuffer | null): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = buffers.map(({ buffer, offset, bytes }, binding) => ({
      binding,
      resource: { buffer, offset, size: roundUpBytes(bytes) },
    }));
    if (this.source.paramsSize && uniforms) {
      entries.push({ binding: buffers.length, resource: { buffer: uniforms, size: this.source.paramsSize } });
    }
    return this.#device.createBindGroup({ label: this.label, layout: this.layout, entries });
  }
}

/** The shader's text with the chosen constants in the place of their defaults. */
export function specialize(source: KernelSource, constants: { readonly [name: string]: number | boolean }): string {
  let code = source.code;
  for (const [name, value] of Object.entries(constants)) {
    if (!(name in source.constants)) throw new GpuError(`the kernel ${source.name} has no constant ${name}`);
    code = code.replace(new RegExp(`^(const ${name}: (\\w+) = )[^;]+;`, "m"), (_, head: string, type: string) => {
      const literal = type === "f32" && Number.isInteger(value) ? `${value}.0` : String(value);
      return `${head}${literal};`;
    });
  }
  return code;
}

/** Pipelines of one device, by source and constants. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<KernelSource, Map<string, Kernel>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get(source: KernelSource, constants: { readonly [name: string]: number | boolean } = {}): Kernel {
    let variants = this.#kernels.get(source);
    if (!variants) {
      variants = new Map();
      this.#kernels.set(source, variants);
    }
    let key = "";
    for (const name in constants) key += `${name}=${constants[name]};`;
    let kernel = variants.get(key);
    if (!kernel) {
      kernel = new Kernel(this.#device, source, constants);
      variants.set(key, kernel);
    }
    return kernel;
  }
}
