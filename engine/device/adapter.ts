// Properties derived from an adapter's GPUAdapterInfo (https://www.w3.org/TR/webgpu/#gpuadapterinfo): its kernel
// profile, its subgroups, and its name in files and on terminals. Imports nothing, so that every module may import it.

/** Kernels for GPUs (tiles in workgroup memory) or for software adapters (no barriers, subgroup broadcasts). */
export type Profile = "gpu" | "software";

/** How activations are stored; arithmetic is always in f32. */
export type Precision = "f32" | "f16";

/** The properties that the choice of a kernel may depend on. */
export interface AdapterTraits {
  readonly profile: Profile;
  /** Lanes of a subgroup if that number is fixed; 0 if it is not, or without subgroups. */
  readonly subgroupSize: number;
  /** By default f32. */
  readonly precision?: Precision;
  /** While a program is recorded, which loads the WGSL of whatever kernels it needs. */
  readonly recorder?: object | null;
}

/** The profile that suits an adapter. */
export function profileOf(info: GPUAdapterInfo): Profile {
  const software = info.isFallbackAdapter || info.architecture === "software" || info.architecture === "swiftshader";
  return software ? "software" : "gpu";
}

/** Lanes of a subgroup if the device has subgroups of a fixed size, else 0. */
export function fixedSubgroupSize(features: GPUSupportedFeatures, info: GPUAdapterInfo): number {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const fixed = features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
  return fixed ? (subgroupMaxSize ?? 0) : 0;
}

/**
 * The adapter's name in files, the key of benchmark rows and tuning tables: device (or vendor and architecture), then
 * the driver's description.
 *
 * @example
 * ```ts
 * console.log(adapterName(gpu)); // the device, then its driver
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

/** The adapter's name for display: vendor, then the driver's description, or else device or architecture. */
export function adapterLabel({ info }: { info: GPUAdapterInfo }): string {
  return [info.vendor, info.description || info.device || info.architecture].filter(Boolean).join(" ");
}
