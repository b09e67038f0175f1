// Y += A B on strided views, the one inner loop under matmul, linear and the convolutions. Register blocks of 4 x 4
// spend 8 loads on 16 multiply-adds, and blocks along k keep the touched strip of B in the first-level cache; that is
// as far as plain scalar JavaScript goes. The 16 sums are variables of their own, written out, because an engine keeps
// variables in registers but not elements of an array.

/** A matrix inside an array: element (i, j) is data[offset + i * rowStride + j * columnStride]. */
export interface MatrixView {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

const K_BLOCK = 256;

/** Y += A B for A [m, k], B [k, n], Y [m, n]. Y must not share elements with A or B. */
export function gemm(m: number, n: number, k: number, a: MatrixView, b: MatrixView, y: MatrixView): void {
  for (let k0 = 0; k0 < k; k0 += K_BLOCK) {
    const depth = Math.min(K_BLOCK, k - k0);
    for (let j = 0; j < n; j += 4) {
      for (let i = 0; i < m; i += 4) {
        if (i + 4 <= m && j + 4 <= n) block4x4(i, j, k0, depth, a, b, y);
        else edge(i, Math.min(i + 4, m), j, Math.min(j + 4, n), k0, depth, a, b, y);
      }
    }
  }
}

function block4x4(i: number, j: number, k0: number, depth: number, a: MatrixView, b: MatrixView, y: MatrixView): void {
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
  let y00 = 0;
  let y01 = 0;
  let y02 = 0;
  let y03 = 0;
  let y10 = 0;
  let y11 = 0;
  let y12 = 0;
  let y13 = 0;
  let y20 = 0;
  let y21 = 0;
  let y22 = 0;
  let y23 = 0;
  let y30 = 0;
  let y31 = 0;
  let y32 = 0;
  let y33 = 0;
  for (let step = 0; step < depth; step++) {
    const b0 = B[bAt];
    const b1 = B[bAt + bColumn];
    const b2 = B[bAt + 2 * bColumn];
    const b3 = B[bAt + 3 * bColumn];
    let value = A[a0];
    y00 += value * b0;
    y01 += value * b1;
    y02 += value * b2;
    y03 += value * b3;
    value = A[a1];
    y10 += value * b0;
    y11 += value * b1;
    y12 += value * b2;
    y13 += value * b3;
    value = A[a2];
    y20 += value * b0;
    y21 += value * b1;
    y22 += value * b2;
    y23 += value * b3;
    value = A[a3];
    y30 += value * b0;
    y31 += value * b1;
    y32 += value * b2;
    y33 += value * b3;
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    bAt += bStep;
  }
  const Y = y.data;
  const column = y.columnStride;
  let at = y.offset + i * y.rowStride + j * column;
  Y[at] += y00;
  Y[at + column] += y01;
  Y[at + 2 * column] += y02;
  Y[at + 3 * column] += y03;
  at += y.rowStride;
  Y[at] += y10;
  Y[at + column] += y11;
  Y[at + 2 * column] += y12;
  Y[at + 3 * column] += y13;
  at += y.rowStride;
  Y[at] += y20;
  Y[at + column] += y21;
  Y[at + 2 * column] += y22;
  Y[at + 3 * column] += y23;
  at += y.rowStride;
  Y[at] += y30;
  Y[at + column] += y31;
  Y[at + 2 * column] += y32;
  Y[at + 3 * column] += y33;
}

/** The block of Y in rows [i0, i1) and columns [j0, j1), where a whole 4 x 4 does not fit. */
function edge(
  i0: number,
  i1: number,
  j0: number,
  j1: number,
  k0: number,
  depth: number,
  a: MatrixView,
  b: MatrixView,
  y: MatrixView,
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
      y.data[y.offset + i * y.rowStride + j * y.columnStride] += total;
    }
  }
}
