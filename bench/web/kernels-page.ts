// The page of kernels: the benchmark on the visitor's own GPU, row after row, and its kernels on the roofline plot.
import { showAdapter } from "../../cut/web/adapter-view.js";
import { Device } from "../../cut/web/device.js";
import { byId, handOnFocus, make, offer } from "../../cut/web/dom.js";
import { attempt, tellError } from "../../cut/web/messages.js";
import { type BenchRow, ceilingsOf, chooseCases, runBench, type Suite, suites } from "../index.js";
import { number, orNone, percent, timing } from "../report/format.js";
import { rooflineChart, rooflineStyle } from "../report/roofline-chart.js";
import { roofOf } from "../report/select.js";

const ABOUT: Record<Suite, string> = {
  roofline: "what this GPU can do at most",
  kernels: "convolutions, norms, products",
  generator: "the whole generator",
  step: "a training step",
  nce: "the patch loss",
  overhead: "what a dispatch costs",
};
/** Run by default: the others take minutes on a slow adapter. */
const AT_FIRST: readonly Suite[] = ["roofline", "kernels"];

const COLUMNS: { title: string; show: (row: BenchRow) => string }[] = [
  { title: "Kernel", show: ({ kernel }) => kernel },
  { title: "Shape", show: ({ shape }) => shape },
  { title: "Variant", show: ({ variant }) => variant },
  { title: "ms (spread)", show: ({ ms, note }) => (ms ? timing(ms) : (note ?? "")) },
  { title: "GFLOP/s", show: ({ gflops }) => orNone(gflops) },
  { title: "GB/s", show: ({ gbps }) => orNone(gbps) },
  { title: "of the roof", show: ({ roofline }) => orNone(roofline, percent) },
];

class KernelsPage {
  readonly #device: Device;
  readonly #rows: BenchRow[] = [];
  #stop: AbortController | null = null;

  constructor(device: Device) {
    this.#device = device;
    document.head.append(make("style", { textContent: rooflineStyle }));
    for (const suite of suites) {
      const box = make("input", { type: "checkbox", value: suite, checked: AT_FIRST.includes(suite) });
      byId("suites", "fieldset").append(make("label", { title: ABOUT[suite] }, box, suite));
    }
    byId("bench-run", "button").addEventListener("click", () => attempt(() => this.#run()));
    byId("bench-stop", "button").addEventListener("click", () => this.#stop?.abort());
    byId("bench-export", "button").addEventListener("click", () => {
      offer(new Blob([`${JSON.stringify(this.#rows, null, 2)}\n`], { type: "application/json" }), "cutgpu-bench.json");
    });
  }

  async #run(): Promise<void> {
    const boxes = Array.from(byId("suites", "fieldset").querySelectorAll("input"));
    const chosen = suites.filter((suite) => boxes.some(({ checked, value }) => checked && value === suite));
    const filter = byId("bench-filter", "input").value.trim();
    const stop = new AbortController();
    this.#stop = stop;
    this.#rows.length = 0;
    this.#table();
    this.#busy(true);
    try {
      const gpu = await this.#device.gpu();
      const options = {
        signal: stop.signal,
        onRow: (row: BenchRow) => this.#add(row),
        onProgress: ({ done, total, next }: { done: number; total: number; next: string }) => {
          if (next) this.#status(`${done + 1} of ${total}: ${next}`);
        },
      };
      const others = chosen.filter((suite) => suite !== "roofline");
      // A filter that matches nothing is answered at once.
      if (others.length > 0) chooseCases(gpu, { suites: others, filter });
      // The roof is measured whatever the filter is: the plot needs it.
      const ceilings = ceilingsOf(await runBench(gpu, { ...options, suites: ["roofline"] }));
      if (others.length > 0) await runBench(gpu, { ...options, suites: others, filter, ceilings });
      this.#status(`${this.#rows.length} rows measured.`);
    } catch (error) {
      if (error !== stop.signal.reason) {
        this.#status("");
        throw error;
      }
      this.#status(`Stopped after ${this.#rows.length} rows.`);
    } finally {
      this.#stop = null;
      this.#busy(false);
      this.#plot();
    }
  }

  #busy(busy: boolean): void {
    const focused = document.activeElement;
    byId("bench-run", "button").hidden = busy;
    byId("bench-stop", "button").hidden = !busy;
    byId("bench-export", "button").hidden = busy || this.#rows.length === 0;
    handOnFocus(focused, ["bench-stop", "bench-run"]);
  }

  #add(row: BenchRow): void {
    this.#rows.push(row);
    const cells = COLUMNS.map(({ title, show }) => {
      const cell = make("td", { textContent: show(row) });
      // For narrow pages, where the table has no head.
      cell.dataset["head"] = title;
      return cell;
    });
    byId("bench-rows", "section")
      .querySelector("tbody")
      ?.append(make("tr", { title: row.note ?? "" }, ...cells));
    this.#plot();
  }

  #table(): void {
    const head = make("tr", {}, ...COLUMNS.map(({ title }) => make("th", { scope: "col", textContent: title })));
    const section = byId("bench-rows", "section");
    section.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody")));
    section.hidden = false;
  }

  #plot(): void {
    const target = byId("bench-plot", "div");
    const roof = roofOf(this.#rows);
    const chart = rooflineChart(this.#rows, roof);
    target.hidden = chart === null && roof === null;
    if (target.hidden) return;
    const heading = make("h2", { textContent: "The roofline of this GPU" });
    const limits =
      roof && `At most ${number(roof.gflops)} GFLOP/s, and ${number(roof.gbps)} GB/s from and to its memory.`;
    const about = make("p", {
      className: "soft",
      textContent: limits ? `${limits} Filled: the fastest kernel of each operator.` : "",
    });
    const drawing = make("div", { className: "roofline" });
    // Made by our own chart, from numbers and names of kernels.
    if (chart) drawing.innerHTML = chart;
    target.replaceChildren(heading, about, drawing);
  }

  #status(text: string): void {
    byId("bench-status", "p").textContent = text;
  }
}

const device = new Device();
new KernelsPage(device);
showAdapter(() => device.gpu()).catch(tellError);
