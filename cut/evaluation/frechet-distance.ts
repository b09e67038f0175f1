// The Frechet distance between two sets of features, each taken as a Gaussian (Heusel et al., 2017), exactly and in
// float64: |mean x - mean y|^2 + Tr Sx + Tr Sy - 2 Tr (Sx Sy)^(1/2). The last trace is the sum of the singular values
// of X Y^T, X and Y the centred rows over the square root of n - 1: a small matrix where there are fewer rows than
// columns, and triangles instead of X and Y where there are more. Nothing is added to a diagonal. Pure.
import { checkFeatures, type Features, featuresOf, innerProducts } from "./features.js";
import { nuclearNorm, triangleOf } from "./singular-values.js";

/** The distance; at least 2 rows in each set. Zero up to rounding where the sets are equal. */
export function frechetDistance(x: Features, y: Features): number {
  checkFeatures("the Frechet distance", 2, x, y);
  const [a, b] = [centred(x), centred(y)];
  const means = a.mean.reduce((sum, value, k) => sum + (value - b.mean[k]) ** 2, 0);
  const products = innerProducts(featuresOf(a.rows), featuresOf(b.rows));
  const height = a.rows.length;
  const width = b.rows.length;
  const small = Array.from({ length: height }, (_, i) => products.slice(i * width, (i + 1) * width));
  return means + a.trace + b.trace - 2 * nuclearNorm(small);
}

/** The mean, the trace of the covariance, and rows whose products with themselves are the covariance. */
function centred({ count, width, values }: Features) {
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / count;
  const factor = 1 / Math.sqrt(count - 1);
  const rows = Array.from({ length: count }, (_, i) =>
    Float64Array.from(mean, (centre, k) => (values[i * width + k] - centre) * factor),
  );
  const trace = rows.reduce((sum, row) => sum + row.reduce((part, value) => part + value * value, 0), 0);
  return { mean, trace, rows: count > width ? triangleOf(rows) : rows };
}
