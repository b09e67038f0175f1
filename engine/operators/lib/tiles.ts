// Which tile the tiled products (shaders/lib/tiled_gemm.wgsl) work in: a pure function of the shape. Limits: the
// thresholds suit an NVIDIA H100 (bench/results has its times by tile); `cutgpu tune` measures every tile on yours.
import { profileOf } from "../../device/adapter.js";
import type { Gpu } from "../../device/gpu.js";

/** The constants of shaders/lib/tiled_gemm.wgsl. */
export interface Tiles {
  TILE_M: number;
  TILE_N: number;
  THREAD_M: number;
  THREAD_N: number;
}

/** The tiles there are, by rows x columns, each within the 256 invocations that every adapter has. */
export const TILES = {
  "128x128": { TILE_M: 128, TILE_N: 128, THREAD_M: 2, THREAD_N: 2 },
  "64x128": { TILE_M: 64, TILE_N: 128, THREAD_M: 2, THREAD_N: 2 },
  "64x64": { TILE_M: 64, TILE_N: 64, THREAD_M: 2, THREAD_N: 1 },
  "32x64": { TILE_M: 32, TILE_N: 64, THREAD_M: 1, THREAD_N: 1 },
  "16x64": { TILE_M: 16, TILE_N: 64, THREAD_M: 1, THREAD_N: 1 },
  "4x256": { TILE_M: 4, TILE_N: 256, THREAD_M: 1, THREAD_N: 1 },
} as const satisfies { [name: string]: Tiles };

export type TilesName = keyof typeof TILES;

/** A tile by its name, or the one that suits the shape. */
export type TileChoice = TilesName | "suitable";

/** Workgroups that fill a large GPU: two on each of some 130 multiprocessors. */
const FILLING = 256;

/** Workgroups that leave no multiprocessor of one without work. */
const OCCUPYING = FILLING / 2;

/** The largest tile may compute so many times the results of the next one, those beyond the matrix included. */
const MOST_WASTE = 1.25;

/**
 * The tile for products of [m, k] and [k, n]: a large one where there are enough workgroups to fill a large GPU,
 * because it reads its operands the fewest times; a low one for few rows and for small products. `batch` counts
 * products that can run beside each other. `large` are the large tiles that come into question, the best first.
 */
export function suitableTile(
  m: number,
  n: number,
  batch: number,
  large: readonly TilesName[] = ["128x128", "64x128"],
): TilesName {
  // Rows and columns that a tile computes in vain must not cost more than it saves.
  const computed = (tiles: Tiles) => countTiles(tiles, m, n) * tiles.TILE_M * tiles.TILE_N;
  const frugal = (tiles: Tiles) => computed(tiles) <= MOST_WASTE * computed(TILES["64x64"]);
  const workgroups = (tiles: Tiles) => countTiles(tiles, m, n) * batch;
  if (m <= TILES["4x256"].TILE_M && workgroups(TILES["4x256"]) > OCCUPYING) return "4x256";
  if (m <= TILES["16x64"].TILE_M) return "16x64";
  if (m <= TILES["32x64"].TILE_M) return "32x64";
  return (
    large.find((name) => workgroups(TILES[name]) >= FILLING && frugal(TILES[name])) ??
    // Small products: multiprocessors without work cost more than operands that are read again.
    (["64x64", "32x64"] as const).find((name) => workgroups(TILES[name]) >= OCCUPYING) ??
    "16x64"
  );
}

/** Into how many sums each sum is cut, where so many workgroups alone would leave a large GPU without work. */
export const splitsOf = (workgroups: number): number => Math.max(1, Math.floor(FILLING / workgroups));

/** Tiles of one product. */
export const countTiles = ({ TILE_M, TILE_N }: Tiles, m: number, n: number): number =>
  Math.ceil(m / TILE_M) * Math.ceil(n / TILE_N);

/** The constants for a product. On software adapters, in either profile, ROLLED keeps the longest loop as it is. */
export function chooseTiles(
  gpu: Gpu,
  tile: TileChoice,
  ...product: Parameters<typeof suitableTile>
): Tiles & { ROLLED: boolean } {
  const name = tile === "suitable" ? suitableTile(...product) : tile;
  return { ...TILES[name], ROLLED: profileOf(gpu.info) === "software" };
}

/** Workgroup memory that every adapter has, in numbers of 4 bytes. */
const WORKGROUP_MEMORY = 4096;

/** More terms in a slice would take more registers, for the next slice's elements, than they save barriers. */
const MOST_TERMS = 18;

/** The most quads of the next slice's columns that an invocation holds in registers, with where each is found. */
const MOST_QUADS = 5;

/** The most terms of a slice that fit a tile. */
export const mostTerms = ({ TILE_M, TILE_N, THREAD_M, THREAD_N }: Tiles): number =>
  Math.min(
    MOST_TERMS,
    Math.floor(WORKGROUP_MEMORY / (TILE_M + 4 + TILE_N + 4)),
    // An invocation loads a quad of every so many terms.
    Math.floor((MOST_QUADS * TILE_M) / (4 * THREAD_M * THREAD_N)),
  );
