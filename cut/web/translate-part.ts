// The part "Translate": pictures go through the model one after the other, large ones by tiles. Each is shown next to
// its translation with the time it took, and kept as a PNG file until it is downloaded or cleared. A picture that fails
// is reported and skipped.
import type { CancellationOptions } from "../../engine/lib/cancellation.js";
import { CutgpuError, LimitError } from "../../engine/lib/errors.js";
import { freeName } from "../data/file-names.js";
import { isSingleImage } from "../networks/any-generator.js";
import { errorMessage } from "../options/error-message.js";
import { Camera } from "./camera.js";
import { contentOf } from "./chosen-content.js";
import { choosePictures } from "./chosen-pictures.js";
import { byId, handOnFocus, make, offer, showBytes, showCount, showMilliseconds } from "./dom.js";
import { exampleFiles } from "./examples.js";
import { attempt, onClick, tell, tellError } from "./messages.js";
import { acceptFiles, type NamedFile } from "./picture-files.js";
import { pictureToPng, readPictureFile } from "./pictures.js";
import type { Session } from "./session.js";
import { zipFiles } from "./zip-files.js";

/** The name of a kept result without its extension, .png. */
const outputStem = (path: string) => path.replace(/\.[^./]*$/, "").replaceAll("/", "_");

export class TranslatePart {
  readonly #session: Session;
  readonly #results: { stem: string; png: Blob; urls: string[] }[] = [];
  #stop: AbortController | null = null;

