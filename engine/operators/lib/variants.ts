// The variants that every operator with heavy arithmetic has: kernels that stage tiles in workgroup memory, in the tile that the
// shape calls for or in a given one, and kernels that broadcast across a subgroup and touch no workgroup memory on their hot
// path. The last are for software adapters.
import type { Forward, Inputs } from "../../core/operator.js";
import type { AdapterTraits } from "../../device/adapter.js";
import { TILES, type TilesName } from "./tiles.js";

export type DirectVariant = "tiled" | `tiled_${TilesName}` | "broadcast";

const TILED = ["tiled", ...(Object.keys(TILES) as TilesName[]).map((name) => `tiled_${name}` as const)] as const;

export const DIRECT_VARIANTS: readonly DirectVariant[] = [...TILED, "broadcast"];

export const isTiled = (variant: string): boolean => (TILED as readonly string[]).includes(variant);

/** Pure: the adapter in, the name of a variant out. */
export const chooseByProfile = (_shapes: unknown, _options: unknown, adapter: AdapterTraits): "broadcast" | "tiled" =>
  adapter.profile === "software" && adapter.subgroupSize >= 4 ? "broadcast" : "tiled";

/** A callable for each variant by its name. */
export const forEachVariant = <I extends Inputs, O, V extends string>(
  names: readonly V[],
  forward: (variant: V) => Forward<I, O>,
): { readonly [name in V]: Forward<I, O> } =>
  Object.fromEntries(names.map((name) => [name, forward(name)])) as { [name in V]: Forward<I, O> };
