// Singular values in float64, and the steps to them: Householder reflections to a triangle or to two diagonals (Golub
// and Van Loan, Matrix Computations, sections 5.2 and 5.4), then bisection (section 8.4). Matrices are arrays of rows.

type Rows = Float64Array[];

/** The reflection that turns v into a multiple of the first axis: x - beta v (v . x), and that multiple. */
function reflection(v: Float64Array): { v: Float64Array; beta: number; first: number } {
  const norm = Math.hypot(...v);
  const first = v[0] > 0 ? -norm : norm;
  if (norm === 0) return { v, beta: 0, first: 0 };
  v[0] -= first;
  return { v, beta: 2 / v.reduce((sum, value) => sum + value * value, 0), first };
}

/**
 * Reflects the columns from `column` on, rows from `row` on, so that `column` becomes zero below `row`; returns the
 * entry at `row`.
 */
function reflectColumn(a: Rows, row: number, column: number): number {
  const { v, beta, first } = reflection(Float64Array.from(a.slice(row), (line) => line[column]));
  const width = a[0].length;
  const products = new Float64Array(width);
  for (let i = 0; i < v.length; i++) {
    const [factor, line] = [v[i] * beta, a[row + i]];
    for (let j = column + 1; j < width; j++) products[j] += factor * line[j];
  }
  for (let i = 0; i < v.length; i++) {
    const [factor, line] = [v[i], a[row + i]];
    for (let j = column + 1; j < width; j++) line[j] -= factor * products[j];
  }
  return first;
}

/** The upper triangle R of a = QR, as many rows as a has columns; a must have at least that many. Overwrites a. */
export function triangleOf(a: Rows): Rows {
  const n = a[0].length;
  for (let k = 0; k < n; k++) {
    const first = reflectColumn(a, k, k);
    a[k].fill(0, 0, k);
    a[k][k] = first;
  }
  return a.slice(0, n);
}

/** The sum of the singular values of a. Overwrites a. */
export function nuclearNorm(a: Rows): number {
  const rows = a.length < a[0].length ? transposed(a) : a;
  const n = rows[0].length;
  /** The two diagonals interleaved: d0, e0, d1, e1, ... */
  const band = new Float64Array(2 * n - 1);
  for (let k = 0; k < n; k++) {
    band[2 * k] = reflectColumn(rows, k, k);
    if (k + 1 === n) break;
    const { v, beta, first } = reflection(rows[k].slice(k + 1));
    band[2 * k + 1] = first;
    for (const line of rows.slice(k + 1)) {
      let product = 0;
      for (let j = 0; j < v.length; j++) product += v[j] * line[k + 1 + j];
      for (let j = 0; j < v.length; j++) line[k + 1 + j] -= beta * product * v[j];
    }
  }
  return sumOfPositiveEigenvalues(band);
}

const transposed = (a: Rows): Rows => Array.from(a[0], (_, j) => Float64Array.from(a, (row) => row[j]));

/**
 * The sum of the positive eigenvalues of the symmetric matrix with zeros on its diagonal and `band` next to it; its
 * eigenvalues are the singular values and their negatives. Bisection on Sturm's count finds each to the last bits of
 * the largest.
 */
function sumOfPositiveEigenvalues(band: Float64Array): number {
  const n = (band.length + 1) / 2;
  const squares = band.map((value) => value * value);
  const bound = 2 * band.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (!(bound > 0)) return bound;
  const below = (x: number) => {
    let q = -x;
    let count = 1;
    for (let i = 0; i < squares.length; i++) {
      q = -x - squares[i] / q;
      if (q === 0) q = -Number.MIN_VALUE;
      if (q < 0) count++;
    }
    return count - n;
  };
  let sum = 0;
  for (let k = 0; k < n; k++) {
    let [low, high] = [0, bound];
    while (high - low > 1e-15 * bound) {
      const middle = (low + high) / 2;
      if (below(middle) > k) high = middle;
      else low = middle;
    }
    sum += (low + high) / 2;
  }
  return sum;
}
