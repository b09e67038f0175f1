// Matrix products: plain, batched, with either operand read transposed, and the fully connected layer.
import { ShapeError } from "../../lib/errors.js";
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";
import { gemm, type MatrixView } from "../lib/reference/gemm.js";

export interface MatmulOptions {
  /** a is stored [..., k, m]. */
  readonly transposeA?: boolean;
  /** b is stored [..., n, k]. */
  readonly transposeB?: boolean;
}

/** a [m, k] times b [k, n] -> [m, n], or [B, m, k] times [B, k, n] -> [B, m, n]. */
export function matmul(a: Dense, b: Dense, options: MatmulOptions = {}): Dense {
  const { transposeA = false, transposeB = false } = options;
  const [aRows, aColumns] = extents(a, transposeA);
  const [bRows, bColumns] = extents(b, transposeB);
  const rank = a.shape.length;
  const batch = rank === 3 ? a.shape[0] : 1;
  if (rank !== b.shape.length || (rank !== 2 && rank !== 3) || aColumns !== bRows || batch !== batchOf(b)) {
    throw new ShapeError(
      `matmul: ${operandText(a, transposeA)} and ${operandText(b, transposeB)} do not multiply.`,
      "Give [m, k] and [k, n], or a batch [B, m, k] and [B, k, n].",
    );
  }
  const y = zeros(rank === 3 ? [batch, aRows, bColumns] : [aRows, bColumns]);
  for (let i = 0; i < batch; i++) {
    gemm(
      aRows,
      bColumns,
      aColumns,
      matrixView(a, i, transposeA),
      matrixView(b, i, transposeB),
      matrixView(y, i, false),
    );
  }
  return y;
}

export function matmulGradient(a: Dense, b: Dense, options: MatmulOptions, dy: Dense): { da: Dense; db: Dense } {
  const { transposeA = false, transposeB = false } = options;
  return {
    da: transposeA
      ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b, { transposeB: !transposeB }),
    db: transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA }),
  };
}

/** x [R, in], w [out, in], b [out] or none -> x w^T + b, [R, out]. */
export function linear(x: Dense, w: Dense, b?: Dense): Dense {
  requireRank("linear", "x", x.shape, 2, "[rows, in]");
  requireRank("linear", "w", w.shape, 2, "[out, in]");
  const y = matmul(x, w, { transposeB: true });
  if (b) {
    requireSameShape("linear", "the bias and one value an output", b.shape, [w.shape[0]]);
    const [rows, outputs] = y.shape;
    for (let row = 0, at = 0; row < rows; row++) for (let o = 0; o < outputs; o++) y.data[at++] += b.data[o];
  }
  return y;
}

/** The bias's value is not read; db is [out] whether there is one or not. */
export function linearGradient(
  x: Dense,
  w: Dense,
  _b: Dense | undefined,
  dy: Dense,
): { dx: Dense; dw: Dense; db: Dense } {
  const [rows, outputs] = dy.shape;
  const db = zeros([outputs]);
  for (let row = 0, at = 0; row < rows; row++) for (let o = 0; o < outputs; o++) db.data[o] += dy.data[at++];
  return { dx: matmul(dy, w), dw: matmul(dy, x, { transposeA: true }), db };
}

const operandText = (x: Dense, transpose: boolean) => `[${x.shape}]${transpose ? " transposed" : ""}`;

const batchOf = (x: Dense) => (x.shape.length === 3 ? x.shape[0] : 1);

/** Rows and columns as the product sees them. */
function extents(x: Dense, transpose: boolean): [number, number] {
  const [rows, columns] = x.shape.slice(-2);
  return transpose ? [columns, rows] : [rows, columns];
}

function matrixView(x: Dense, index: number, transpose: boolean): MatrixView {
  const [rows, columns] = x.shape.slice(-2);
  const offset = index * rows * columns;
  return transpose
    ? { data: x.data, offset, rowStride: 1, columnStride: columns }
    : { data: x.data, offset, rowStride: columns, columnStride: 1 };
}