  constructor(session: Session) {
    this.#session = session;
    const camera = new Camera(session, () => this.#size());
    acceptFiles(["translate-files", "translate-folder"], "translate-drop", (files) => this.#translate(files));
    acceptFiles(["model-file"], "model-bar", (files) => openModel(session, files));
    onClick("translate-examples", async () => this.#translate(await exampleFiles()));
    onClick("translate-stop", () => {
      this.#stop?.abort();
      this.#status("Stopping after this picture ...");
    });
    onClick("translate-clear", () => this.#clear());
    onClick("translate-zip", () => this.#download());
    onClick("camera", () => camera.toggle());
    onClick("model-demo", () => openDemoModel(session));
    session.onModel(({ name, bytes, architecture }) => {
      byId("model-name", "b").textContent = name;
      const { input_nc, output_nc } = architecture;
      const channels = (count: number) => (count === 1 ? "gray" : "RGB");
      const blocks = isSingleImage(architecture)
        ? `SinCUT's blocks of ${architecture.channels.join(" and ")} channels`
        : `${architecture.blocks} blocks of ${4 * architecture.ngf} channels`;
      const network = `${channels(input_nc)} to ${channels(output_nc)}, ${blocks}`;
      byId("model-about", "span").textContent = `${network}, ${showBytes(bytes.length)}`;
    });
  }

  /** The longer side that was chosen; null where pictures keep their size. */
  #size(): number | null {
    const { value } = byId("translate-size", "select");
    return value === "native" ? null : Number(value);
  }

  #translate(files: readonly NamedFile[]): Promise<void> {
    return attempt(async () => {
      if (this.#stop) throw new CutgpuError("BUSY", "Pictures are being translated;", "wait for them, or press Stop.");
      const stop = new AbortController();
      this.#stop = stop;
      byId("translate-actions", "div").hidden = false;
      byId("translate-stop", "button").hidden = false;
      const failures: string[] = [];
      let [pictures, others]: [NamedFile[], number] = [[], 0];
      try {
        ({ pictures, others } = await choosePictures(files, (text) => this.#status(text)));
        for (const [i, picture] of pictures.entries()) {
          if (stop.signal.aborted) break;
          const status = `Translating ${i + 1} of ${pictures.length}: ${picture.path}`;
          this.#status(status);
          const onProgress = (part: number) =>
            this.#status(`${status}, which is large, by tiles: ${Math.floor(100 * part)} %`);
          try {
            await this.#one(picture, { signal: stop.signal, onProgress });
          } catch (error) {
            if (error === stop.signal.reason) break;
            // An error of one picture must not stop the others.
            const failure = failureOf(picture.path, error);
            if (failure === null) throw error;
            failures.push(failure);
          }
        }
      } finally {
        this.#stop = null;
        const focused = document.activeElement;
        byId("translate-stop", "button").hidden = true;
        const count = this.#results.length;
        byId("translate-actions", "div").hidden = count + pictures.length === 0;
        handOnFocus(focused, ["translate-zip", "translate-files"]);
        const leftOut = others > 0 ? `; ${showCount(others, "other file")} left out` : "";
        this.#status(`${showCount(count, "picture")} translated${leftOut}`);
      }
      if (failures.length > 0) {
        const first = failures[0].replace(/[;.]$/, "");
        const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
        tell(`${failures.length} of ${pictures.length} pictures could not be translated: ${first}${more}.`);
      }
    });
  }

  async #one({ path, file }: NamedFile, tiling: CancellationOptions): Promise<void> {
    const input = await readPictureFile(file, path, 3);
    const begun = performance.now();
    const output = await this.#session.translate(input, this.#size(), tiling);
    const ms = performance.now() - begun;
    const png = await pictureToPng(output);
    const urls = [URL.createObjectURL(file), URL.createObjectURL(png)];
    const stem = outputStem(path);
    this.#results.push({ stem, png, urls });
    const small = output.width < 160 ? "pixelated" : "";
    const image = (url: string, alt: string) => make("img", { src: url, alt, className: small, loading: "lazy" });
    // Formats that <img> does not know are shown as they were read.
    const before = image(urls[0], `input ${path}`);
    before.addEventListener(
      "error",
      async () => {
        urls[0] = URL.createObjectURL(await pictureToPng(input));
        before.src = urls[0];
      },
      { once: true },
    );
    const caption = make(
      "figcaption",
      { className: "caption" },
      make("b", { textContent: path, title: path }),
      make("span", { textContent: `${output.width} x ${output.height}, ${showMilliseconds(ms)}` }),
      make("a", { href: urls[1], download: `${stem}.png`, textContent: "Download" }),
    );
    const pair = make("div", { className: "pair" }, before, image(urls[1], `translation of ${path}`));
    byId("results", "div").prepend(make("figure", { className: "result card" }, pair, caption));
  }

  async #download(): Promise<void> {
    const results = this.#results;
    if (results.length === 0)
      throw new CutgpuError("EMPTY", "there is nothing to download yet;", "translate pictures first.");
    const taken = new Set<string>();
    const zip = await zipFiles(
      (async function* () {
        for (const { stem, png } of results) yield { path: freeName(stem, ".png", taken), content: png };
      })(),
    );
    offer(zip, "translations.zip");
  }

  #clear(): void {
    for (const { urls } of this.#results) for (const url of urls) URL.revokeObjectURL(url);
    this.#results.length = 0;
    byId("results", "div").replaceChildren();
    const focused = document.activeElement;
    // While pictures are being translated, more results and the button Stop belong there.
    byId("translate-actions", "div").hidden = this.#stop === null;
    handOnFocus(focused, ["translate-files"]);
  }

  #status(text: string): void {
    byId("translate-status", "p").textContent = text;
  }
}

/** What an error says of one picture; null for errors that are not of a picture. */
function failureOf(path: string, error: unknown): string | null {
  if (!(error instanceof CutgpuError)) return null;
  const { code, message } = error;
  if (error instanceof LimitError) return `${path} is too large for this GPU; choose a shorter longer side`;
  if (code === "GPU") return `${path} failed on this GPU: ${message}`;
  if (code !== "PICTURE") return null;
  return message.startsWith(path) ? errorMessage(error) : `${path}: ${errorMessage(error)}`;
}

async function openModel(session: Session, files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) return;
  session.setModel(files[0].path, await contentOf(files[0]));
}

/** Fetches the model that comes with the page. */
export async function openDemoModel(session: Session): Promise<void> {
  try {
    const response = await fetch("demo-model.safetensors");
    if (!response.ok) throw new Error(`status ${response.status}`);
    session.setModel("demo: chalk drawings to blueprints", new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    if (error instanceof CutgpuError) return tellError(error);
    throw new CutgpuError(
      "MODEL",
      "the demo model could not be loaded;",
      "check the connection, or open a model file.",
    );
  }
}
