// Translating one picture after the other into files. While the GPU has one, the next is read and the one before is
// written, so that a folder takes about as long as its forward passes; three pictures are in memory at most.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { CutgpuError, LimitError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { Picture } from "../data/picture.js";
import { readPicture, writePicture } from "../files/decode.js";
import type { ShardManifest } from "../files/shard-manifest.js";
import type { PictureGenerator } from "../networks/network.js";
import { errorMessage } from "../options/error-message.js";
import type { TiledTranslator } from "../translation/tiled-translator.js";
import type { Translator } from "../translation/translator.js";
import { type Progress, startProgress } from "./terminal/index.js";

export interface TranslationJob {
  from: string;
  to: string;
  /** Of a shard: the paths in its folders. */
  source: string;
  target: string;
}

export interface Outcome {
  written: number;
  /** Done before, by the manifest. */
  kept: number;
  failed: number;
}

export interface TranslationWork {
  gpu: Gpu;
  generator: PictureGenerator;
  /** Of pictures that fit; null where all go by tiles. */
  translator: Translator | null;
  /** Null where the generator cannot go by tiles. */
  tiled: TiledTranslator | null;
  /** Pixels of the longer side; null keeps it. */
  size: number | null;
  signal: AbortSignal;
  /** Where there is one, what it says to be done under the same hashes is passed over. */
  manifest: ShardManifest | null;
}

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** Translates until `signal` is aborted; pictures that fail are named and passed over. */
export async function translatePictures(jobs: readonly TranslationJob[], work: TranslationWork): Promise<Outcome> {
  const progress = startProgress({ label: "translating", total: jobs.length });
  try {
    return await new Translation(work, progress).run(jobs);
  } finally {
    work.translator?.dispose();
    progress.stop();
  }
}

class Translation {
  readonly #outcome: Outcome = { written: 0, kept: 0, failed: 0 };

  constructor(
    private readonly work: TranslationWork,
    private readonly progress: Progress,
  ) {}

  async run(jobs: readonly TranslationJob[]): Promise<Outcome> {
    const { work } = this;
    const { input_nc } = work.generator.architecture;
    const read = (i: number) => {
      if (i >= jobs.length || this.#isDone(jobs[i])) return null;
      const picture = readPicture(jobs[i].from, input_nc as 1 | 3);
      // Whoever awaits it hears of it; until then it is no unhandled rejection.
      picture.catch(() => {});
      return picture;
    };
    let writing = Promise.resolve();
    let next = read(0);
    for (const [i, job] of jobs.entries()) {
      if (work.signal.aborted) break;
      const picture = next;
      next = read(i + 1);
      if (picture === null) {
        this.#count("kept", job);
        continue;
      }
      const begun = performance.now();
      try {
        const translated = await this.#translate(job, await picture);
        await writing;
        writing = writePicture(job.to, translated).then(
          () => this.#done(job, begun),
          (error) => this.#done(job, begun, error),
        );
        writing.catch(() => {});
      } catch (error) {
        await writing;
        this.#done(job, begun, error);
      }
    }
    await writing;
    return this.#outcome;
  }

  async #translate({ from }: TranslationJob, picture: Picture): Promise<Picture> {
    const { translator, tiled, size, signal } = this.work;
    if (!tiled) return (translator as Translator).translate(picture, size);
    try {
      if (translator) return await translator.translate(picture, size);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      this.progress.log(`${from}: too large for the GPU at once, so it goes by tiles`);
    }
    const { written, kept, failed } = this.#outcome;
    const onProgress = (part: number) =>
      this.progress.update(written + kept + failed + part, `${basename(from)} by tiles`);
    return tiled.translate(picture, size, { signal, onProgress });
  }

  /** Whether the manifest says so, the result is there, and the picture is still the same. */
  #isDone({ from, to, source }: TranslationJob): boolean {
    const entry = this.work.manifest?.entries.get(source);
    return entry !== undefined && entry.error === undefined && existsSync(to) && this.#hash(from) === entry.sha256;
  }

  /** Of a picture's file; empty where it cannot be read. */
  #hash(file: string): string {
    try {
      return sha256(readFileSync(file));
    } catch {
      return "";
    }
  }

  #done(job: TranslationJob, begun: number, error?: unknown): void {
    const { from, source, target } = job;
    // Whatever concerns one picture must not keep the others from being translated; a lost device concerns all.
    if (error !== undefined && (!(error instanceof CutgpuError) || this.work.gpu.failure)) throw error;
    const message = error === undefined ? undefined : errorMessage(error);
    if (message !== undefined) this.progress.log(message.includes(from) ? message : `${from}: ${message}`);
    const milliseconds = Math.round(performance.now() - begun);
    const entry = { source, sha256: this.work.manifest ? this.#hash(from) : "", to: target, milliseconds };
    this.work.manifest?.append(message === undefined ? entry : { ...entry, error: message });
    this.#count(message === undefined ? "written" : "failed", job);
  }

  #count(kind: keyof Outcome, { from }: TranslationJob): void {
    this.#outcome[kind]++;
    const { written, kept, failed } = this.#outcome;
    this.progress.update(written + kept + failed, basename(from));
  }
}
