// The kernel distance between two sets of features, KID where they are those of Inception (Binkowski et al., 2018): the
// unbiased squared maximum mean discrepancy of k(a, b) = (a . b / d + 1)^3, in float64. Unbiased means that it is zero
// on average, and may be negative, for two samples of one distribution, however small. Holds tables of n^2 numbers.
// Pure.
import type { Random } from "../../engine/lib/random.js";
import { checkFeatures, type Features, innerProducts } from "./features.js";

export interface Estimates {
  mean: number;
  /** Population deviation. */
  deviation: number;
}

/** The rows of a set that count, and how often. */
interface Weighted {
  ids: ArrayLike<number>;
  weights: ArrayLike<number>;
}

const once = (ids: ArrayLike<number>): Weighted => ({ ids, weights: new Float64Array(ids.length).fill(1) });
const everyId = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** The kernel of every pair, from which the distance of any subsets of rows follows. At least 2 rows in each set. */
export class KernelDistance {
  readonly #xx: Float64Array;
  readonly #yy: Float64Array;
  readonly #xy: Float64Array;

  constructor(
    readonly x: Features,
    readonly y: Features,
  ) {
    checkFeatures("the kernel distance", 2, x, y);
    const kernel = (a: Features, b: Features) => innerProducts(a, b).map((product) => (product / a.width + 1) ** 3);
    this.#xx = kernel(x, x);
    this.#yy = kernel(y, y);
    this.#xy = kernel(x, y);
  }

  /** The distance of all rows. */
  get full(): number {
    return this.#estimate(once(everyId(this.x.count)), once(everyId(this.y.count)));
  }

  /** The distance of the given rows. */
  ofRows(xIds: ArrayLike<number>, yIds: ArrayLike<number>): number {
    return this.#estimate(once(xIds), once(yIds));
  }

  /** Mean and deviation over random subsets of min(n, 1,000) rows of each set, as other implementations print it. */
  subsets(random: Random, count = 100): Estimates & { size: number } {
    const size = Math.min(this.x.count, this.y.count, 1000);
    const draw = (n: number) => random.permutation(n, size);
    const each = Array.from({ length: count }, () => this.ofRows(draw(this.x.count), draw(this.y.count)));
    return { ...estimatesOf(each), size };
  }

  /**
   * The range in which 95 % of the distances lie when both sets are resampled with replacement (percentile bootstrap).
   * Pairs of a row with itself are left out, as in the distance.
   */
  interval(random: Random, draws = 500): [low: number, high: number] {
    const draw = (n: number): Weighted => {
      const counts = new Float64Array(n);
      for (let i = 0; i < n; i++) counts[random.integer(n)]++;
      const ids = everyId(n).filter((id) => counts[id] > 0);
      return { ids, weights: Float64Array.from(ids, (id) => counts[id]) };
    };
    const sorted = Float64Array.from({ length: draws }, () =>
      this.#estimate(draw(this.x.count), draw(this.y.count)),
    ).sort();
    const finite = sorted.filter(Number.isFinite);
    const at = (share: number) => finite[Math.round(share * (finite.length - 1))];
    return [at(0.025), at(0.975)];
  }

  #estimate(x: Weighted, y: Weighted): number {
    return ownMean(this.#xx, this.x.count, x) + ownMean(this.#yy, this.y.count, y) - 2 * this.#crossMean(x, y);
  }

  #crossMean(x: Weighted, y: Weighted): number {
    let [sum, weight] = [0, 0];
    for (let i = 0; i < x.ids.length; i++) {
      const row = x.ids[i] * this.y.count;
      for (let j = 0; j < y.ids.length; j++) {
        const both = x.weights[i] * y.weights[j];
        sum += both * this.#xy[row + y.ids[j]];
        weight += both;
      }
    }
    return sum / weight;
  }
}

/** The mean over pairs of different rows. */
function ownMean(kernel: Float64Array, count: number, { ids, weights }: Weighted): number {
  let [sum, weight] = [0, 0];
  for (let i = 0; i < ids.length; i++) {
    for (let j = 0; j < i; j++) {
      const both = weights[i] * weights[j];
      sum += both * kernel[ids[i] * count + ids[j]];
      weight += both;
    }
  }
  return sum / weight;
}

/** Mean and deviation of some estimates. */
export function estimatesOf(each: readonly number[]): Estimates {
  const mean = each.reduce((sum, value) => sum + value, 0) / each.length;
  return { mean, deviation: Math.sqrt(each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / each.length) };
}
