// The part "Train": two folders of pictures in, a run out. The training itself happens in worker.ts; here are the form, what is
// seen of a run, and its ways in and out of the page.
import { CutgpuError } from "../../engine/core/errors.js";
import type { Profile } from "../../engine/device/adapter.js";
import { serializeSafetensors } from "../../engine/formats/safetensors.js";
import { parseArguments } from "../cli/terminal/arguments.js";
import { smallNetworks } from "../demo/demo-settings.js";
import { type TrainOptions, trainSchema } from "../options/train-schema.js";
import type { LossRow } from "../report/losses.js";
import { generatorStateDict, parseCheckpoint, parseGenerator } from "../training/checkpoint.js";
import { byId, make, offer } from "./dom.js";
import { drawLosses } from "./losses-chart.js";
import { attempt, tell, tellError } from "./messages.js";
import { acceptDrops, chosenFiles, type NamedFile, picturesAmong } from "./picture-files.js";
import type { News, Sample, Wish } from "./protocol.js";
import { dataroot, importRun, zipRun } from "./run-files.js";
import { SamplesView } from "./samples-view.js";
import { RunStore } from "./store.js";

/** Milliseconds between two drawings of the curves. */
const DRAW_EVERY = 500;

const TITLE = document.title;

type Given = Partial<TrainOptions>;

/** Networks to choose from, with the side of pictures that goes with them. */
const networks: Record<string, { pixels: number; given: Given }> = {
  small: {
    pixels: 64,
    given: { ...smallNetworks, ngf: 16, ndf: 16 },
  },
  medium: { pixels: 128, given: { netG: "resnet_6blocks", ngf: 32, ndf: 32, netF_nc: 128 } },
  paper: { pixels: 256, given: {} },
};

type Side = "a" | "b";

export class TrainPart {
  readonly #useModel: (name: string, bytes: Uint8Array) => void;
  readonly #samples = new SamplesView(byId("samples", "div"));
  #worker: Worker | null = null;
  #pictures: Record<Side, NamedFile[]> = { a: [], b: [] };
  #rows: LossRow[] = [];
  #drawing: ReturnType<typeof setTimeout> | null = null;
  #running: { name: string; stepsInAll: number } | null = null;
  /** Whether the chosen run came without its pictures. */
  #wantsPictures = false;
  /** A checkpoint that the storage did not take. */
  #unsaved: { name: string; bytes: Uint8Array<ArrayBuffer> } | null = null;

