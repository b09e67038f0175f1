// Matrix products, plain and batched, with either operand transposed, and the linear layer. One strided kernel serves all of
// them and their gradients.
import { matmul_broadcast, matmul_tiled } from "../../shaders/generated.js";
import { ShapeError } from "../errors.js";
import type { Gpu } from "../gpu.js";
import { chooseVariant, defineOperator } from "../operator.js";
import { type Shape, sizeOf, type Tensor } from "../tensor.js";
import { sum } from "./reduction.js";
import { reshape } from "./reshape.js";
import { shapeText } from "./shapes.js";
import { chooseByProfile, VARIANTS } from "./variants.js";

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** [batch, rows, columns] of a matrix or a batch of them, as it enters the product. */
function dimensions(x: Tensor, transposed: boolean): [number, number, number] {
  const [batch, rows, columns] = x.shape.length === 3 ? x.shape : [1, ...x.shape];
  return transposed ? [batch, columns, rows] : [batch, rows, columns];
}

interface Epilogue {
  bias?: Tensor;
  relu?: boolean;
}

/** y = op(a) op(b), then plus bias along rows, then ReLU. Shapes are taken as checked. */
export function runMatmul(
  gpu: Gpu,
  variant: string,
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: MatmulOptions,
  y: Tensor,
  { bias, relu = false }: Epilogue = {},
): void {
  const [batchA, m, k] = dimensions(a, transposeA);
  const [batchB, , n] = dimensions(b, transposeB);
  const bindings = { a, c: b, bias: bias ?? b, y };
  const params = {
    ...{ m, n, k },
    ...{ a_batch: batchA === 1 ? 0 : m * k, a_m: transposeA ? 1 : k, a_k: transposeA ? m : 1 },
    ...{ c_batch: batchB === 1 ? 0 : k * n, c_k: transposeB ? 1 : n, c_n: transposeB ? k : 1 },
    ...{ has_bias: Number(Boolean(bias)), relu: Number(relu) },
  };
  const batch = Math.max(batchA, batchB);
  if (variant === "broadcast") {
    const LANES = gpu.subgroupSize;
    const grid = [Math.ceil(n / (LANES * 4)), Math.ceil(m / 8), batch] as const;
    gpu.dispatch(matmul_broadcast, { bindings, params, grid, constants: { LANES } });
  } else {
    gpu.dispatch(matmul_tiled, { bindings, params, grid: [Math.ceil(n / 64), Math.ceil(m / 64), batch] });
  }
}

export const matmulOperator = defineOperator<readonly [a: Tensor, b: Tensor], Required<MatmulOptions>>({
  name: "matmul",
  variants: VARIANTS,
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
  forward(gpu, inputs, options, y) {
    runMatmul(gpu, chooseVariant(gpu, matmulOperator.record, inputs, options), inputs[0], inputs[1], options, y);
    return undefined;
  },
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

export const linearOperator = defineOperator<readonly [x: Tensor, w: Tensor, bias: Tensor | undefined], object>({
  name: "linear",
  variants: VARIANTS,
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
  forward(gpu, inputs, options, y) {
    const [x, w, bias] = inputs;
    runMatmul(gpu, chooseVariant(gpu, linearOperator.record, inputs, options), x, w, { transposeB: true }, y, { bias });
    return undefined;
  },
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
