// The part "Train": two folders of pictures in, a run out. The training itself happens in worker.ts; here are the
// stored runs, the requests to the worker and its events, and import and export of runs.
import type { Profile } from "../../engine/device/adapter.js";
import { serializeSafetensors } from "../../engine/formats/safetensors.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { generatorStateDict, parseGenerator } from "../training/generator-file.js";
import { byId, handOnFocus, make, offer } from "./dom.js";
import { exampleTraining } from "./example-training.js";
import { trainingFiles } from "./examples.js";
import { keptRun } from "./kept-run.js";
import { attempt, onClick, tell, tellError, whileSaying } from "./messages.js";
import { acceptFiles, type NamedFile } from "./picture-files.js";
import type { ResumeRequest, StartRequest, TrainingEvent, TrainingRequest } from "./protocol.js";
import { importRun, zipRun } from "./run-files.js";
import { RunStore, withRunLock } from "./store.js";
import { TrainForm } from "./train-form.js";
import { count, TrainView } from "./train-view.js";

export class TrainPart {
  readonly #useModel: (name: string, bytes: Uint8Array) => void;
  readonly #form = new TrainForm(() => this.#controls());
  readonly #view = new TrainView();
  #worker: Worker | null = null;
  /** Until the adapter is known, the profile that is bearable on any. */
  #profile: Profile = "software";
  #running: { name: string; totalSteps: number } | null = null;
  /** How often another run was shown or begun: what is read of one is not shown after the next. */
  #shows = 0;
  /** Whether the chosen run was imported without its pictures. */
  #wantsPictures = false;
  /** Whether the chosen run has a best model besides the latest. */
  #hasBest = false;
  /** A checkpoint that did not fit into the storage. */
  #unsaved: { name: string; bytes: Uint8Array<ArrayBuffer> } | null = null;