  /** `useModel` takes a run's model over to the other parts of the page. */
  constructor(useModel: (name: string, bytes: Uint8Array) => void) {
    this.#useModel = useModel;
    for (const side of ["a", "b"] as const) {
      for (const id of [`folder-${side}`, `files-${side}`]) {
        const input = byId(id, "input");
        input.addEventListener("change", () => this.#choose(side, chosenFiles(input)));
      }
      acceptDrops(byId(`drop-${side}`, "div"), (files) => this.#choose(side, files));
    }
    byId("run-networks", "select").addEventListener("change", ({ target }) => {
      byId("run-pixels", "input").value = String(networks[(target as HTMLSelectElement).value].pixels);
    });
    byId("train-form", "form").addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(() => this.#start());
    });
    this.#onClick("train-resume", () => this.#resume());
    this.#onClick("train-pause", () => {
      this.#send({ kind: "pause" });
      this.#status("Finishing the step and saving ...");
    });
    this.#onClick("run-use", async () => this.#useModel(`run ${this.#selected()}`, await this.#checkpoint()));
    this.#onClick("run-model", () => this.#downloadModel());
    this.#onClick("run-zip", async () => {
      const name = this.#selected();
      offer(await zipRun(await RunStore.open(name)), `${name}.zip`);
    });
    this.#onClick("run-delete", () => this.#delete());
    const select = byId("run-select", "select");
    select.addEventListener("change", () => attempt(() => this.#show(select.value)));
    for (const id of ["open-checkpoint", "open-run"]) {
      const input = byId(id, "input");
      input.addEventListener("change", () => attempt(() => this.#import(chosenFiles(input))));
    }
    addEventListener("beforeunload", (event) => {
      // The browser asks whether to leave.
      if (this.#unsaved) event.preventDefault();
    });
    this.#list("").catch(tellError);
  }

  /** Begins the worker early, so that a start costs no load. */
  open(): void {
    this.#worker ??= this.#makeWorker();
  }

  /** Suggests a size of pictures that suits the adapter: on a software adapter every pixel is felt. */
  suit(profile: Profile): void {
    if (profile === "software") byId("run-pixels", "input").value = "32";
  }

  #onClick(id: string, work: () => void | Promise<void>): void {
    byId(id, "button").addEventListener("click", () => attempt(work));
  }

  #makeWorker(): Worker {
    const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.#hear(data));
    worker.addEventListener("error", (event) => {
      tell(
        `The training's worker failed (${event.message || "it could not be loaded"}); reload the page to go on from the last checkpoint.`,
      );
      this.#worker = null;
      this.#ended();
    });
    return worker;
  }

  #send(wish: Wish): void {
    this.open();
    this.#worker?.postMessage(wish);
  }

  // ---- the visitor's wishes

  #choose(side: Side, files: readonly NamedFile[]): void {
    attempt(() => {
      const pictures = picturesAmong(files);
      this.#pictures[side] = pictures;
      const folder = pictures[0].path.includes("/") ? ` in ${pictures[0].path.split("/")[0]}` : "";
      byId(`count-${side}`, "p").textContent =
        `${pictures.length} ${pictures.length === 1 ? "picture" : "pictures"}${folder}`;
    });
  }

  #start(): void {
    const name = byId("run-name", "input").value.trim();
    const pixels = byId("run-pixels", "input").valueAsNumber;
    const steps = byId("run-steps", "input").valueAsNumber;
    const { a, b } = this.#pictures;
    if (a.length === 0 || b.length === 0) {
      const missing = a.length === 0 ? "A" : "B";
      throw new CutgpuError(
        "FOLDER",
        `there are no pictures ${missing} yet;`,
        `choose or drop a folder for ${missing}.`,
      );
    }
    const more = parseArguments(trainSchema, words(byId("run-more", "input").value)).given;
    const batch = more.batch_size ?? 1;
    const epochs = Math.max(1, Math.ceil(steps / Math.max(1, Math.floor(Math.max(a.length, b.length) / batch))));
    const n_epochs = Math.ceil(epochs / 2);
    const given = {
      ...networks[byId("run-networks", "select").value].given,
      ...{ name, dataroot: dataroot(name), crop_size: pixels, load_size: Math.round(pixels * 1.12) },
      ...{ max_steps: steps, n_epochs, n_epochs_decay: epochs - n_epochs },
      // A tab may be closed at any time, and samples are what one waits for.
      ...{ save_latest_freq: 100 * batch, display_freq: Math.max(1, Math.ceil((steps * batch) / 20)) },
      // Checkpoints of epochs would fill the storage where pictures are few.
      save_epoch_freq: Math.max(5, Math.ceil(epochs / 4)),
      ...more,
    };
    this.#clearView();
    this.#begin(name, { kind: "start", name, given, A: a, B: b });
  }

  #resume(): void {
    const name = this.#selected();
    const { a, b } = this.#wantsPictures ? this.#pictures : { a: [], b: [] };
    const steps = byId("run-steps", "input").valueAsNumber;
    this.#begin(name, { kind: "resume", name, steps: Number.isNaN(steps) ? null : steps, A: a, B: b });
  }

  #begin(name: string, wish: Wish): void {
    this.#running = { name, stepsInAll: 0 };
    this.#unsaved = null;
    // Asks the browser not to clear the page's storage when the disk gets full; it may refuse.
    navigator.storage?.persist?.().catch(() => undefined);
    this.#controls();
    byId("train-view", "div").hidden = false;
    this.#status("Starting ...");
    this.#send(wish);
  }

  async #import(files: readonly NamedFile[]): Promise<void> {
    if (files.length === 0) return;
    const name = await importRun(files);
    await this.#list(name);
    await this.#show(name);
  }

  async #delete(): Promise<void> {
    const name = this.#selected();
    if (!confirm(`Delete the run ${name} with its checkpoints and pictures?`)) return;
    await RunStore.delete(name);
    await this.#list("");
    await this.#show("");
  }

  async #checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const name = this.#selected();
    if (this.#unsaved?.name === name) return this.#unsaved.bytes;
    const file = await (await RunStore.open(name)).read("latest.safetensors");
    if (!file) throw new CutgpuError("NO_RUN", `the run ${name} has no checkpoint yet;`, "wait for its first one.");
    return new Uint8Array(await file.arrayBuffer());
  }

  async #downloadModel(): Promise<void> {
    const name = this.#selected();
    // A checkpoint that is nowhere else is given whole, so that the run can go on from it.
    if (this.#unsaved?.name === name) return offer(this.#unsaved.bytes, "latest.safetensors");
    const { architecture, weights } = parseGenerator(await this.#checkpoint(), name);
    offer(serializeSafetensors(generatorStateDict(architecture, weights)), `${name}.safetensors`);
  }

  // ---- what the worker tells

  #hear(news: News): void {
    switch (news.kind) {
      case "progress":
        this.#status(`${news.text} ...`);
        break;
      case "begun":
        if (this.#running) this.#running.stepsInAll = news.stepsInAll;
        this.#wantsPictures = false;
        this.#rows = news.losses;
        this.#showStep(news.step);
        this.#list(this.#running?.name ?? "").catch(tellError);
        break;
      case "losses":
        for (const row of news.rows) this.#rows.push(row);
        this.#showStep(news.rows[news.rows.length - 1].step);
        break;
      case "sample":
        this.#samples.add([news.sample]);
        break;
      case "checkpoint":
        byId("train-view", "div").dataset["saved"] = String(news.step);
        this.#unsaved = news.unsaved && this.#running ? { name: this.#running.name, bytes: news.unsaved } : null;
        break;
      case "warning":
        tell(news.text);
        break;
      case "ended":
        this.#showStep(news.step);
        this.#status(this.#endedText(news));
        this.#ended();
        break;
      case "failed":
        tell(news.text);
        this.#status(news.step === null ? "Not started." : `Stopped; step ${news.step} is saved.`);
        this.#ended();
        break;
    }
  }

  #endedText({ reached, step }: { reached: boolean; step: number }): string {
    if (this.#unsaved)
      return `Stopped at step ${step}, which the storage did not take: download the model before you leave.`;
    return reached ? `Trained to the end: step ${step}.` : `Paused and saved at step ${step}.`;
  }

  #ended(): void {
    const name = this.#running?.name ?? "";
    this.#running = null;
    document.title = TITLE;
    this.#draw();
    RunStore.exists(name)
      .then((kept) => this.#list(kept ? name : ""))
      .catch(tellError);
  }

  // ---- what is seen

  #status(text: string): void {
    byId("train-status", "p").textContent = text;
    // Seen also while the tab is in the background.
    document.title = this.#running ? `${text} (cutgpu)` : TITLE;
  }

  #showStep(step: number): void {
    const total = this.#running?.stepsInAll ?? 0;
    const recent = this.#rows.slice(-20);
    const seconds = recent.reduce((sum, row) => sum + row.seconds, 0) / Math.max(1, recent.length);
    const speed =
      seconds > 0
        ? `, ${seconds < 1 ? `${(1 / seconds).toFixed(1)} steps a second` : `${seconds.toFixed(1)} s a step`}`
        : "";
    this.#status(`Step ${step.toLocaleString("en")} of ${total.toLocaleString("en")}${speed}`);
    const progress = byId("train-progress", "progress");
    progress.max = Math.max(1, total);
    progress.value = step;
    this.#drawing ??= setTimeout(() => this.#draw(), DRAW_EVERY);
  }

  #draw(): void {
    if (this.#drawing) clearTimeout(this.#drawing);
    this.#drawing = null;
    drawLosses(byId("losses", "div"), this.#rows);
  }

  #clearView(): void {
    this.#rows = [];
    this.#samples.clear();
    this.#draw();
    byId("train-progress", "progress").value = 0;
  }

  /** Lists the kept runs, with `name` (or a new run) selected. */
  async #list(name: string): Promise<void> {
    const select = byId("run-select", "select");
    const names = await RunStore.list();
    const options = names.map((each) => make("option", { value: each, textContent: each }));
    select.replaceChildren(make("option", { value: "", textContent: "a new run" }), ...options);
    select.value = names.includes(name) ? name : "";
    this.#controls();
  }

  #selected(): string {
    return byId("run-select", "select").value;
  }

  /** Shows a run that is kept, or the empty form for a new one. */
  async #show(name: string): Promise<void> {
    if (this.#running?.name === name) return;
    this.#wantsPictures = false;
    this.#controls();
    this.#clearView();
    byId("train-view", "div").hidden = name === "";
    if (name === "") {
      byId("run-steps", "input").value ||= "2000";
      return;
    }
    const store = await RunStore.open(name);
    const file = await store.read("latest.safetensors");
    if (!file) return this.#status("This run has no checkpoint yet.");
    const { state } = parseCheckpoint(new Uint8Array(await file.arrayBuffer()), name);
    this.#rows = await store.losses(state.step);
    this.#samples.add(await keptSamples(store));
    this.#draw();
    const total = state.options.max_steps;
    byId("run-steps", "input").value = total === null ? "" : String(total);
    const progress = byId("train-progress", "progress");
    progress.max = total ?? state.step;
    progress.value = state.step;
    this.#wantsPictures = (await store.files("data")).length === 0;
    const missing = this.#wantsPictures ? " Its pictures are not with it: choose its folders A and B." : "";
    this.#status(`Saved at step ${state.step}${total === null ? "" : ` of ${total}`}.${missing}`);
    this.#controls();
  }

  #controls(): void {
    const running = this.#running !== null;
    const chosen = this.#selected() !== "";
    byId("new-run-fields", "div").hidden = running;
    byId("pictures", "div").hidden = running || (chosen && !this.#wantsPictures);
    for (const label of Array.from(document.querySelectorAll("#new-run-fields label"))) {
      // A run that has begun keeps its options; it may get more steps.
      (label as HTMLElement).hidden = chosen && label.id !== "steps-field";
    }
    byId("train-start", "button").hidden = chosen || running;
    byId("train-resume", "button").hidden = !chosen || running;
    byId("train-pause", "button").hidden = !running;
    for (const id of ["run-use", "run-model", "run-zip"]) byId(id, "button").hidden = !chosen;
    byId("run-delete", "button").hidden = !chosen || running;
    byId("run-select", "select").disabled = running;
  }
}

async function keptSamples(store: RunStore): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const path of await store.files("samples")) {
    const [, when, label] = path.match(/^samples\/(input|\d+)_(.+)\.png$/) ?? [];
    const png = when && (await store.read(path));
    if (png) samples.push({ label, step: when === "input" ? null : Number(when), png });
  }
  return samples;
}

/** A line of options as a shell would split it, without its quotes' subtleties. */
function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}
