// The part "Look inside": for a point of the translation, the similarity of its patch with every patch of the input,
// layer by layer, where the translation's patches come from and how hard they are to tell apart, and the encoder's
// features as colours. The figures are those of cut/inspection/inspector.ts.
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Picture } from "../data/picture.js";
import { scaleDown } from "../data/resize.js";
import type { InspectedLayer } from "../inspection/inspected-layer.js";
import { type InspectModel, loadInspectModel } from "../inspection/inspection-model.js";
import { type ComponentsMap, Inspector, type SimilarityMap } from "../inspection/inspector.js";
import { lossText, sourcesText } from "../report/inspection-text.js";
import { componentsPicture, lossPicture, similarityPicture } from "../report/overlay.js";
import { sourcesPicture } from "../report/source-arrows.js";
import { choosePictures } from "./chosen-pictures.js";
import { byId, make, showMilliseconds } from "./dom.js";
import { exampleFiles } from "./examples.js";
import { latest } from "./latest.js";
import { attempt, clearMessage, onClick, tellError } from "./messages.js";
import { acceptFiles, type NamedFile } from "./picture-files.js";
import { readPictureFile, showPicture } from "./pictures.js";
import type { Model, Session } from "./session.js";

/** Keys of all patches are kept on the GPU, so pictures are scaled to a size first. */
const LONGEST_SIDE = { gpu: 256, software: 64 } as const;

interface Opened {
  model: Model;
  gpu: Gpu;
  parts: InspectModel;
  inspector: Inspector;
}

export class InspectPart {
  readonly #session: Session;
  #opened: Opened | null = null;
  #input: { picture: Picture; name: string } | null = null;
  /** The input as it is shown, scaled down where it was large. */
  #shown: Picture = { width: 0, height: 0, channels: 3, data: new Uint8Array() };
  #point = { x: 0, y: 0 };
  #busy: Promise<void> = Promise.resolve();
  readonly #follow = latest(() => this.#turn(async () => this.#similarity((await this.#open()).inspector)), tellError);

  constructor(session: Session) {
    this.#session = session;
    acceptFiles(["inspect-file"], "inspect-drop", (files) => this.#take(files));
    onClick("inspect-example", async () => this.#take((await exampleFiles()).slice(0, 1)));
    const canvas = byId("inspect-output", "canvas");
    canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      const scale = canvas.width / canvas.clientWidth;
      this.#move(Math.floor(offsetX * scale), Math.floor(offsetY * scale));
    });
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      this.#move(this.#point.x + by[0], this.#point.y + by[1]);
    });
    const named = () => {
      byId("inspect-model", "b").textContent = session.model?.name ?? "none";
    };
    named();
    session.onModel(() => {
      named();
      // The same picture through the other model.
      if (this.#input) attempt(() => this.#turn(() => this.#look()));
    });
  }

  #take(files: readonly NamedFile[]): Promise<void> {
    return attempt(() =>
      this.#turn(async () => {
        await this.#choose(files);
        await this.#look();
      }),
    );
  }

  /** Takes the first picture among what was chosen; where there is none, what was said before stands again. */
  async #choose(files: readonly NamedFile[]): Promise<void> {
    const said = byId("inspect-status", "p").textContent ?? "";
    try {
      const { pictures } = await choosePictures(files, (text) => this.#status(text));
      const [{ path, file }] = pictures;
      const name = pictures.length > 1 ? `${path}, the first of ${pictures.length} pictures` : path;
      this.#input = { picture: await readPictureFile(file, path, 3), name };
    } catch (error) {
      this.#status(said);
      throw error;
    }
  }

  /** One after the other: an inspector holds one picture. */
  #turn(work: () => Promise<void>): Promise<void> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async #look(): Promise<void> {
    const input = this.#input;
    if (!input) return;
    this.#status("Looking ...");
    try {
      const begun = performance.now();
      const { gpu, inspector } = await this.#open();
      const picture = scaleDown(input.picture, LONGEST_SIDE[gpu.profile]);
      await inspector.load(picture);
      this.#shown = picture;
      byId("inspect-view", "div").hidden = false;
      for (const id of ["inspect-input", "inspect-output"]) {
        byId(id, "canvas").classList.toggle("pixelated", picture.width < 160);
      }
      showPicture(byId("inspect-input", "canvas"), picture);
      showPicture(byId("inspect-output", "canvas"), inspector.translation);
      this.#point = { x: picture.width >> 1, y: picture.height >> 1 };
      await this.#similarity(inspector);
      const maps = await inspector.components();
      byId("components", "div").replaceChildren(...maps.map((map) => componentsFigure(map, picture)));
      const sources = await inspector.sources();
      byId("sources", "div").replaceChildren(
        ...sources.map((map) => mapFigure(map, sourcesPicture(map, picture), sourcesText(map))),
      );
      const losses = await inspector.losses();
      byId("patch-losses", "div").replaceChildren(
        ...losses.map((map) => mapFigure(map, lossPicture(map, picture), lossText(map))),
      );
      this.#status(
        `${input.name}, ${picture.width} x ${picture.height}: ${showMilliseconds(performance.now() - begun)}`,
      );
    } catch (error) {
      this.#status("");
      throw error;
    }
  }

  #move(x: number, y: number): void {
    const canvas = byId("inspect-output", "canvas");
    const inside = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
    this.#point = { x: inside(x, canvas.width), y: inside(y, canvas.height) };
    clearMessage();
    this.#follow();
  }

  async #similarity(inspector: Inspector): Promise<void> {
    const { x, y } = this.#point;
    const maps = await inspector.similarity(x, y);
    const output = byId("inspect-output", "canvas");
    showPicture(output, inspector.translation);
    mark(output, x, y);
    output.setAttribute("aria-label", `translation, point ${x}, ${y} chosen`);
    byId("similarity", "div").replaceChildren(...maps.map((map) => similarityFigure(map, this.#shown, { x, y })));
  }

  async #open(): Promise<Opened> {
    const gpu = await this.#session.gpu();
    const { model } = this.#session;
    if (!model) throw new CutgpuError("MODEL", "no model is open;", "open one under Translate.");
    if (this.#opened?.model === model && this.#opened.gpu === gpu) return this.#opened;
    this.#close();
    const parts = loadInspectModel(gpu, model.bytes, model.name);
    this.#opened = { model, gpu, parts, inspector: new Inspector(gpu, parts) };
    if (this.#input && byId("inspect-view", "div").hidden === false) {
      // After a lost device a click finds no picture on the new one.
      await this.#opened.inspector.load(scaleDown(this.#input.picture, LONGEST_SIDE[gpu.profile]));
    }
    return this.#opened;
  }

  #close(): void {
    if (!this.#opened) return;
    const { inspector, parts } = this.#opened;
    inspector.dispose();
    for (const network of [parts.generator, parts.heads]) {
      for (const parameter of network?.parameters.values() ?? []) parameter.dispose();
    }
    this.#opened = null;
  }

  #status(text: string): void {
    byId("inspect-status", "p").textContent = text;
  }
}

