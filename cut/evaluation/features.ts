// Sets of features: one row of numbers per picture, for metrics between sets of pictures. Pure.
import { CutgpuError } from "../../engine/lib/errors.js";

/** `count` rows of `width` numbers. */
export interface Features {
  count: number;
  width: number;
  values: Float64Array;
}

/** Rows, one after the other, as features. */
export function featuresOf(rows: readonly ArrayLike<number>[]): Features {
  const width = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * width);
  for (const [i, row] of rows.entries()) values.set(row, i * width);
  return { count: rows.length, width, values };
}

/** The rows with indices `ids`, in that order. */
export function rowsOf({ width, values }: Features, ids: ArrayLike<number>): Features {
  return featuresOf(Array.from(ids, (id) => values.subarray(id * width, (id + 1) * width)));
}

/** Throws where sets cannot be compared, or one has too few rows for `what`. */
export function checkFeatures(what: string, min: number, x: Features, y: Features): void {
  const fewest = Math.min(x.count, y.count);
  if (fewest < min) throw new CutgpuError("FEATURES", `${what} needs at least ${min} pictures, not ${fewest}`);
  if (x.width !== y.width) {
    throw new CutgpuError("FEATURES", `${what}: sets of ${x.width} and ${y.width} numbers a picture do not compare`);
  }
}

/** The products of all rows of x and y: [x.count, y.count]. */
export function innerProducts(x: Features, y: Features): Float64Array {
  const { width } = x;
  return crossTable(x, y, (i, j) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += x.values[i + k] * y.values[j + k];
    return sum;
  });
}

/**
 * The squared distances of all rows of x and y: [x.count, y.count]; by differences, so that none is rounded below 0.
 */
export function squaredDistances(x: Features, y: Features): Float64Array {
  const { width } = x;
  return crossTable(x, y, (i, j) => {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const difference = x.values[i + k] - y.values[j + k];
      sum += difference * difference;
    }
    return sum;
  });
}

/** `of` for every pair of rows, given their offsets. For a set with itself only half is computed, by symmetry. */
function crossTable(x: Features, y: Features, of: (i: number, j: number) => number): Float64Array {
  const table = new Float64Array(x.count * y.count);
  for (let i = 0; i < x.count; i++) {
    for (let j = x === y ? i : 0; j < y.count; j++) {
      const value = of(i * x.width, j * x.width);
      table[i * y.count + j] = value;
      if (x === y) table[j * y.count + i] = value;
    }
  }
  return table;
}
