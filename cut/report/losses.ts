// The record of a training: one row per step, and what a report keeps of all of them. Runs in a browser.
import { NamedSeries } from "./series.js";

/** One step: every loss by its name, and the fixed columns. `seconds` is how long the step took. */
export interface LossRow {
  step: number;
  epoch: number;
  seconds: number;
  lr: number;
  [loss: string]: number;
}

const columns = new Set(["step", "epoch", "seconds"]);

/** The rows of a run so far, reduced to what charts of them need. */
export class LossHistory {
  /** Every loss, and the learning rate as lr. */
  readonly series = new NamedSeries();
  #last: LossRow | null = null;
  #rows = 0;
  #seconds = 0;

  /** Adds the next row, which represents `rows` rows. */
  add(row: LossRow, rows = 1): void {
    this.series.add(
      row.step,
      Object.entries(row).filter(([name]) => !columns.has(name)),
      rows,
    );
    this.#last = row;
    this.#rows += rows;
    this.#seconds += rows * row.seconds;
  }

  /** The row that was added last. */
  get last(): LossRow | null {
    return this.#last;
  }

  /** The losses that there are, in order of first appearance. */
  get names(): string[] {
    return this.series.names.filter((name) => name !== "lr");
  }

  /** The seconds of all steps. */
  get seconds(): number {
    return this.#seconds;
  }

  get secondsPerStep(): number {
    return this.#rows === 0 ? 0 : this.#seconds / this.#rows;
  }
}
