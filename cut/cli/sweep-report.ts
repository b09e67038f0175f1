// The results of a sweep's runs so far, read from their folders while others may still train in them, as one page.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { figureText } from "../evaluation/figures.js";
import { writeFileAtomically } from "../files/atomic-files.js";
import { RunFolder } from "../files/run-folder.js";
import { showValue } from "../options/schema.js";
import { lastText } from "../report/axis-numbers.js";
import { LossHistory } from "../report/losses.js";
import { MetricHistory } from "../report/metrics.js";
import { NamedSeries, type Series } from "../report/series.js";
import type { SweepRow, SweepStrip } from "../report/sweep-page.js";
import { valueAt } from "./run-record.js";
import { RunSamples } from "./run-samples.js";
import type { Sweep, SweepRun } from "./sweep-file.js";

/** Curves are distinguished by colour, of which there are six. */
const MAX_CURVES = 6;

/** The outcome of a run that has done all its steps. */
export const TRAINED = "trained";

/** How runs ended, by their names, as far as this process has seen it: as TRAINED, or why not. */
export type Outcomes = Map<string, string>;

/** The names of the runs that ended without success. */
export const failedRuns = (outcomes: Outcomes): string[] =>
  [...outcomes].filter(([, outcome]) => outcome !== TRAINED).map(([name]) => name);

/** Writes the page into the sweep's folder. Returns its path. */
export async function writeSweepReport(sweep: Sweep, outcomes: Outcomes): Promise<string> {
  const { renderSweepPage } = await import("../report/sweep-page.js");
  const varied = [...new Set(sweep.runs.flatMap((run) => [...run.varied.keys()]))];
  const runs = sweep.runs.map((run) => new RunState(run, sweep.folder, outcomes.get(run.name)));
  const begun = runs.filter(({ steps }) => steps > 0);
  const metric = begun.find(({ metrics }) => metrics.last)?.metrics.last?.by;
  const compared = (name: string) => {
    const all = new NamedSeries();
    for (const run of best(begun)) all.set(run.name, run.series(name));
    return all;
  };
  const chosen = begun.length > MAX_CURVES ? ` Of ${begun.length} runs, the ${MAX_CURVES} best.` : "";
  const curves = ["G", "NCE", ...(metric ? [metric] : [])].map((title) => ({
    title,
    note: `${title === metric ? "Evaluations on held-out pictures, lower is better." : "Smoothed."}${chosen}`,
    noisy: title !== metric,
    series: compared(title),
  }));
  const path = join(sweep.folder, "report.html");
  const page = renderSweepPage({
    title: sweep.folder,
    summary: [
      ["runs", String(runs.length)],
      ["begun", String(begun.length)],
      ["failed", String(failedRuns(outcomes).length)],
    ],
    rows: runs.map((run) => run.row(varied)),
    curves,
    strips: await stripsOf(begun),
  });
  writeFileAtomically(path, page);
  return path;
}

/** The best by the metric, where there is one, else the first of the file. */
function best(runs: readonly RunState[]): RunState[] {
  const value = ({ metrics: { best } }: RunState) => (best ? best.values[best.by] : Number.POSITIVE_INFINITY);
  return [...runs].sort((a, b) => value(a) - value(b) || 0).slice(0, MAX_CURVES);
}

class RunState {
  readonly name: string;
  readonly losses = new LossHistory();
  readonly metrics = new MetricHistory();
  readonly folder: RunFolder;
  readonly #run: SweepRun;
  readonly #outcome: string | undefined;
  #alarms = 0;

  constructor(run: SweepRun, folder: string, outcome: string | undefined) {
    this.name = run.name;
    this.#run = run;
    this.#outcome = outcome;
    this.folder = RunFolder.look(join(folder, run.name));
    this.folder.losses.read((row, rows) => this.losses.add(row, rows));
    this.folder.metrics.read((row) => this.metrics.add(row));
    this.folder.alarms.read(() => this.#alarms++);
  }

  get steps(): number {
    return this.losses.last?.step ?? 0;
  }

  series(name: string): Series | undefined {
    return this.losses.series.get(name) ?? this.metrics.series.get(name);
  }

  /** What the logs say of a run that another process trains, or has trained. */
  get #reached(): string {
    const { n_epochs, n_epochs_decay } = this.#run.options;
    const { last } = this.losses;
    return last ? `epoch ${last.epoch} of ${n_epochs + n_epochs_decay}` : "not begun";
  }

  /** `varied`: the options in which runs of the sweep differ, also those that this run has from defaults. */
  row(varied: readonly string[]): SweepRow {
    const { losses, metrics } = this;
    const options: Record<string, unknown> = this.#run.options;
    const value = (name: string) => (options[name] === undefined ? "" : showValue(options[name]));
    const cells = new Map(varied.map((name) => [name, this.#run.varied.get(name) ?? value(name)]));
    cells.set("state", this.#outcome ?? this.#reached);
    if (losses.last) {
      cells.set("steps", String(this.steps));
      cells.set("s/step", losses.secondsPerStep.toFixed(3));
      for (const name of ["G", "NCE"]) {
        const last = losses.series.get(name)?.smoothed().at(-1);
        if (last) cells.set(name, lastText(last.value));
      }
    }
    const { best, last } = metrics;
    if (best && last) {
      cells.set(`best ${best.by}`, valueAt(best)).set(`last ${last.by}`, figureText(last.values[last.by]));
    }
    if (this.#alarms > 0) cells.set("alarms", String(this.#alarms));
    const report = `${this.name}/report.html`;
    return { report: existsSync(join(this.folder.path, "report.html")) ? report : null, cells };
  }

  /** The samples: input and last translation. */
  async samples(): Promise<{ label: string; input: Uint8Array; output: Uint8Array }[]> {
    const samples = await RunSamples.choose(this.folder, this.#run.options);
    const rows = samples.rows(this.steps, (all) => all.slice(-1));
    return rows.flatMap(({ label, images: [input, output] }) =>
      output ? [{ label, input: input.png, output: output.png }] : [],
    );
  }
}

async function stripsOf(runs: readonly RunState[]): Promise<SweepStrip[]> {
  const strips = new Map<string, SweepStrip["pictures"][number][]>();
  for (const run of runs) {
    for (const { label, input, output } of await run.samples()) {
      if (!strips.has(label)) strips.set(label, [{ caption: "input", png: input }]);
      strips.get(label)!.push({ caption: run.name, png: output });
    }
  }
  return [...strips].map(([label, pictures]) => ({ label, pictures }));
}
