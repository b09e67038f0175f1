// Principal components of feature maps: the leading eigenvectors of a channel covariance, in float64 on the CPU. A
// layer has at most a few hundred channels and three components are wanted, so a block of vectors is iterated
// (orthogonal iteration with a Rayleigh-Ritz step: Golub and Van Loan, Matrix Computations, section 8.2.4) and only its
// small matrix is diagonalised whole, by Jacobi rotations. The same covariance gives the same components, signs
// included.
import { Random } from "../../engine/lib/random.js";

type Vector = Float64Array<ArrayBuffer>;

export interface PrincipalComponents {
  /** Variances along the components, the largest first. */
  variances: Vector;
  /** Unit vectors [channels], whose entry of largest magnitude is positive. */
  vectors: Vector[];
}

/** One for each colour channel. */
const COMPONENTS = 3;
/** Extra vectors in the iteration: components of nearly the same variance then no longer slow it down. */
const GUARD_VECTORS = 6;
const TOLERANCE = 1e-10;
const LAST_ROUND = 1000;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** a += factor * b. */
function addScaled(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}

/** Makes linearly independent vectors orthonormal, in order (Gram-Schmidt, twice for full precision). */
function orthonormalize(vectors: Vector[]): void {
  vectors.forEach((vector, i) => {
    for (let round = 0; round < 2; round++) {
      for (let j = 0; j < i; j++) addScaled(vector, -dot(vector, vectors[j]), vectors[j]);
      const norm = Math.sqrt(dot(vector, vector));
      for (let c = 0; c < vector.length; c++) vector[c] /= norm;
    }
  });
}

/**
 * Eigenvalues of a symmetric matrix [n, n], the largest first, and its eigenvectors as rows, by cyclic Jacobi
 * rotations. Meant for small n: a sweep costs 6 n^3 operations, and about eight are needed.
 */
export function symmetricEigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Vector[] } {
  const a = Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n));
  const v = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  const scale = matrix.reduce((sum, value) => sum + value * value, 0);
  const offDiagonal = () => a.reduce((sum, row, i) => sum + dot(row, row) - row[i] ** 2, 0);
  for (let sweep = 0; sweep < 60 && offDiagonal() > 1e-30 * scale; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        const rotate = (x: Float64Array, i: number, y: Float64Array, j: number) => {
          [x[i], y[j]] = [cosine * x[i] - sine * y[j], sine * x[i] + cosine * y[j]];
        };
        for (const row of a) rotate(row, p, row, q);
        for (let i = 0; i < n; i++) {
          rotate(a[p], i, a[q], i);
          rotate(v[p], i, v[q], i);
        }
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return { values: Float64Array.from(order, (i) => a[i][i]), vectors: order.map((i) => v[i]) };
}

/** The combinations of `vectors` whose coefficients are the rows of `rows`. */
function combine(rows: readonly Vector[], vectors: readonly Vector[]): Vector[] {
  return rows.map((row) => {
    const result = new Float64Array(vectors[0].length);
    row.forEach((factor, j) => {
      addScaled(result, factor, vectors[j]);
    });
    return result;
  });
}

function positiveAtLargest(vector: Vector): Vector {
  const largest = vector.reduce((best, value, i) => (Math.abs(value) > Math.abs(vector[best]) ? i : best), 0);
  return vector[largest] < 0 ? vector.map((value) => -value) : vector;
}

/**
 * The three leading components (fewer where there are fewer channels) of a covariance [channels, channels], row-major
 * and symmetric. Where all channels are constant the variances are 0 and the vectors those of the first channels.
 */
export function principalComponents(covariance: Float64Array, channels: number): PrincipalComponents {
  const wanted = Math.min(COMPONENTS, channels);
  const rows = Array.from({ length: channels }, (_, i) => covariance.subarray(i * channels, (i + 1) * channels));
  const trace = rows.reduce((sum, row, i) => sum + row[i], 0);
  const random = new Random(0);
  const block = Math.min(channels, wanted + GUARD_VECTORS);
  let iterated = Array.from({ length: block }, (_, i) =>
    Float64Array.from({ length: channels }, (_, c) => (trace > 0 ? random.next() - 0.5 : Number(i === c))),
  );
  let vectors = iterated;
  let variances = new Float64Array(block);
  // A little of the identity keeps the iterated vectors independent where the covariance has a low rank.
  const shift = 1e-6 * trace;
  for (let round = 0; trace > 0 && round < LAST_ROUND; round++) {
    orthonormalize(iterated);
    const images = iterated.map((vector) => Float64Array.from(rows, (row) => dot(row, vector)));
    const small = Float64Array.from({ length: block * block }, (_, k) => {
      const [i, j] = [Math.floor(k / block), k % block];
      return (dot(iterated[i], images[j]) + dot(iterated[j], images[i])) / 2;
    });
    const ritz = symmetricEigen(small, block);
    variances = Float64Array.from(ritz.values);
    vectors = combine(ritz.vectors, iterated);
    iterated = combine(ritz.vectors, images);
    const settled = vectors.slice(0, wanted).every((vector, i) => {
      const residual = iterated[i].slice();
      addScaled(residual, -variances[i], vector);
      return Math.sqrt(dot(residual, residual)) <= TOLERANCE * trace;
    });
    if (settled) break;
    vectors.forEach((vector, i) => {
      addScaled(iterated[i], shift, vector);
    });
  }
  return {
    variances: variances.slice(0, wanted).map((value) => Math.max(0, value)),
    vectors: vectors.slice(0, wanted).map(positiveAtLargest),
  };
}

/**
 * Values as bytes: the 1st and the 99th percentile become 0 and 255, and values outside of them are clamped. Where the
 * two are equal (a constant map) all bytes are 128.
 */
export function stretchToBytes(values: ArrayLike<number>): Uint8Array {
  const sorted = Float64Array.from(values).sort();
  const percentile = (p: number) => sorted[Math.round((p / 100) * (sorted.length - 1))];
  const [from, to] = [percentile(1), percentile(99)];
  if (!(to > from)) return new Uint8Array(values.length).fill(128);
  return Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, (value - from) / (to - from)))));
}