/** A cross that is seen on any colour. */
function mark(canvas: HTMLCanvasElement, x: number, y: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const arm = Math.max(2, Math.round(canvas.width / 24));
  const thick = Math.max(1, Math.round(canvas.width / 128));
  const cross = (colour: string, grow: number) => {
    context.fillStyle = colour;
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      const [cx, cy] = [x + dx * (arm / 2 + 1), y + dy * (arm / 2 + 1)];
      const [w, h] = dx ? [arm, thick] : [thick, arm];
      context.fillRect(Math.floor(cx - w / 2 - grow), Math.floor(cy - h / 2 - grow), w + 2 * grow, h + 2 * grow);
    }
  };
  if (canvas.width >= 128) cross("#fff", 1);
  cross("#e01e5a", 0);
}

/** A layer's map as a picture of the input's size, with a description below. */
function mapFigure(layer: InspectedLayer, picture: Picture, about: string): HTMLElement {
  const canvas = make("canvas", { className: picture.width < 160 ? "pixelated" : "" });
  showPicture(canvas, picture);
  const title = `Layer ${layer.layer}`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${title}: ${about}`);
  const size = `${layer.width} x ${layer.height}, ${layer.channels} channels`;
  const caption = make("figcaption", {}, make("b", { textContent: title }), ` ${size}`, make("br"), about);
  return make("figure", {}, canvas, caption);
}

function similarityFigure(map: SimilarityMap, input: Picture, point: { x: number; y: number }): HTMLElement {
  const { values, width, position } = map;
  const best = values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
  const away = Math.hypot((best % width) - position.x, Math.floor(best / width) - position.y);
  const about = away === 0 ? "most similar at the same place" : `most similar ${away.toFixed(1)} positions away`;
  const figure = mapFigure(map, similarityPicture(map, input), about);
  const canvas = figure.querySelector("canvas");
  if (canvas) mark(canvas, point.x, point.y);
  return figure;
}

function componentsFigure(map: ComponentsMap, input: Picture): HTMLElement {
  const shares = map.explained.map((share) => `${Math.round(100 * share)}\u00a0%`).join(", ");
  return mapFigure(map, componentsPicture(map, input), `variance ${shares}`);
}
