// The worker's record of a run under way: losses, alarms and evaluations. Rows go to the page as they come, and to the
// run's logs before every checkpoint, as those of `cutgpu train` go to its folder.
import { runIdentity } from "../evaluation/run-evaluation.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { LossRow } from "../report/losses.js";
import { MetricHistory, type MetricRow } from "../report/metrics.js";
import { type Alarm, Alarms } from "../training/alarms.js";
import { keysByLayer } from "../training/patch-counts.js";
import type { TrainingEvent } from "./protocol.js";
import type { RunStore } from "./store.js";

/** Losses are sent this often, in milliseconds: a chart needs no more. */
const SEND_EVERY = 200;

export class TrainingRecord {
  readonly #store: RunStore;
  readonly #send: (event: TrainingEvent) => void;
  readonly #metrics = new MetricHistory();
  readonly #alarms: Alarms;
  #step: number;
  #first: LossRow | null = null;
  #last: LossRow | null = null;
  #toSend: LossRow[] = [];
  /** Rows of the logs since they were last written. */
  readonly #toKeep: { losses: LossRow[]; alarms: Alarm[]; metrics: MetricRow[] } = {
    losses: [],
    alarms: [],
    metrics: [],
  };
  #sentAt = 0;

  private constructor(store: RunStore, send: (event: TrainingEvent) => void, alarms: Alarms, step: number) {
    this.#store = store;
    this.#send = send;
    this.#alarms = alarms;
    this.#step = step;
  }

  /** Opens the record of a run that resumes after `step`, cuts its logs there and sends their rows. */
  static async open(
    store: RunStore,
    options: TrainOptions,
    step: number,
    send: (event: TrainingEvent) => void,
  ): Promise<TrainingRecord> {
    const raised: Alarm[] = [];
    await store.cutLog<Alarm>("alarms.jsonl", step, (alarms) => raised.push(...alarms));
    const record = new TrainingRecord(store, send, new Alarms(options, keysByLayer(options), raised), step);
    let recent: LossRow[] = [];
    await store.cutLog<LossRow>("losses.jsonl", step, (rows) => {
      if (rows.length > 0) send({ kind: "losses", rows });
      record.#first ??= rows[0] ?? null;
      recent = [...recent, ...rows].slice(-Alarms.lookBack);
    });
    for (const row of recent) record.#alarms.noteLosses(row);
    record.#last = recent.at(-1) ?? null;
    if (raised.length > 0) send({ kind: "alarms", alarms: raised });
    await store.cutLog<MetricRow>("metrics.jsonl", step, (rows) => {
      for (const row of rows) record.#metrics.add(row);
      if (rows.length > 0) send({ kind: "metrics", rows });
    });
    return record;
  }

  /** The step that the run has reached. */
  get step(): number {
    return this.#step;
  }

  /** The best and the last evaluation. */
  get evaluations(): Pick<MetricHistory, "best" | "last"> {
    return this.#metrics;
  }

  /** Step, epoch and identity of the run for a row of evaluations; null where it was imported without its losses. */
  async place(): Promise<Pick<MetricRow, "step" | "epoch" | "run"> | null> {
    if (!this.#last) return null;
    const { step, epoch } = this.#last;
    return { step, epoch, run: await runIdentity(JSON.stringify(this.#first)) };
  }

  /** Returns the alarms that it raises, as notePictures does. */
  noteLosses(row: LossRow): readonly Alarm[] {
    this.#first ??= row;
    this.#last = row;
    this.#step = row.step;
    this.#toKeep.losses.push(row);
    this.#toSend.push(row);
    if (performance.now() - this.#sentAt > SEND_EVERY) this.sendLosses();
    return this.#raised(this.#alarms.noteLosses(row));
  }

  notePictures(...given: Parameters<Alarms["notePictures"]>): readonly Alarm[] {
    return this.#raised(this.#alarms.notePictures(...given));
  }

  /** Returns whether this is the best evaluation so far. */
  noteMetrics(row: MetricRow): boolean {
    this.#toKeep.metrics.push(row);
    this.#send({ kind: "metrics", rows: [row] });
    return this.#metrics.add(row);
  }

  #raised(alarms: readonly Alarm[]): readonly Alarm[] {
    this.#toKeep.alarms.push(...alarms);
    if (alarms.length > 0) this.#send({ kind: "alarms", alarms });
    return alarms;
  }

  sendLosses(): void {
    if (this.#toSend.length > 0) this.#send({ kind: "losses", rows: this.#toSend });
    this.#toSend = [];
    this.#sentAt = performance.now();
  }

  /** Appends the rows since the last call to the logs. */
  async keep(): Promise<void> {
    for (const [log, rows] of Object.entries(this.#toKeep)) {
      if (rows.length === 0) continue;
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      const { length } = rows;
      await this.#store.append(`${log}.jsonl`, text);
      // More rows may have come meanwhile.
      rows.splice(0, length);
    }
  }
}
