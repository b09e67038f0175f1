// What the engine asks of an adapter: its kernel profile, its subgroups, and its name in files and on terminals. Pure
// facts of GPUAdapterInfo (https://www.w3.org/TR/webgpu/#gpuadapterinfo); imports nothing, so that everybody may import
// it.

/** Kernels for GPUs (tiles in workgroup memory) or for software adapters (no barriers, subgroup broadcasts). */
export type Profile = "gpu" | "software";

/** How activations are stored; arithmetic is always in f32. */
export type Precision = "f32" | "f16";

/** What the choice of a kernel may depend on. */
export interface AdapterTraits {
  readonly profile: Profile;
  /** Lanes of a subgroup where that number is fixed and subgroups are there, else 0. */
  readonly subgroupSize: number;
  /** Absent: f32. */
  readonly precision?: Precision;
}

/** The profile that suits an adapter. */
export function profileOf(info: GPUAdapterInfo): Profile {
  const software = info.isFallbackAdapter || info.architecture === "software" || info.architecture === "swiftshader";
  return software ? "software" : "gpu";
}

/** Lanes of a subgroup if the device has subgroups of one fixed size, else 0. */
export function fixedSubgroupSize(features: GPUSupportedFeatures, info: GPUAdapterInfo): number {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const fixed = features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
  return fixed ? (subgroupMaxSize ?? 0) : 0;
}

/**
 * The adapter's name in files, by which benchmark rows and tuning tables are kept and compared: device (or vendor and
 * architecture), then what the driver says of itself.
 *
 * @example
 * ```ts
 * console.log(adapterName(gpu)); // the device, then what its driver says of itself
 * ```
 */
export function adapterName({ info }: { info: GPUAdapterInfo }): string {
  const { vendor, architecture, device, description } = info;
  const clean = (text: string) => text.replace(/^[\s-]+|[\s-]+$/g, "");
  return [device || [vendor, architecture].filter(Boolean).join(" "), description]
    .map(clean)
    .filter(Boolean)
    .join(", ");
}

/** The adapter in a line for people: vendor, then what the driver says of itself, or else device or architecture. */
export function adapterLabel({ info }: { info: GPUAdapterInfo }): string {
  return [info.vendor, info.description || info.device || info.architecture].filter(Boolean).join(" ");
}
