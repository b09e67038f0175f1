// Matrix products, plain and batched, with either operand transposed, and the linear layer. One strided kernel serves all of
// them and their gradients.
import {
  matmul_broadcast,
  matmul_broadcast_vec4,
  matmul_tiled,
  matmul_tiled_vec4,
} from "../../../shaders/generated.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { shapeText } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { chooseTiles, countTiles } from "../lib/tiles.js";
import { chooseByProfile, DIRECT_VARIANTS, type DirectVariant, forEachVariant, isTiled } from "../lib/variants.js";
import { sum } from "../reduction/index.js";

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** [batch, rows, columns] of a matrix or a batch of them, as it enters the product. */
function dimensions(x: Tensor, transposed: boolean): [number, number, number] {
  const [batch, rows, columns] = x.shape.length === 3 ? x.shape : [1, ...x.shape];
  return transposed ? [batch, columns, rows] : [batch, rows, columns];
}

/** y[b, m, n] = f(bias[n] + sum over k of a[b, m, k] c[b, k, n]) (+ y): sizes, and strides in elements. */
export interface Product {
  batch: number;
  m: number;
  n: number;
  k: number;
  a: { tensor: Tensor; batch: number; m: number; k: number };
  c: { tensor: Tensor; base?: number; batch: number; k: number; n: number };
  /** Contiguous [batch, m, n]. */
  y: Tensor;
  bias?: Tensor;
  relu?: boolean;
  accumulate?: boolean;
}

const byFours = (...strides: number[]) => strides.every((stride) => stride % 4 === 0);

/** The one matrix product behind all operators that need one, in the kernel of a variant. */
export function runProduct(gpu: Gpu, variant: string, product: Product): void {
  const { batch, m, n, k, a, c, y, bias, relu = false, accumulate = false } = product;
  const { base = 0 } = c;
  // Where there is no bias, any buffer that is read anyway fills the binding.
  const bindings = { a: a.tensor, c: c.tensor, bias: bias ?? c.tensor, y };
  const params = {
    ...{ batch, m, n, k, a_batch: a.batch, a_m: a.m, a_k: a.k, c_base: base, c_batch: c.batch, c_k: c.k, c_n: c.n },
    ...{ has_bias: Number(Boolean(bias)), relu: Number(relu), accumulate: Number(accumulate) },
  };
  const C_ALONG_K = c.k === 1;
  const A_ALONG_K = a.k === 1 && byFours(a.batch, a.m);
  const cFits = (C_ALONG_K || c.n === 1) && byFours(n, k, base, c.batch, C_ALONG_K ? c.n : c.k);
  if (isTiled(variant)) {
    const tiles = chooseTiles(gpu, variant, m, n, batch);
    const grid = countTiles(tiles, m, n) * batch;
    if (A_ALONG_K && cFits) {
      gpu.dispatch(matmul_tiled_vec4, { bindings, params, grid, constants: { ...tiles, C_ALONG_K } });
    } else {
      gpu.dispatch(matmul_tiled, { bindings, params, grid, constants: { ...tiles } });
    }
    return;
  }
  const LANES = gpu.subgroupSize;
  const grid = [Math.ceil(n / (LANES * 4)), Math.ceil(m / 8), batch] as const;
  if ((A_ALONG_K || a.m === 1) && cFits) {
    const constants = { LANES, A_ALONG_K, C_ALONG_K };
    gpu.dispatch(matmul_broadcast_vec4, { bindings: { ...bindings, a_fours: a.tensor }, params, grid, constants });
  } else {
    gpu.dispatch(matmul_broadcast, { bindings, params, grid, constants: { LANES } });
  }
}

/** y = op(a) op(b), then plus bias along rows, then ReLU. Shapes are taken as checked. */
export function runMatmul(
  gpu: Gpu,
  variant: string,
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: MatmulOptions,
  y: Tensor,
  epilogue: { bias?: Tensor; relu?: boolean } = {},
): void {
  const [batchA, m, k] = dimensions(a, transposeA);
  const [batchB, , n] = dimensions(b, transposeB);
  runProduct(gpu, variant, {
    ...{ batch: Math.max(batchA, batchB), m, n, k, y },
    a: { tensor: a, batch: batchA === 1 ? 0 : m * k, m: transposeA ? 1 : k, k: transposeA ? m : 1 },
    c: { tensor: b, batch: batchB === 1 ? 0 : k * n, k: transposeB ? 1 : n, n: transposeB ? k : 1 },
    ...epilogue,
  });
}

