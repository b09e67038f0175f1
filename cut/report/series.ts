// A number that a run records repeatedly, reduced to what a chart of it needs: stretches of rows, each with its mean
// and its extremes. Where there are too many stretches, pairs are merged, so that a run of a million steps takes no
// more memory than one of a thousand, and drawing it no more time. Pure; runs in a browser.

export interface Point {
  step: number;
  value: number;
}

interface Stretch {
  rows: number;
  sum: number;
  first: Point;
  low: Point;
  high: Point;
  /** Step of its last row. */
  last: number;
}

/** Maximum number of stretches; a long run has at least half as many. */
const MAX_STRETCHES = 240;
/** The moving average looks back on this share of a run, but on a few values at least. */
const SPAN_SHARE = 1 / 40;
const SHORTEST_SPAN = 5;

export class Series {
  #stretches: Stretch[] = [];
  /** Rows of a whole stretch. */
  #whole = 1;

  /** Adds the value of a step, which represents `rows` rows. Values that are not finite are left out. */
  add(step: number, value: number, rows = 1): void {
    if (!Number.isFinite(value)) return;
    this.#whole = Math.max(this.#whole, rows);
    const point = { step, value };
    const current = this.#stretches.at(-1);
    const added = { rows, sum: rows * value, first: point, low: point, high: point, last: step };
    if (current && current.rows < this.#whole) {
      this.#stretches[this.#stretches.length - 1] = merged(current, added);
      return;
    }
    this.#stretches.push(added);
    if (this.#stretches.length <= MAX_STRETCHES) return;
    this.#whole *= 2;
    this.#stretches = Array.from({ length: Math.ceil(this.#stretches.length / 2) }, (_, i) => {
      const [a, b] = this.#stretches.slice(2 * i, 2 * i + 2);
      return b ? merged(a, b) : a;
    });
  }

  get empty(): boolean {
    return this.#stretches.length === 0;
  }

  /**
   * The lowest and the highest value of every stretch, in order: a line through them has the outline of the full one.
   */
  outline(): Point[] {
    return this.#stretches.flatMap(({ low, high }) =>
      low === high ? [low] : low.step < high.step ? [low, high] : [high, low],
    );
  }

  /** Values as they were recorded, evenly apart. */
  sample(): number[] {
    return this.#stretches.map(({ first }) => first.value);
  }

  /** The mean of every stretch. */
  means(): Point[] {
    return this.#stretches.map(({ rows, sum, last }) => ({ step: last, value: sum / rows }));
  }

  /**
   * Exponential moving average, corrected for its start as Adam corrects its moments, so that it neither starts at zero
   * nor leans on the first value.
   */
  smoothed(): Point[] {
    const keep = 1 - 1 / Math.max(SHORTEST_SPAN, this.#stretches.length * SPAN_SHARE);
    let [sum, weight] = [0, 0];
    return this.#stretches.map(({ rows, sum: own, last }) => {
      // The last stretch may be incomplete, and then weighs less.
      const kept = keep ** Math.min(1, rows / this.#whole);
      sum = kept * sum + (1 - kept) * (own / rows);
      weight = kept * weight + (1 - kept);
      return { step: last, value: sum / weight };
    });
  }
}

function merged(a: Stretch, b: Stretch): Stretch {
  return {
    rows: a.rows + b.rows,
    sum: a.sum + b.sum,
    first: a.first,
    low: b.low.value < a.low.value ? b.low : a.low,
    high: b.high.value > a.high.value ? b.high : a.high,
    last: b.last,
  };
}

/** Series by name, in order of first appearance. */
export class NamedSeries {
  readonly #byName = new Map<string, Series>();

  /** Adds the values of a step, which represent `rows` rows. */
  add(step: number, values: Iterable<readonly [name: string, value: number]>, rows = 1): void {
    for (const [name, value] of values) {
      if (!this.#byName.has(name)) this.#byName.set(name, new Series());
      this.#byName.get(name)!.add(step, value, rows);
    }
  }

  /** Adds a series that is stored elsewhere, if there is one. */
  set(name: string, series: Series | undefined): void {
    if (series) this.#byName.set(name, series);
  }

  get names(): string[] {
    return [...this.#byName].filter(([, series]) => !series.empty).map(([name]) => name);
  }

  get(name: string): Series | undefined {
    return this.#byName.get(name);
  }
}
