// What `cutgpu train` notes of a run under way and tells in its report. Every row goes to the folder's logs; in memory
// stays what charts need, so that a run of a million steps takes no more than one of a thousand.
import type { Picture } from "../data/picture.js";
import type { RunFolder } from "../files/run-folder.js";
import { resolveOptions } from "../options/train-options.js";
import type { TrainOptions } from "../options/train-schema.js";
import { LossHistory, type LossRow } from "../report/losses.js";
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
  readonly #alarms: Alarms;

  /** The record of a run that has been trained to `step`. */
  constructor(folder: RunFolder, options: TrainOptions, step: number) {
    this.#folder = folder;
    this.#options = options;
    folder.truncateLogs(step);
    folder.losses.read((row, rows) => this.#losses.add(row, rows));
    const raised: Alarm[] = [];
    folder.alarms.read((alarm) => raised.push(alarm));
    this.#alarms = new Alarms(options, keysByLayer(options), raised);
    for (const row of folder.losses.last(Alarms.lookBack)) this.#alarms.noteLosses(row);
  }

  /** The losses noted last. */
  get last(): LossRow | null {
    return this.#losses.last;
  }

  /** Returns the alarms that are raised by it, as notePictures does. */
  noteLosses(row: LossRow): readonly Alarm[] {
    this.#folder.losses.append(row);
    this.#losses.add(row);
    return this.#raised(this.#alarms.noteLosses(row));
  }

  notePictures(step: number, pairs: readonly { input: Picture; output: Picture }[]): readonly Alarm[] {
    return this.#raised(this.#alarms.notePictures(step, pairs));
  }

  noteRetrieval(step: number, accuracy: ReadonlyMap<string, number>): void {
    this.#retrieval.add(step, accuracy);
  }

  #raised(alarms: readonly Alarm[]): readonly Alarm[] {
    for (const alarm of alarms) this.#folder.alarms.append(alarm);
    return alarms;
  }

  async report(samples: readonly SampleRow[]): Promise<void> {
    // What draws the charts takes a while to load, and mistakes should be answered at once.
    const { renderReport } = await import("../report/training-report.js");
    const { last, seconds, secondsPerStep } = this.#losses;
    const summary: [string, string][] = [
      ["steps", String(last?.step ?? 0)],
      ["epoch", String(last?.epoch ?? 0)],
      ["time in steps", formatSeconds(seconds)],
      ["seconds per step", last ? secondsPerStep.toFixed(3) : "-"],
    ];
    const options = this.#options;
    const html = renderReport({
      title: options.name,
      options,
      defaults: resolveOptions({ dataroot: options.dataroot, CUT_mode: options.CUT_mode }),
      losses: this.#losses,
      keys: keysByLayer(options),
      retrieval: this.#retrieval,
      alarms: this.#alarms.raised.map(alarmText),
      samples,
      summary,
    });
    this.#folder.writeReport(html);
  }
}
