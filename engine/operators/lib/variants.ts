// The choice that every operator with heavy arithmetic has: kernels that stage tiles in workgroup memory, in the tile that the
// shape calls for or in a given one, and kernels that broadcast across a subgroup and touch no workgroup memory on their hot
// path. The last are for adapters that are a CPU.
import type { AdapterTraits } from "../../device/gpu.js";
import { TILES, type TilesName } from "./tiles.js";

const TILED = ["tiled", ...(Object.keys(TILES) as TilesName[]).map((name) => `tiled_${name}` as const)] as const;

export const VARIANTS = [...TILED, "broadcast"] as const;

export const isTiled = (variant: string): boolean => (TILED as readonly string[]).includes(variant);

/** Pure: the adapter in, the name of a variant out. */
export const chooseByProfile = (_shapes: unknown, _options: unknown, adapter: AdapterTraits): string =>
  adapter.profile === "software" && adapter.subgroupSize >= 4 ? "broadcast" : "tiled";
