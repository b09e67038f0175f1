// The variants that every operator with heavy arithmetic has: kernels that stage tiles in workgroup memory, with the
// heuristic's tile or a given one, and kernels for software adapters that broadcast across a subgroup and use no
// workgroup memory.
import type { AdapterTraits } from "../../device/adapter.js";
import type { TileChoice, TilesName } from "./tiles.js";

/** Workgroups that occupy all cores of a CPU, for the kernels for software adapters. */
export const CPU_OCCUPANCY = 32;

export type TiledVariant = "tiled" | `tiled_${TilesName}`;
export type DirectVariant = TiledVariant | "broadcast";

/** One entry per tiled variant, made by a function of its tile. */
export const tiledVariants = <F>(forward: (tile: TileChoice) => F): { readonly [name in TiledVariant]: F } => ({
  tiled: forward("auto"),
  tiled_128x128: forward("128x128"),
  tiled_64x128: forward("64x128"),
  tiled_64x64: forward("64x64"),
  tiled_32x64: forward("32x64"),
  tiled_16x64: forward("16x64"),
  tiled_4x256: forward("4x256"),
});

/** One entry per direct variant, for operators whose variants differ only in the matrix products inside. */
export const directVariants = <F>(forward: (variant: DirectVariant) => F): { readonly [name in DirectVariant]: F } => ({
  ...tiledVariants((tile) => forward(tile === "auto" ? "tiled" : `tiled_${tile}`)),
  broadcast: forward("broadcast"),
});

/** Pure: the direct variant that suits an adapter. */
export const directVariantFor = ({ profile, subgroupSize }: AdapterTraits): "broadcast" | "tiled" =>
  profile === "software" && subgroupSize >= 4 ? "broadcast" : "tiled";

/** directVariantFor() with the arguments of an operator's `choose`. */
export const chooseByProfile = (_shapes: unknown, _options: unknown, adapter: AdapterTraits): "broadcast" | "tiled" =>
  directVariantFor(adapter);
