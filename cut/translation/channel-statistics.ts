// Mean and variance of every channel of a map, gathered part by part. Parts are merged in float64 by the formula of
// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979), which
// does not lose digits where the mean is large beside the deviation.

export class ChannelStatistics {
  readonly mean: Float64Array;
  /** Sums of the squared distances from the mean. */
  readonly #squares: Float64Array;
  #count = 0;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  /** Adds a part of `count` elements a channel, of which mean and biased variance of every channel are known. */
  add(count: number, means: ArrayLike<number>, variances: ArrayLike<number>): void {
    const total = this.#count + count;
    for (let c = 0; c < this.mean.length; c++) {
      const distance = means[c] - this.mean[c];
      this.mean[c] += (distance * count) / total;
      this.#squares[c] += variances[c] * count + (distance * distance * this.#count * count) / total;
    }
    this.#count = total;
  }

  /** The biased variance of every channel. */
  get variance(): Float64Array {
    return this.#squares.map((sum) => sum / this.#count);
  }
}
