// Which tile the tiled products (shaders/lib/tiled_gemm.wgsl) use: a heuristic by shape alone. Limits: the thresholds
// were measured on an NVIDIA H100 (bench/results has its times by tile); `cutgpu tune` measures every tile on yours.
import type { Gpu } from "../../core/gpu.js";
import { profileOf } from "../../device/adapter.js";

/** The constants of shaders/lib/tiled_gemm.wgsl. */
export interface Tiles {
  TILE_M: number;
  TILE_N: number;
  THREAD_M: number;
  THREAD_N: number;
}

/** All tiles by rows x columns, each within the 256 invocations per workgroup that every adapter supports. */
export const TILES = {
  "128x128": { TILE_M: 128, TILE_N: 128, THREAD_M: 2, THREAD_N: 2 },
  "64x128": { TILE_M: 64, TILE_N: 128, THREAD_M: 2, THREAD_N: 2 },
  "64x64": { TILE_M: 64, TILE_N: 64, THREAD_M: 2, THREAD_N: 1 },
  "32x64": { TILE_M: 32, TILE_N: 64, THREAD_M: 1, THREAD_N: 1 },
  "16x64": { TILE_M: 16, TILE_N: 64, THREAD_M: 1, THREAD_N: 1 },
  "4x256": { TILE_M: 4, TILE_N: 256, THREAD_M: 1, THREAD_N: 1 },
} as const satisfies { [name: string]: Tiles };

export type TilesName = keyof typeof TILES;

/** A tile by its name, or the heuristic's. */
export type TileChoice = TilesName | "auto";

/** Workgroups for full occupancy of a large GPU: two on each of some 130 multiprocessors. */
const FULL_OCCUPANCY = 256;

/** Workgroups that leave no multiprocessor of it idle. */
const HALF_OCCUPANCY = FULL_OCCUPANCY / 2;

/** Tile quantization that a large tile may have: results computed, out of bounds or not, over those of 64 x 64. */
const MAX_QUANTIZATION = 1.25;

/**
 * The tile for products of [m, k] and [k, n]: a large one where it gives enough workgroups for a large GPU, because it
 * loads operands the fewest times; one of few rows for few rows and for small products. `batch` counts independent
 * products. `large` has the candidates among the large tiles, the best first.
 */
export function heuristicTile(
  m: number,
  n: number,
  batch: number,
  large: readonly TilesName[] = ["128x128", "64x128"],
): TilesName {
  // Results computed out of bounds must not cost more than a large tile saves.
  const computed = (tiles: Tiles) => countTiles(tiles, m, n) * tiles.TILE_M * tiles.TILE_N;
  const efficient = (tiles: Tiles) => computed(tiles) <= MAX_QUANTIZATION * computed(TILES["64x64"]);
  const workgroups = (tiles: Tiles) => countTiles(tiles, m, n) * batch;
  if (m <= TILES["4x256"].TILE_M && workgroups(TILES["4x256"]) > HALF_OCCUPANCY) return "4x256";
  if (m <= TILES["16x64"].TILE_M) return "16x64";
  if (m <= TILES["32x64"].TILE_M) return "32x64";
  return (
    large.find((name) => workgroups(TILES[name]) >= FULL_OCCUPANCY && efficient(TILES[name])) ??
    // Small products: idle multiprocessors cost more than loading operands more often.
    (["64x64", "32x64"] as const).find((name) => workgroups(TILES[name]) >= HALF_OCCUPANCY) ??
    "16x64"
  );
}

/** Splits of the sum over k (split-K) where the tiles alone give too few workgroups for a large GPU. */
export const splitsOf = (workgroups: number): number => Math.max(1, Math.floor(FULL_OCCUPANCY / workgroups));

/** Tiles of one product. */
export const countTiles = ({ TILE_M, TILE_N }: Tiles, m: number, n: number): number =>
  Math.ceil(m / TILE_M) * Math.ceil(n / TILE_N);

/** The constants for a product. On software adapters, in either profile, the longest loop is not unrolled. */
export function chooseTiles(
  gpu: Gpu,
  tile: TileChoice,
  ...product: Parameters<typeof heuristicTile>
): Tiles & { UNROLL: boolean } {
  const name = tile === "auto" ? heuristicTile(...product) : tile;
  return { ...TILES[name], UNROLL: profileOf(gpu.info) !== "software" };
}

/** Workgroup memory that every adapter has, in units of 4 bytes. */
const WORKGROUP_MEMORY = 4096;

/** With more k in a K tile, registers for the next one's elements would cost more than fewer barriers save. */
const MAX_TILE_K = 18;

/** vec4s of the next K tile of b that an invocation may hold in registers, with their addresses. */
const MAX_VEC4S = 5;

/** The largest TILE_K for a tile. */
export const maxTileK = ({ TILE_M, TILE_N, THREAD_M, THREAD_N }: Tiles): number =>
  Math.min(
    MAX_TILE_K,
    Math.floor(WORKGROUP_MEMORY / (TILE_M + 4 + TILE_N + 4)),
    // Every invocation loads (TILE_N / 4) * TILE_K / invocations vec4s of b.
    Math.floor((MAX_VEC4S * TILE_M) / (4 * THREAD_M * THREAD_N)),
  );
