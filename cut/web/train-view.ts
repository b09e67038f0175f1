// The view of a run in the part "Train": its progress, its alarms, its losses as curves, its samples. While a training
// runs its status is the tab's title too, visible from other tabs.
import { figureText } from "../evaluation/figures.js";
import { LossHistory, type LossRow } from "../report/losses.js";
import { MetricHistory, type MetricRow } from "../report/metrics.js";
import { type Alarm, alarmText } from "../training/alarms.js";
import { drawCharts } from "./charts.js";
import { byId, make } from "./dom.js";
import type { Sample } from "./protocol.js";
import { SamplesView } from "./samples-view.js";

/** Milliseconds between two drawings of the curves. */
const DRAW_EVERY = 500;

const TITLE = document.title;

/** A number of steps as it is written everywhere: 1,000. */
export const count = (steps: number): string => steps.toLocaleString("en");

export class TrainView {
  readonly #samples = new SamplesView(byId("samples", "div"));
  #losses = new LossHistory();
  #metrics = new MetricHistory();
  /** Seconds of the last steps. */
  #recent: number[] = [];
  #drawing: ReturnType<typeof setTimeout> | null = null;
  #running = false;

  show(shown: boolean): void {
    byId("train-view", "div").hidden = !shown;
  }

  /** Set when a training begins or ends. */
  set running(running: boolean) {
    this.#running = running;
    if (!running) document.title = TITLE;
  }

  status(text: string): void {
    byId("train-status", "p").textContent = text;
    document.title = this.#running ? `${text} (cutgpu)` : TITLE;
  }

  /** The current step, of `total`, and the speed. */
  step(step: number, total: number): void {
    const seconds = this.#recent.reduce((sum, each) => sum + each, 0) / Math.max(1, this.#recent.length);
    const speed = seconds < 1 ? `${(1 / seconds).toFixed(1)} steps per second` : `${seconds.toFixed(1)} s per step`;
    const reached = `Step ${count(step)} of ${count(total)}`;
    this.status(seconds > 0 ? `${reached}, ${speed}` : reached);
    this.progress(step, total);
    this.#drawing ??= setTimeout(() => this.draw(), DRAW_EVERY);
  }

  progress(step: number, total: number): void {
    const progress = byId("train-progress", "progress");
    progress.max = Math.max(1, total);
    progress.value = step;
  }

  /** The last checkpoint's step, for tests of the page. */
  saved(step: number): void {
    byId("train-view", "div").dataset["saved"] = String(step);
  }

  addLosses(rows: readonly LossRow[]): void {
    for (const row of rows) this.#losses.add(row);
    this.#recent = [...this.#recent, ...rows.slice(-20).map(({ seconds }) => seconds)].slice(-20);
  }

  /** Shows new alarms, below the status. */
  addAlarms(alarms: readonly Alarm[]): void {
    const list = byId("alarms", "ul");
    for (const alarm of alarms) list.append(make("li", { textContent: alarmText(alarm) }));
    list.hidden = list.childElementCount === 0;
  }

  /** Shows what a run is evaluated on; null where it is not. */
  evaluatedOn(protocol: string | null): void {
    const { best, last } = this.#metrics;
    const value = ({ step, by, values }: MetricRow) => `${figureText(values[by])} at step ${count(step)}`;
    const found = best && last ? `best ${value(best)}, last ${value(last)}` : "not measured yet";
    const text = byId("evaluated", "p");
    text.textContent = `${best?.by ?? "SWD"}: ${found} (${protocol})`;
    text.hidden = protocol === null;
  }

  addMetrics(rows: readonly MetricRow[]): void {
    for (const row of rows) this.#metrics.add(row);
    const { last } = this.#metrics;
    if (last) this.evaluatedOn(last.protocol);
  }

  /** Forgets losses, alarms and evaluations. */
  clearRecord(): void {
    this.#losses = new LossHistory();
    this.#metrics = new MetricHistory();
    this.evaluatedOn(null);
    this.#recent = [];
    byId("alarms", "ul").replaceChildren();
    this.addAlarms([]);
  }

  addSamples(samples: readonly Sample[]): void {
    this.#samples.add(samples);
  }

  /** Draws the curves at once. */
  draw(): void {
    if (this.#drawing) clearTimeout(this.#drawing);
    this.#drawing = null;
    drawCharts(byId("losses", "div"), this.#losses, this.#metrics);
  }

  clear(): void {
    this.clearRecord();
    this.#samples.clear();
    this.draw();
    byId("train-progress", "progress").value = 0;
  }
}