  /** `useModel` opens a run's model in the other parts of the page. */
  constructor(useModel: (name: string, bytes: Uint8Array) => void) {
    this.#useModel = useModel;
    byId("train-form", "form").addEventListener("submit", (event) => {
      event.preventDefault();
      // The Enter key in the field of steps submits for a run that is kept, too.
      attempt(() => (this.#selected() === "" ? this.#start() : this.#resume()));
    });
    onClick("train-try", () => this.#tryIt());
    onClick("train-resume", () => this.#resume());
    onClick("train-pause", () => {
      this.#send({ kind: "pause" });
      this.#view.status("Finishing the step and saving ...");
    });
    onClick("run-use", async () => this.#useModel(`run ${this.#modelName(", ")}`, await this.#checkpoint()));
    onClick("run-model", () => this.#downloadModel());
    onClick("run-zip", async () => {
      const name = this.#selected();
      const pack = async () => zipRun(await RunStore.open(name));
      offer(await whileSaying("run-work", `Packing ${name}.zip ...`, pack), `${name}.zip`);
    });
    onClick("run-delete", () => this.#delete());
    const select = byId("run-select", "select");
    select.addEventListener("change", () => attempt(() => this.#show(select.value)));
    acceptFiles(["open-checkpoint", "open-run"], "run-bar", (files) => this.#import(files));
    addEventListener("beforeunload", (event) => {
      // The browser asks whether to leave: the steps since the last checkpoint would be lost.
      if (this.#running || this.#unsaved) event.preventDefault();
    });
  }

  /** Starts the worker early, so that a training need not wait for it to load, and lists the runs that are kept. */
  async open(): Promise<void> {
    this.#worker ??= this.#makeWorker();
    await RunStore.clearLeftovers();
    await this.#list("");
  }

  /** Suggests settings that suit the adapter. */
  suit(profile: Profile): void {
    this.#profile = profile;
    this.#form.suit(profile);
  }

  #makeWorker(): Worker {
    const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<TrainingEvent>) => this.#onEvent(data));
    worker.addEventListener("error", ({ message }) => {
      // Without a message where its code could not be loaded.
      const failed = `The training's worker failed (${message}); reload the page to go on from the last checkpoint.`;
      tell(message ? failed : "The code of the training could not be loaded; check the connection, and try again.");
      this.#worker = null;
      if (!this.#running) return;
      this.#view.status(message ? "Stopped." : "Not started.");
      this.#ended();
    });
    return worker;
  }

  #send(request: TrainingRequest): void {
    this.#worker ??= this.#makeWorker();
    this.#worker.postMessage(request);
  }

  #start(): void {
    // While the drawings were made into files, another may have begun.
    if (this.#running) return;
    const request = this.#form.newRun();
    this.#view.clear();
    this.#begin(request);
  }

  /** Trains on the drawings of the page, for visitors without pictures at hand. */
  async #tryIt(): Promise<void> {
    const button = byId("train-try", "button");
    const focused = document.activeElement === button;
    button.disabled = true;
    try {
      const taken = await RunStore.list();
      let name = "drawings";
      for (let i = 2; taken.includes(name); i++) name = `drawings-${i}`;
      const files = await trainingFiles();
      button.disabled = false;
      if (focused) button.focus();
      this.#form.fill(name, files, exampleTraining(this.#profile));
      this.#start();
    } finally {
      button.disabled = false;
    }
  }

  #resume(): void {
    const pictures = this.#wantsPictures ? this.#form.folders : {};
    this.#begin({ kind: "resume", name: this.#selected(), steps: this.#form.steps, pictures });
  }

  #begin(request: StartRequest | ResumeRequest): void {
    this.#running = { name: request.name, totalSteps: 0 };
    this.#shows++;
    if (request.kind === "start") this.#hasBest = false;
    this.#view.running = true;
    this.#unsaved = null;
    // Asks the browser not to clear the page's storage when the disk gets full; it may refuse.
    navigator.storage?.persist?.().catch(() => undefined);
    this.#controls();
    this.#view.show(true);
    this.#view.status("Starting ...");
    this.#send(request);
  }

  async #import(files: readonly NamedFile[]): Promise<void> {
    if (files.length === 0) return;
    if (this.#running) throw new CutgpuError("BUSY", "A run is being trained;", "pause it, then open another.");
    const name = await whileSaying("run-work", `Opening ${files[0].path.split("/")[0]} ...`, () => importRun(files));
    await this.#list(name);
    await this.#show(name);
  }

  async #delete(): Promise<void> {
    const name = this.#selected();
    if (!confirm(`Delete the run ${name} with its checkpoints and pictures?`)) return;
    await withRunLock(name, () => RunStore.delete(name));
    await this.#list("");
    await this.#show("");
  }

  /** "latest" or "best", as chosen. */
  #which(): string {
    return this.#hasBest ? byId("run-model-name", "select").value : "latest";
  }

  /** The run's name, and the chosen model where that is not the latest. */
  #modelName(between: string): string {
    return this.#selected() + (this.#which() === "best" ? `${between}best` : "");
  }

  async #checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const [name, which] = [this.#selected(), this.#which()];
    if (which === "latest" && this.#unsaved?.name === name) return this.#unsaved.bytes;
    const file = await (await RunStore.open(name)).read(`${which}.safetensors`);
    if (!file) throw new CutgpuError("NO_RUN", `the run ${name} has no checkpoint yet;`, "wait for its first one.");
    return new Uint8Array(await file.arrayBuffer());
  }

  async #downloadModel(): Promise<void> {
    const name = this.#selected();
    // A checkpoint that is not stored is offered whole, so that the run can resume from it.
    if (this.#which() === "latest" && this.#unsaved?.name === name)
      return offer(this.#unsaved.bytes, "latest.safetensors");
    const { architecture, weights } = parseGenerator(await this.#checkpoint(), name);
    offer(serializeSafetensors(generatorStateDict(architecture, weights)), `${this.#modelName("-")}.safetensors`);
  }

  #onEvent(event: TrainingEvent): void {
    const view = this.#view;
    switch (event.kind) {
      case "progress":
        view.status(`${event.text} ...`);
        break;
      case "begun":
        if (this.#running) this.#running.totalSteps = event.totalSteps;
        this.#wantsPictures = false;
        view.clearRecord();
        view.evaluatedOn(event.evaluated);
        this.#showStep(event.step);
        this.#list(this.#running?.name ?? "").catch(tellError);
        break;
      case "losses":
        view.addLosses(event.rows);
        this.#showStep(event.rows[event.rows.length - 1].step);
        break;
      case "alarms":
        view.addAlarms(event.alarms);
        break;
      case "metrics":
        view.addMetrics(event.rows);
        break;
      case "best":
        this.#hasBest = true;
        this.#controls();
        break;
      case "sample":
        view.addSamples([event.sample]);
        break;
      case "checkpoint":
        view.saved(event.step);
        this.#unsaved = event.unsaved && this.#running ? { name: this.#running.name, bytes: event.unsaved } : null;
        break;
      case "warning":
        tell(event.text);
        break;
      case "ended":
        this.#showStep(event.step);
        view.status(this.#endedText(event));
        this.#ended();
        break;
      case "failed":
        tell(event.text);
        view.status(event.step === null ? "Not started." : `Stopped; step ${count(event.step)} is saved.`);
        this.#ended();
        break;
    }
  }

  #showStep(step: number): void {
    this.#view.step(step, this.#running?.totalSteps ?? 0);
  }

  #endedText({ reached, step }: { reached: boolean; step: number }): string {
    if (this.#unsaved)
      return `Stopped at step ${count(step)}, which the storage did not take: download the model before you leave.`;
    return reached ? `Trained to the end: step ${count(step)}.` : `Paused and saved at step ${count(step)}.`;
  }

  #ended(): void {
    const name = this.#running?.name ?? "";
    this.#running = null;
    this.#view.running = false;
    this.#view.draw();
    this.#list(name).catch(tellError);
  }

  /** Lists the stored runs, with `name` (or a new run) selected; while one is trained, that one. */
  async #list(name: string): Promise<void> {
    const select = byId("run-select", "select");
    const names = await RunStore.list();
    const options = names.map((each) => make("option", { value: each, textContent: each }));
    select.replaceChildren(make("option", { value: "", textContent: "a new run" }), ...options);
    select.value = names.find((each) => each === (this.#running?.name ?? name)) ?? "";
    this.#controls();
  }

  #selected(): string {
    return byId("run-select", "select").value;
  }

  /** Shows a stored run, or the empty form for a new one. */
  async #show(name: string): Promise<void> {
    if (this.#running) return;
    const turn = ++this.#shows;
    this.#wantsPictures = false;
    this.#hasBest = false;
    this.#controls();
    this.#view.clear();
    this.#view.show(name !== "");
    if (name === "") {
      this.#form.steps ??= 2000;
      return;
    }
    const kept = await keptRun(await RunStore.open(name), name);
    if (turn !== this.#shows) return;
    const { state } = kept;
    if (!state) return this.#view.status("This run has no checkpoint yet.");
    this.#view.addLosses(kept.losses);
    this.#view.addAlarms(kept.alarms);
    this.#view.addMetrics(kept.metrics);
    this.#view.addSamples(kept.samples);
    this.#view.draw();
    const total = state.options.max_steps;
    this.#form.steps = total;
    const { step } = state;
    this.#view.progress(step, total ?? step);
    this.#wantsPictures = kept.wantsPictures;
    this.#hasBest = kept.hasBest;
    const missing = this.#wantsPictures ? " Its pictures are not with it: choose its folders A and B." : "";
    const reached = total === null ? count(step) : `${count(step)} of ${count(total)}`;
    this.#view.status(`Saved at step ${reached}.${missing}`);
    this.#controls();
  }

  #controls(): void {
    const focused = byId("train", "section").querySelector(":focus");
    const running = this.#running !== null;
    const chosen = this.#selected() !== "";
    byId("new-run-fields", "div").hidden = running;
    const { a, b } = this.#form.pictures;
    byId("train-example", "div").hidden = running || chosen || a.length + b.length > 0;
    byId("pictures", "div").hidden = running || (chosen && !this.#wantsPictures);
    this.#form.showTestSplit(!running && !chosen);
    for (const label of Array.from(byId("new-run-fields", "div").querySelectorAll("label"))) {
      // A run that has begun keeps its options; it may get more steps.
      label.hidden = chosen && label.id !== "steps-field";
      // Else a value that is out of range would silently keep the form from being submitted.
      (label.control as HTMLInputElement | HTMLSelectElement).disabled = label.hidden;
    }
    byId("train-start", "button").hidden = chosen || running;
    byId("train-resume", "button").hidden = !chosen || running;
    byId("train-pause", "button").hidden = !running;
    for (const id of ["run-use", "run-model", "run-zip"]) byId(id, "button").hidden = !chosen;
    byId("run-which", "label").hidden = !chosen || !this.#hasBest;
    byId("run-delete", "button").hidden = !chosen || running;
    byId("run-select", "select").disabled = running;
    handOnFocus(focused, ["train-pause", "train-resume", "run-select"]);
  }
}