export const matmulOperator = defineOperator<readonly [a: Tensor, b: Tensor], Required<MatmulOptions>, DirectVariant>({
  name: "matmul",
  variants: forEachVariant(DIRECT_VARIANTS, (variant) => (gpu, [a, b], options, y) => {
    runMatmul(gpu, variant, a, b, options, y);
    return undefined;
  }),
  choose: chooseByProfile,
  shape([a, b], { transposeA, transposeB }) {
    const [batchA, m, k] = dimensions(a, transposeA);
    const [batchB, k2, n] = dimensions(b, transposeB);
    const ranks = [a.shape.length, b.shape.length];
    if (
      ranks.some((rank) => rank !== 2 && rank !== 3) ||
      k !== k2 ||
      (batchA !== batchB && batchA !== 1 && batchB !== 1)
    ) {
      throw new ShapeError(
        `matmul: ${shapeText(a)}${transposeA ? " transposed" : ""} and ${shapeText(b)}${transposeB ? " transposed" : ""} do not fit`,
        "Give [m, k] and [k, n], or batches of them.",
      );
    }
    return Math.max(...ranks) === 3 ? [Math.max(batchA, batchB), m, n] : [m, n];
  },
  flops: ([a], { transposeA }, y) => 2 * sizeOf(y) * (a as Shape)[(a as Shape).length - (transposeA ? 2 : 1)],
  gradient({ inputs: [a, b], options: { transposeA, transposeB }, needs }, dy) {
    const product = (x: Tensor, tx: boolean, z: Tensor, tz: boolean): Tensor =>
      matmulOperator([x, z], { transposeA: tx, transposeB: tz });
    const da = () => (transposeA ? product(b, transposeB, dy, true) : product(dy, false, b, !transposeB));
    const db = () => (transposeB ? product(dy, true, a, transposeA) : product(a, !transposeA, dy, false));
    return [needs(0) ? sumBatch(da(), a) : null, needs(1) ? sumBatch(db(), b) : null];
  },
});

/** A gradient of a matrix that served a whole batch is the sum over the batch. */
function sumBatch(gradient: Tensor, operand: Tensor): Tensor {
  const [batch] = dimensions(operand, false);
  if (gradient.shape.length === 3 && batch === 1 && gradient.shape[0] > 1) {
    return reshape(sum(gradient, [0]), operand.shape);
  }
  return reshape(gradient, operand.shape);
}

export const linearOperator = defineOperator<
  readonly [x: Tensor, w: Tensor, bias: Tensor | undefined],
  object,
  DirectVariant
>({
  name: "linear",
  variants: forEachVariant(DIRECT_VARIANTS, (variant) => (gpu, [x, w, bias], _, y) => {
    runMatmul(gpu, variant, x, w, { transposeB: true }, y, { bias });
    return undefined;
  }),
  choose: chooseByProfile,
  shape([x, w, bias]) {
    if (
      x.shape.length !== 2 ||
      w.shape.length !== 2 ||
      x.shape[1] !== w.shape[1] ||
      (bias && bias.size !== w.shape[0])
    ) {
      throw new ShapeError(
        `linear: ${shapeText(x)}, weights ${shapeText(w)} and bias ${shapeText(bias)} do not fit`,
        "Give [rows, in], [out, in] and [out].",
      );
    }
    return [x.shape[0], w.shape[0]];
  },
  flops: ([, w], _, y) => 2 * sizeOf(y) * (w as Shape)[1],
  gradient({ inputs: [x, w, bias], needs }, dy) {
    return [
      needs(0) ? matmul(dy, w) : null,
      needs(1) ? matmul(dy, x, { transposeA: true }) : null,
      bias && needs(2) ? reshape(sum(dy, [0]), bias.shape) : null,
    ];
  },
});

/**
 * [m, k] x [k, n] -> [m, n], or batches of them; a single matrix serves a whole batch of the other.
 *
 * @example
 * ```ts
 * import { matmul, openGpu } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const a = gpu.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
 * const squares = matmul(a, a, { transposeB: true });
 * console.log(squares.shape, await squares.read()); // 2,2 14,32,32,77
 * gpu.dispose();
 * ```
 */
export const matmul = (a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor =>
  matmulOperator([a, b], { transposeA: false, transposeB: false, ...options });

/** x [rows, in], w [out, in], bias [out] or undefined -> x w^T + bias [rows, out]. */
export const linear = (x: Tensor, w: Tensor, bias?: Tensor): Tensor => linearOperator([x, w, bias], {});
