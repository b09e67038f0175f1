// Which tile the tiled products (shaders/lib/tiled_gemm.wgsl) work in: a pure function of the shape. Limits: the
// thresholds are estimates for large GPUs, not measured on one; `cutgpu tune` measures every tile.
import { profileOf } from "../../device/adapter.js";
import type { Gpu } from "../../device/gpu.js";

/** The constants of shaders/lib/tiled_gemm.wgsl. */
export interface Tiles {
  TILE_M: number;
  TILE_N: number;
  TILE_K: number;
  OWN: number;
}

/** The tiles there are, each within the 16 KiB of workgroup memory and 256 invocations that every adapter has. */
export const TILES = {
  large: { TILE_M: 128, TILE_N: 128, TILE_K: 16, OWN: 2 },
  usual: { TILE_M: 64, TILE_N: 64, TILE_K: 16, OWN: 1 },
  low: { TILE_M: 32, TILE_N: 64, TILE_K: 16, OWN: 1 },
  lowest: { TILE_M: 16, TILE_N: 64, TILE_K: 16, OWN: 1 },
} as const satisfies { [name: string]: Tiles };

export type TilesName = keyof typeof TILES;

/** Workgroups that fill a large GPU: two on each of some 130 multiprocessors. */
export const FILLING = 256;

/**
 * The tile for products of [m, k] and [k, n]: the largest, which reads its operands the fewest times, where there are
 * workgroups enough to fill a large GPU; low ones for few rows. `batch` counts products that can run beside each other.
 */
export function planTiles(m: number, n: number, batch: number): TilesName {
  if (m <= 16) return "lowest";
  if (m <= 32) return "low";
  // Rows and columns that a tile has in vain must not cost more than it saves.
  const waste = (tiles: Tiles) => (countTiles(tiles, m, n) * tiles.TILE_M * tiles.TILE_N) / (m * n);
  const fills = countTiles(TILES.large, m, n) * batch >= FILLING;
  return fills && waste(TILES.large) <= 1.25 * waste(TILES.usual) ? "large" : "usual";
}

/** Tiles of one product. */
export const countTiles = ({ TILE_M, TILE_N }: Tiles, m: number, n: number): number =>
  Math.ceil(m / TILE_M) * Math.ceil(n / TILE_N);

/**
 * The tile of a variant, "tiled" for the planned one or "tiled_" and a name, and whether loops are to stay loops: on adapters
 * that are a CPU, in either profile.
 */
export function chooseTiles(
  gpu: Gpu,
  variant: string,
  m: number,
  n: number,
  batch: number,
): Tiles & { ROLLED: boolean } {
  const name = variant === "tiled" ? planTiles(m, n, batch) : (variant.slice("tiled_".length) as TilesName);
  return { ...TILES[name], ROLLED: profileOf(gpu.info) === "software" };
}
