// Correlations of two lists of numbers, in float64. Pure.

/** Pearson's coefficient; 0 where one of the lists is constant. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n;
    meanB += b[i] / n;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [u, v] = [a[i] - meanA, b[i] - meanB];
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  // A constant list has no deviation but rounding of the mean.
  const varies = (squares: number, mean: number) => squares > n * (1e-14 * mean) ** 2;
  return varies(aa, meanA) && varies(bb, meanB) ? ab / Math.sqrt(aa * bb) : 0;
}

/** Spearman's coefficient: Pearson's of the ranks, equal values sharing their mean rank. */
export const spearman = (a: ArrayLike<number>, b: ArrayLike<number>): number => pearson(ranks(a), ranks(b));

/**
 * Kendall's coefficient, tau-b: the number of pairs in the same order minus those in opposite order, over the geometric
 * mean of the numbers of untied pairs in each list; 0 where one of the lists is constant.
 */
export function kendall(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [balance, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [u, v] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
      balance += u * v;
      ofA += u * u;
      ofB += v * v;
    }
  }
  return ofA > 0 && ofB > 0 ? balance / Math.sqrt(ofA * ofB) : 0;
}

function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const result = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (const i of order.slice(from, to)) result[i] = (from + to - 1) / 2;
  }
  return result;
}
