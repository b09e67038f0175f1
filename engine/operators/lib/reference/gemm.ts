// C += A B on strided views, the one inner loop under matmul, linear and the convolutions. Register blocks of 4 x 4
// spend 8 loads on 16 multiply-adds, and blocks along k keep the touched strip of B in the first-level cache; that is
// as far as plain scalar JavaScript goes.

/** A matrix inside an array: element (i, j) is data[offset + i * rowStride + j * columnStride]. */
export interface MatrixView {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

const K_BLOCK = 256;

/** C += A B for A [m, k], B [k, n], C [m, n]. C must not share elements with A or B. */
export function gemm(m: number, n: number, k: number, a: MatrixView, b: MatrixView, c: MatrixView): void {
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = Math.min(K_BLOCK, k - k0);
    for (let j = 0; j < n; j += 4) {
      for (let i = 0; i < m; i += 4) {
        if (i + 4 <= m && j + 4 <= n) block4x4(i, j, k0, depth, a, b, c);
        else edge(i, Math.min(i + 4, m), j, Math.min(j + 4, n), k0, depth, a, b, c);
      }
    }
  }
}

function block4x4(i: number, j: number, k0: number, depth: number, a: MatrixView, b: MatrixView, c: MatrixView): void {
  const A = a.data;
  const B = b.data;
  const aStep = a.columnStride;
  const bStep = b.rowStride;
  const bColumn = b.columnStride;
  let a0 = a.offset + i * a.rowStride + k0 * aStep;
  let a1 = a0 + a.rowStride;
  let a2 = a1 + a.rowStride;
  let a3 = a2 + a.rowStride;
  let bAt = b.offset + j * bColumn + k0 * bStep;
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c03 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c13 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  let c23 = 0;
  let c30 = 0;
  let c31 = 0;
  let c32 = 0;
  let c33 = 0;
  for (let step = 0; step < depth; step++) {
    const b0 = B[bAt];
    const b1 = B[bAt + bColumn];
    const b2 = B[bAt + 2 * bColumn];
    const b3 = B[bAt + 3 * bColumn];
    let value = A[a0];
    c00 += value * b0;
    c01 += value * b1;
    c02 += value * b2;
    c03 += value * b3;
    value = A[a1];
    c10 += value * b0;
    c11 += value * b1;
    c12 += value * b2;
    c13 += value * b3;
    value = A[a2];
    c20 += value * b0;
    c21 += value * b1;
    c22 += value * b2;
    c23 += value * b3;
    value = A[a3];
    c30 += value * b0;
    c31 += value * b1;
    c32 += value * b2;
    c33 += value * b3;
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    bAt += bStep;
  }
  const C = c.data;
  const column = c.columnStride;
  let at = c.offset + i * c.rowStride + j * column;
  C[at] += c00;
  C[at + column] += c01;
  C[at + 2 * column] += c02;
  C[at + 3 * column] += c03;
  at += c.rowStride;
  C[at] += c10;
  C[at + column] += c11;
  C[at + 2 * column] += c12;
  C[at + 3 * column] += c13;
  at += c.rowStride;
  C[at] += c20;
  C[at + column] += c21;
  C[at + 2 * column] += c22;
  C[at + 3 * column] += c23;
  at += c.rowStride;
  C[at] += c30;
  C[at + column] += c31;
  C[at + 2 * column] += c32;
  C[at + 3 * column] += c33;
}

/** The block of C in rows [i0, i1) and columns [j0, j1), where a whole 4 x 4 does not fit. */
function edge(
  i0: number,
  i1: number,
  j0: number,
  j1: number,
  k0: number,
  depth: number,
  a: MatrixView,
  b: MatrixView,
  c: MatrixView,
): void {
  for (let i = i0; i < i1; i++) {
    for (let j = j0; j < j1; j++) {
      let aAt = a.offset + i * a.rowStride + k0 * a.columnStride;
      let bAt = b.offset + k0 * b.rowStride + j * b.columnStride;
      let total = 0;
      for (let step = 0; step < depth; step++) {
        total += a.data[aAt] * b.data[bAt];
        aAt += a.columnStride;
        bAt += b.rowStride;
      }
      c.data[c.offset + i * c.rowStride + j * c.columnStride] += total;
    }
  }
}
