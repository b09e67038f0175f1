// The variants that every operator with heavy arithmetic has: kernels that stage tiles in workgroup memory, in the
// tile that suits the shape or in a given one, and kernels that broadcast across a subgroup and touch no workgroup
// memory in their inner loop. The latter are for software adapters.
import type { AdapterTraits } from "../../device/adapter.js";
import type { TileChoice, TilesName } from "./tiles.js";

/** Workgroups that fill a CPU, of the kernels for software adapters. */
export const CPU_FILLING = 32;

export type TiledVariant = "tiled" | `tiled_${TilesName}`;
export type DirectVariant = TiledVariant | "broadcast";

/** One entry per tiled variant, made by a function of its tile. */
export const tiledVariants = <F>(forward: (tile: TileChoice) => F): { readonly [name in TiledVariant]: F } => ({
  tiled: forward("suitable"),
  tiled_128x128: forward("128x128"),
  tiled_64x128: forward("64x128"),
  tiled_64x64: forward("64x64"),
  tiled_32x64: forward("32x64"),
  tiled_16x64: forward("16x64"),
  tiled_4x256: forward("4x256"),
});

/** One entry per direct variant, for operators whose variants differ in the matrix products inside alone. */
export const directVariants = <F>(forward: (variant: DirectVariant) => F): { readonly [name in DirectVariant]: F } => ({
  ...tiledVariants((tile) => forward(tile === "suitable" ? "tiled" : `tiled_${tile}`)),
  broadcast: forward("broadcast"),
});

/** Pure: the direct variant that suits an adapter. */
export const directVariantFor = ({ profile, subgroupSize }: AdapterTraits): "broadcast" | "tiled" =>
  profile === "software" && subgroupSize >= 4 ? "broadcast" : "tiled";

/** directVariantFor() with the arguments of an operator's `choose`. */
export const chooseByProfile = (_shapes: unknown, _options: unknown, adapter: AdapterTraits): "broadcast" | "tiled" =>
  directVariantFor(adapter);
