// The matrix product that all operators share: strided operands, bias, ReLU and accumulation, with the kernels of each
// direct variant.
import {
  matmul_broadcast,
  matmul_broadcast_vec4,
  matmul_tiled,
  matmul_tiled_sums,
} from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import type { Tensor } from "../../core/tensor.js";
import { workgroupsFor } from "../../device/kernel-source.js";
import { chooseTiles, countTiles, maxTileK, type TileChoice } from "../lib/tiles.js";
import { CPU_OCCUPANCY, type DirectVariant, directVariantFor, tiledVariants } from "../lib/variants.js";
import { sumInto } from "../reduction/index.js";

/** y[z, m, n] = f(bias[n] + sum over k of a[z, m, k] b[z, k, n]) (+ y): sizes, and strides in elements. */
export interface Product {
  batch: number;
  m: number;
  n: number;
  k: number;
  a: { tensor: Tensor; batch: number; m: number; k: number };
  b: { tensor: Tensor; base?: number; batch: number; k: number; n: number };
  /** Contiguous [batch, m, n]. */
  y: Tensor;
  bias?: Tensor;
  relu?: boolean;
  accumulate?: boolean;
  /** Filled with the sums of a over k: [batch, m]. */
  sums?: Tensor;
}

/** Rows per workgroup of the broadcast kernels, and the time per row relative to that with 8, measured on lavapipe. */
const BROADCAST_ROWS = [
  { rows: 8, time: 1 },
  { rows: 16, time: 0.88 },
  { rows: 32, time: 0.78 },
];

/** The fastest number of rows that gives enough workgroups, `across` of them per block of rows. Pure. */
export function broadcastRows(m: number, across: number): number {
  const time = (choice: (typeof BROADCAST_ROWS)[number]) => Math.ceil(m / choice.rows) * choice.rows * choice.time;
  const fill = BROADCAST_ROWS.filter(({ rows }) => Math.ceil(m / rows) * across >= CPU_OCCUPANCY);
  return fill.reduce((best, choice) => (time(choice) < time(best) ? choice : best), BROADCAST_ROWS[0]).rows;
}

const multiplesOf4 = (...strides: number[]) => strides.every((stride) => stride % 4 === 0);

/** Bindings and params of all kernels, and which operands can be loaded as vec4s. */
function prepare({ batch, m, n, k, a, b, y, bias, relu = false, accumulate = false }: Product) {
  const { base = 0 } = b;
  const B_ALONG_K = b.k === 1;
  return {
    // Without a bias the binding takes any buffer that is read anyway.
    bindings: { a: a.tensor, b: b.tensor, bias: bias ?? b.tensor, y },
    params: {
      batch,
      m,
      n,
      k,
      a_batch: a.batch,
      a_m: a.m,
      a_k: a.k,
      b_base: base,
      b_batch: b.batch,
      b_k: b.k,
      b_n: b.n,
      has_bias: Number(Boolean(bias)),
      relu: Number(relu),
      accumulate: Number(accumulate),
      gated: 0,
      slope: 0,
    },
    reluMask: bias || accumulate ? undefined : ("bias" as const),
    /** a is contiguous along k, and its other strides are multiples of 4. */
    A_ALONG_K: a.k === 1 && multiplesOf4(a.batch, a.m),
    /** b is contiguous along k, not along n. */
    B_ALONG_K,
    /** b is contiguous along k or n, and its other strides and the sizes are multiples of 4. */
    vec4B: (B_ALONG_K || b.n === 1) && multiplesOf4(n, k, base, b.batch, B_ALONG_K ? b.n : b.k),
  };
}

function runTiled(gpu: Gpu, tile: TileChoice, product: Product): void {
  const { batch, m, n, sums } = product;
  const { bindings, params, reluMask } = prepare(product);
  const tiles = chooseTiles(gpu, tile, m, n, batch);
  const constants = { ...tiles, TILE_K: maxTileK(tiles) < 16 ? 8 : 16 };
  const run = { params, grid: countTiles(tiles, m, n) * batch, constants, reluMask };
  if (sums) gpu.dispatch(matmul_tiled_sums, { ...run, bindings: { ...bindings, sums } });
  else gpu.dispatch(matmul_tiled, { ...run, bindings });
}

function runBroadcast(gpu: Gpu, product: Product): void {
  const { batch, m, n, k, a, sums } = product;
  const { bindings, params, reluMask, A_ALONG_K, B_ALONG_K, vec4B } = prepare(product);
  const LANES = gpu.subgroupSize;
  const groups = workgroupsFor(matmul_broadcast, Math.ceil(n / 4), { LANES });
  const rows = broadcastRows(m, groups * batch);
  const ROW_BLOCKS = rows / 8;
  const grid = groups * Math.ceil(m / rows) * batch;
  if ((A_ALONG_K || a.m === 1) && vec4B) {
    const constants = { LANES, ROW_BLOCKS, A_ALONG_K, B_ALONG_K };
    const vec4Bindings = { ...bindings, a_vec4s: a.tensor };
    gpu.dispatch(matmul_broadcast_vec4, { bindings: vec4Bindings, params, grid, constants, reluMask });
  } else {
    gpu.dispatch(matmul_broadcast, { bindings, params, grid, constants: { LANES, ROW_BLOCKS }, reluMask });
  }
  if (!sums) return;
  // This a is contiguous along m or along k, and along both where one of them is 1.
  const last = a.tensor.shape.length - 1;
  const alongK = a.k === 1 && a.tensor.shape[last] === k;
  sumInto(gpu, a.tensor, [alongK ? last : last - 1], sums);
}

const kernels: { readonly [name in DirectVariant]: (gpu: Gpu, product: Product) => void } = {
  ...tiledVariants((tile) => (gpu: Gpu, product: Product) => runTiled(gpu, tile, product)),
  broadcast: runBroadcast,
};

export const runProduct = (gpu: Gpu, variant: DirectVariant, product: Product): void => kernels[variant](gpu, product);

const hasKernels = (name: string): name is DirectVariant => Object.hasOwn(kernels, name);

/** The variant of products inside other operators: the one forced for matmul, else the profile's. */
export function productVariant(gpu: Gpu): DirectVariant {
  const forced = gpu.variants.forced("matmul");
  return forced !== undefined && hasKernels(forced) ? forced : directVariantFor(gpu);
}
