// The evaluations of a training: one row each, and what a report keeps of all of them. Runs in a browser.
import { NamedSeries } from "./series.js";

/** One evaluation. `values` are metrics, lower is better, and their floors under the same name and " floor". */
export interface MetricRow {
  step: number;
  epoch: number;
  /** The duration of the evaluation. */
  seconds: number;
  /** The identity of its run, by the first losses. */
  run: string;
  /** What was compared: only rows with the same text are comparable. */
  protocol: string;
  /** The metric that the best is chosen by. */
  by: string;
  values: Record<string, number>;
}

export const FLOOR = " floor";

export class MetricHistory {
  readonly series = new NamedSeries();
  #best: MetricRow | null = null;
  #last: MetricRow | null = null;

  /** Adds the next row; returns whether it is the best so far of the comparable ones. */
  add(row: MetricRow): boolean {
    this.series.add(row.step, Object.entries(row.values));
    this.#last = row;
    const best = this.#best;
    const compares = best !== null && best.by === row.by && best.protocol === row.protocol;
    if (compares && row.values[row.by] >= best.values[row.by]) return false;
    this.#best = row;
    return true;
  }

  /** The best of the rows that are comparable with the last. */
  get best(): MetricRow | null {
    return this.#best;
  }

  get last(): MetricRow | null {
    return this.#last;
  }
}
