// The record of a run under way, for the logs and the report of `cutgpu train`. Every row goes to the folder's logs;
// memory holds only what charts need, so that a run of a million steps takes no more than one of a thousand.
import { figureText } from "../evaluation/figures.js";
import type { RunFolder } from "../files/run-folder.js";
import { defaultsOf } from "../options/train-options.js";
import type { TrainOptions } from "../options/train-schema.js";
import { LossHistory, type LossRow } from "../report/losses.js";
import { FLOOR, MetricHistory, type MetricRow } from "../report/metrics.js";
import { NamedSeries } from "../report/series.js";
import type { SampleRow } from "../report/training-report.js";
import { type Alarm, Alarms, alarmText } from "../training/alarms.js";
import { keysByLayer } from "../training/patch-counts.js";
import { formatSeconds } from "./terminal/index.js";

export class RunRecord {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #losses = new LossHistory();
  readonly #retrieval = new NamedSeries();
  readonly #metrics = new MetricHistory();
  readonly #alarms: Alarms;

  /** The record of a run that has been trained to `step`. */
  constructor(folder: RunFolder, options: TrainOptions, step: number) {
    this.#folder = folder;
    this.#options = options;
    folder.truncateLogs(step);
    folder.losses.read((row, rows) => this.#losses.add(row, rows));
    folder.metrics.read((row) => this.#metrics.add(row));
    folder.retrieval.read(({ step, shares }, rows) => this.#retrieval.add(step, Object.entries(shares), rows));
    const raised: Alarm[] = [];
    folder.alarms.read((alarm) => raised.push(alarm));
    this.#alarms = new Alarms(options, keysByLayer(options), raised);
    for (const row of folder.losses.last(Alarms.lookBack)) this.#alarms.noteLosses(row);
  }

  /** The last losses. */
  get last(): LossRow | null {
    return this.#losses.last;
  }

  /** Returns the alarms that it raises, as notePictures does. */
  noteLosses(row: LossRow): readonly Alarm[] {
    this.#folder.losses.append(row);
    this.#losses.add(row);
    return this.#raised(this.#alarms.noteLosses(row));
  }

  notePictures(...given: Parameters<Alarms["notePictures"]>): readonly Alarm[] {
    return this.#raised(this.#alarms.notePictures(...given));
  }

  noteRetrieval(step: number, accuracy: ReadonlyMap<string, number>): void {
    this.#folder.retrieval.append({ step, shares: Object.fromEntries(accuracy) });
    this.#retrieval.add(step, accuracy);
  }

  /** Returns whether this is the best evaluation so far. */
  noteMetrics(row: MetricRow): boolean {
    this.#folder.metrics.append(row);
    return this.#metrics.add(row);
  }

  /** The best and the last evaluation. */
  get evaluations(): Pick<MetricHistory, "best" | "last"> {
    return this.#metrics;
  }

  #raised(alarms: readonly Alarm[]): readonly Alarm[] {
    for (const alarm of alarms) this.#folder.alarms.append(alarm);
    return alarms;
  }

  async report(samples: readonly SampleRow[]): Promise<void> {
    // The chart library takes a while to load, and errors should be reported at once.
    const { renderReport } = await import("../report/training-report.js");
    const { last, seconds, secondsPerStep } = this.#losses;
    const summary: [string, string][] = [
      ["steps", String(last?.step ?? 0)],
      ["epoch", String(last?.epoch ?? 0)],
      ["time in steps", formatSeconds(seconds)],
      ["seconds per step", last ? secondsPerStep.toFixed(3) : "-"],
    ];
    const { best, last: evaluated } = this.#metrics;
    if (best && evaluated) {
      summary.push([`best ${best.by}`, valueAt(best)], [`last ${best.by}`, valueAt(evaluated)]);
    }
    const options = this.#options;
    const html = renderReport({
      title: options.name,
      options,
      defaults: defaultsOf(options),
      losses: this.#losses,
      keys: keysByLayer(options),
      retrieval: this.#retrieval,
      metrics: this.#metrics,
      alarms: this.#alarms.raised.map(alarmText),
      samples,
      summary,
    });
    this.#folder.writeReport(html);
  }
}

/** The metric that the best is chosen by. */
export const valueAt = ({ step, by, values }: MetricRow): string => `${figureText(values[by])} at step ${step}`;

/** An evaluation in one line. */
export function metricsText({ step, seconds, values }: MetricRow): string {
  const metrics = Object.entries(values)
    .filter(([name]) => !name.endsWith(FLOOR))
    .map(([name, value]) => `${name} ${figureText(value)} (floor ${figureText(values[name + FLOOR] ?? null)})`);
  return `evaluation at step ${step}: ${metrics.join(", ")}; it took ${seconds} s`;
}
