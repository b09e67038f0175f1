// The sample pictures of a run: a few inputs, translated now and then and stored in its folder, from where the report
// takes them. None of the translations stays in memory. A few pictures of the target domain are there to compare with.
import { basename } from "node:path";
import { freeName } from "../data/file-names.js";
import type { Picture } from "../data/picture.js";
import { pictureExtension } from "../data/picture-extensions.js";
import { chooseSamples } from "../data/run-pictures.js";
import { encodePng } from "../files/decode.js";
import type { RunFolder } from "../files/run-folder.js";
import type { TrainOptions } from "../options/train-schema.js";
import { thinned } from "../report/thinned.js";
import type { SampleRow } from "../report/training-report.js";
import type { Translator } from "../translation/translator.js";
import { runPictures } from "./run-pictures.js";

/** The file name of a sample's translation. */
const fileName = (step: number, name: string) => `${String(step).padStart(7, "0")}_${name}`;
/** Maximum number of translations of a picture in a report. */
const MAX_SHOWN = 12;

interface Sample {
  label: string;
  /** Its translations' file name, without the step. */
  name: string;
  input: Picture;
  png: Uint8Array;
}

export class RunSamples {
  /** Some pictures of the target domain, scaled as the inputs are. */
  readonly reals: readonly Picture[];
  readonly #folder: RunFolder;
  readonly #samples: readonly Sample[];
  /** Step of the last translations. */
  #made = -1;

  private constructor(folder: RunFolder, samples: readonly Sample[], reals: readonly Picture[]) {
    this.#folder = folder;
    this.#samples = samples;
    this.reals = reals;
  }

  /** The pictures to show: the first of testA, or else of valA or trainA; as many of B. */
  static async choose(folder: RunFolder, options: TrainOptions): Promise<RunSamples> {
    const { inputs, reals } = await chooseSamples(runPictures(options), options);
    const taken = new Set<string>();
    const samples = inputs.map(async ({ name: label, picture: input }) => {
      // Leaves room for the step before it.
      const prefix = fileName(0, "");
      const stem = prefix + basename(label, pictureExtension(label));
      const name = freeName(stem, ".png", taken).slice(prefix.length);
      return { label, name, input, png: await encodePng(input) };
    });
    return new RunSamples(folder, await Promise.all(samples), reals);
  }

  get inputs(): Picture[] {
    return this.#samples.map(({ input }) => input);
  }

  /** Whether the translations of a step are in the folder. */
  has(step: number): boolean {
    const there = new Set(this.#folder.sampleNames());
    return this.#samples.every(({ name }) => there.has(fileName(step, name)));
  }

  /** Translates all and saves the translations; returns none where this step's were made. */
  async make(translator: Translator, step: number): Promise<{ input: Picture; output: Picture }[]> {
    if (this.#made === step) return [];
    const pairs: { input: Picture; output: Picture }[] = [];
    for (const { name, input } of this.#samples) {
      const output = await translator.translate(input);
      pairs.push({ input, output });
      this.#folder.saveSample(fileName(step, name), await encodePng(output));
    }
    this.#made = step;
    return pairs;
  }

  /** For the report: each input and, of its translations up to `step`, the chosen ones, or a dozen, evenly apart. */
  rows(step: number, chosen: <T>(all: readonly T[]) => readonly T[] = (all) => thinned(all, MAX_SHOWN)): SampleRow[] {
    const steps = new Map<string, { step: number; file: string }[]>();
    for (const file of this.#folder.sampleNames().sort()) {
      const [, when, name] = file.match(/^(\d+)_(.+)$/) ?? [];
      if (!when || Number(when) > step) continue;
      steps.set(name, [...(steps.get(name) ?? []), { step: Number(when), file }]);
    }
    return this.#samples.map(({ label, name, png }) => {
      const translations = chosen(steps.get(name) ?? []).map(({ step, file }) => {
        return { step, caption: "", png: this.#folder.readSample(file) };
      });
      return { label, images: [{ caption: "input", png }, ...translations] };
    });
  }
}
