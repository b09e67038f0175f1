// The choice that every operator with heavy arithmetic has: kernels that stage tiles in workgroup memory, and kernels that
// broadcast across a subgroup and touch no workgroup memory on their hot path. The second are for adapters that are a CPU.
import type { AdapterTraits } from "../gpu.js";

export const VARIANTS = ["tiled", "broadcast"] as const;

/** Pure: the adapter in, the name of a variant out. */
export const chooseByProfile = (_shapes: unknown, _options: unknown, adapter: AdapterTraits): string =>
  adapter.profile === "software" && adapter.subgroupSize >= 4 ? "broadcast" : "tiled";
