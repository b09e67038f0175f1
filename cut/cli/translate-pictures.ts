// Translating one picture after the other into files. While the GPU has one, the next is read and the one before is
// written, so that a folder takes about as long as its forward passes; three pictures are in memory at most.
import { basename } from "node:path";
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError, DeviceLostError, LimitError } from "../../engine/lib/errors.js";
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
  /** For shards: the paths relative to its folders. */
  source: string;
  target: string;
}

export interface Outcome {
  written: number;
  /** Already done, by the manifest. */
  kept: number;
  failed: number;
}

export interface TranslationWork {
  gpu: Gpu;
  generator: PictureGenerator;
  /** For pictures that fit; null where all are tiled. */
  translator: Translator | null;
  tiled: TiledTranslator;
  /** Pixels of the longer side; null keeps it. */
  size: number | null;
  signal: AbortSignal;
  /** If given, pictures that it lists as done with the same hashes are skipped. */
  manifest: ShardManifest | null;
}

/** Translates until `signal` is aborted; pictures that fail are reported and skipped. */
export async function translatePictures(jobs: readonly TranslationJob[], work: TranslationWork): Promise<Outcome> {
  const progress = startProgress({ label: "translating", total: jobs.length });
  const translation = new Translation(work, progress);
  try {
    return await translation.run(jobs);
  } catch (error) {
    if (!(error instanceof DeviceLostError) || jobs.length === 1) throw error;
    const { written, kept } = translation.outcome;
    const fix = work.manifest ? "Run it again to go on with the others." : "Run it again.";
    throw new DeviceLostError(`${error.message} after ${written + kept} of ${jobs.length} pictures`, fix);
  } finally {
    work.translator?.dispose();
    progress.stop();
  }
}

/** A picture that is being read. */
interface Reading {
  /** Hash of its file, where there is a manifest; empty where the file cannot be read. */
  hash: string;
  picture: Promise<Picture>;
}

class Translation {
  readonly outcome: Outcome = { written: 0, kept: 0, failed: 0 };

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
    return this.outcome;
  }

  /**
   * Null for a picture that is done with the same bytes, by the manifest. Never rejects: the picture's promise does.
   */
  async #read({ from, to, source }: TranslationJob): Promise<Reading | null> {
    const { manifest, generator } = this.work;
    const bytes = readPictureBytes(from);
    const hash = manifest ? await bytes.then(sha256, () => "") : "";
    if (manifest?.isDone(source, hash, to)) return null;
    const picture = bytes.then((all) => decodePicture(all, from, generator.architecture.input_nc as 1 | 3));
    // Its awaiter gets the error; until then it must not count as an unhandled rejection.
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
    const { written, kept, failed } = this.outcome;
    const onProgress = (part: number) =>
      this.progress.update(written + kept + failed + part, `${basename(from)} by tiles`);
    return tiled.translate(picture, size, { signal, onProgress });
  }

  #done(job: TranslationJob, hash: string, milliseconds: number, error?: unknown): void {
    const { from, source, target } = job;
    // An error of one picture must not stop the others; a lost device stops all.
    if (error !== undefined && !isOfOne(error, this.work.gpu)) throw this.work.gpu.failure ?? error;
    const message = error === undefined ? undefined : errorMessage(error);
    if (message !== undefined) this.progress.log(message.includes(from) ? message : `${from}: ${message}`);
    const entry = { source, sha256: hash, to: target, milliseconds: Math.round(milliseconds) };
    this.work.manifest?.append(message === undefined ? entry : { ...entry, error: message });
    this.#count(message === undefined ? "written" : "failed", job);
  }

  #count(kind: keyof Outcome, { from }: TranslationJob): void {
    this.outcome[kind]++;
    const { written, kept, failed } = this.outcome;
    this.progress.update(written + kept + failed, basename(from));
  }
}

/** Whether only one picture cannot be translated. */
const isOfOne = (error: unknown, gpu: Gpu): error is CutgpuError =>
  error instanceof CutgpuError && !(error instanceof DeviceLostError) && !gpu.failure;
