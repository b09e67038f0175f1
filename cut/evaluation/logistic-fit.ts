// The curve that maps a metric to opinion scores before Pearson's correlation, as usual since Sheikh, Sabir and Bovik
// (2006): a logistic of five parameters,
//   f(x) = b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5,
// fitted by least squares with the Levenberg-Marquardt method. In float64. Pure.

const PARAMETERS = 5;
const ROUNDS = 500;

/** The curve and its derivatives by the parameters. */
function logistic([b1, b2, b3, b4, b5]: readonly number[], x: number): { value: number; slopes: number[] } {
  const sigmoid = 1 / (1 + Math.exp(b2 * (x - b3)));
  const steep = b1 * sigmoid * (1 - sigmoid);
  return { value: b1 * (0.5 - sigmoid) + b4 * x + b5, slopes: [0.5 - sigmoid, steep * (x - b3), -steep * b2, x, 1] };
}

const errorOf = (parameters: readonly number[], x: readonly number[], y: ArrayLike<number>): number =>
  x.reduce((sum, value, i) => sum + (logistic(parameters, value).value - y[i]) ** 2, 0);

/** The solution of a small positive definite system, by Gauss with pivots; null where it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows.reduce((best, row, i) => (i > k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    if (!(Math.abs(rows[k][k]) > 0)) return null;
    for (const [i, row] of rows.entries()) {
      const factor = i === k ? 0 : row[k] / rows[k][k];
      if (factor !== 0) for (let j = k; j <= rows.length; j++) row[j] -= factor * rows[k][j];
    }
  }
  return rows.map((row, i) => row[rows.length] / row[i]);
}

/** Descends from one start until no step lowers the error. */
function descend(start: readonly number[], x: readonly number[], y: ArrayLike<number>): number[] {
  let [parameters, error, damping] = [[...start], errorOf(start, x, y), 1e-3];
  for (let round = 0; round < ROUNDS && damping < 1e12; round++) {
    const normal = Array.from({ length: PARAMETERS }, () => new Array<number>(PARAMETERS).fill(0));
    const right = new Array<number>(PARAMETERS).fill(0);
    for (const [i, at] of x.entries()) {
      const { value, slopes } = logistic(parameters, at);
      for (let r = 0; r < PARAMETERS; r++) {
        right[r] += slopes[r] * (y[i] - value);
        for (let c = 0; c < PARAMETERS; c++) normal[r][c] += slopes[r] * slopes[c];
      }
    }
    const damped = normal.map((row, r) => row.map((value, c) => (r === c ? value * (1 + damping) + 1e-12 : value)));
    const step = solve(damped, right);
    const next = parameters.map((value, r) => value + (step?.[r] ?? 0));
    const nextError = errorOf(next, x, y);
    if (nextError < error) [parameters, error, damping] = [next, nextError, damping / 5];
    else damping *= 4;
  }
  return parameters;
}

/**
 * The fitted curve's value for each of `values`; the best fit to `scores` of a few starts, the straight line among
 * them. Both lists are of one length, at least 2.
 */
export function logisticFit(values: ArrayLike<number>, scores: ArrayLike<number>): number[] {
  const n = values.length;
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n) || 1;
  const x = all.map((value) => (value - mean) / deviation);
  const centre = Array.from(scores).reduce((sum, value) => sum + value, 0) / n;
  const along = x.reduce((sum, value, i) => sum + value * (scores[i] - centre), 0) / n;
  const sorted = Float64Array.from(scores).sort();
  const range = (sorted[n - 1] - sorted[0]) * (along < 0 ? -1 : 1);
  const starts = [
    [0, 1, 0, along, centre],
    ...[1, 3].flatMap((slope) => [-0.5, 0, 0.5].map((at) => [range, slope, at, 0, centre])),
  ];
  const fits = starts.map((start) => descend(start, x, scores));
  const best = fits.reduce((a, b) => (errorOf(b, x, scores) < errorOf(a, x, scores) ? b : a));
  return x.map((value) => logistic(best, value).value);
}
