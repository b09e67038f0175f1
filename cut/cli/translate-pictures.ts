// Translating one picture after the other into files. While the GPU has one, the next is read and the one before is
// written, so that a folder takes about as long as its forward passes; three pictures are in memory at most.
import { basename } from "node:path";
import { CutgpuError, LimitError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { Picture } from "../data/picture.js";
import { decodePicture, readPictureBytes, writePicture } from "../files/decode.js";
import { sha256 } from "../files/sha256.js";
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
  tiled: TiledTranslator;
  /** Pixels of the longer side; null keeps it. */
  size: number | null;
  signal: AbortSignal;
  /** Where there is one, what it says to be done under the same hashes is passed over. */
  manifest: ShardManifest | null;
}

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

/** A picture that is being read. */
interface Reading {
  /** Of its file, where there is a manifest; empty where the file cannot be read. */
  hash: string;
  picture: Promise<Picture>;
}

class Translation {
  readonly #outcome: Outcome = { written: 0, kept: 0, failed: 0 };

  constructor(
    private readonly work: TranslationWork,
    private readonly progress: Progress,
  ) {}

  async run(jobs: readonly TranslationJob[]): Promise<Outcome> {
    const { work } = this;
    let writing = Promise.resolve();
    let next = jobs.length > 0 ? this.#read(jobs[0]) : null;
    for (const [i, job] of jobs.entries()) {
      if (work.signal.aborted) break;
      const reading = await next;
      next = i + 1 < jobs.length ? this.#read(jobs[i + 1]) : null;
      if (reading === null) {
        this.#count("kept", job);
        continue;
      }
      const { hash, picture } = reading;
      const begun = performance.now();
      const done = (error?: unknown) => this.#done(job, hash, performance.now() - begun, error);
      try {
        const translated = await this.#translate(job, await picture);
        await writing;
        writing = writePicture(job.to, translated).then(() => done(), done);
        writing.catch(() => {});
      } catch (error) {
        await writing;
        done(error);
      }
    }
    await writing;
    return this.#outcome;
  }

  /** Null for what is done, by the manifest, with the same picture. Never fails: the picture does. */
  async #read({ from, to, source }: TranslationJob): Promise<Reading | null> {
    const { manifest, generator } = this.work;
    const bytes = readPictureBytes(from);
    const hash = manifest ? await bytes.then(sha256, () => "") : "";
    if (manifest?.isDone(source, hash, to)) return null;
    const picture = bytes.then((all) => decodePicture(all, from, generator.architecture.input_nc as 1 | 3));
    // Whoever awaits it hears of it; until then it is no unhandled rejection.
    picture.catch(() => {});
    return { hash, picture };
  }

  async #translate({ from }: TranslationJob, picture: Picture): Promise<Picture> {
    const { translator, tiled, size, signal } = this.work;
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

  #done(job: TranslationJob, hash: string, milliseconds: number, error?: unknown): void {
    const { from, source, target } = job;
    // Whatever concerns one picture must not keep the others from being translated; a lost device concerns all.
    if (error !== undefined && (!(error instanceof CutgpuError) || this.work.gpu.failure)) throw error;
    const message = error === undefined ? undefined : errorMessage(error);
    if (message !== undefined) this.progress.log(message.includes(from) ? message : `${from}: ${message}`);
    const entry = { source, sha256: hash, to: target, milliseconds: Math.round(milliseconds) };
    this.work.manifest?.append(message === undefined ? entry : { ...entry, error: message });
    this.#count(message === undefined ? "written" : "failed", job);
  }

  #count(kind: keyof Outcome, { from }: TranslationJob): void {
    this.#outcome[kind]++;
    const { written, kept, failed } = this.#outcome;
    this.progress.update(written + kept + failed, basename(from));
  }
}
