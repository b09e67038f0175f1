// Evaluations of a run under way (eval_freq): the held-out pictures, and the metrics of their translations. The
// training is not affected: random draws are the metrics' own, and the feature network is on the GPU only during an
// evaluation. Without files or terminal.
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { toChannels } from "../data/picture.js";
import type { RunPictures } from "../data/run-pictures.js";
import { samplePicture } from "../data/transform.js";
import { domainsOf, shownFolders } from "../options/common-options.js";
import type { TrainOptions } from "../options/train-schema.js";
import { FLOOR, type MetricRow } from "../report/metrics.js";
import type { Translator } from "../translation/translator.js";
import { metricName } from "./figures.js";
import { HeldOut } from "./held-out.js";
import { shortHash } from "./networks/nsfwjs.js";
import type { PictureSet } from "./pairs.js";
import type { FeatureExtractor } from "./picture-features.js";
import { MIN_PICTURES } from "./train-test-split.js";

/** Maximum number of pictures of a side. */
const MAX_PICTURES = 500;
/** The smallest side of a pyramid's pictures in pixels. */
const SMALLEST = 16;

export interface NotedPictures extends RunPictures {
  /** Called for pictures that are skipped, and for those used where none are held out. */
  note(text: string): void;
}

/** The objects that an evaluation uses. */
export interface EvaluationTools {
  gpu: Gpu;
  translator: Translator;
  signal: AbortSignal;
  /** Called after each picture. */
  onProgress(done: number, total: number): void;
}

/** A run's identity: its first losses, which include the step's time and never change. */
export const runIdentity = (firstLosses: string): Promise<string> => shortHash(new TextEncoder().encode(firstLosses));

export class RunEvaluation {
  /** What is compared. */
  readonly protocol: string;
  readonly #inputs: PictureSet;
  readonly #heldOut: HeldOut;
  readonly #features: ((gpu: Gpu) => Promise<FeatureExtractor>) | null;
  readonly #metric: TrainOptions["eval_metric"];

  private constructor(
    inputs: HeldPictures,
    reals: HeldPictures,
    options: TrainOptions,
    features: ((gpu: Gpu) => Promise<FeatureExtractor>) | null,
  ) {
    const count = ({ set, folder }: HeldPictures) => `${set.names.length} of ${folder}`;
    const side = Math.max(SMALLEST, options.crop_size);
    const seen = features ? options.eval_features : "none";
    this.protocol = `${count(inputs)}, ${count(reals)}, ${side} pixels a side, features ${seen}`;
    this.#inputs = inputs.set;
    const colour = async (i: number) => toChannels(await reals.set.read(i), 3);
    this.#heldOut = new HeldOut({ names: reals.set.names, read: colour }, side);
    this.#features = features;
    this.#metric = options.eval_metric;
  }

  /**
   * Finds the pictures for measuring translations with these features, or without. Throws a CutgpuError where there are
   * too few.
   */
  static async open(
    options: TrainOptions,
    pictures: NotedPictures,
    features: ((gpu: Gpu) => Promise<FeatureExtractor>) | null,
  ): Promise<RunEvaluation> {
    const [source, target] = domainsOf(options.direction);
    const inputs = await heldPictures(source, options, options.input_nc, pictures);
    const reals = await heldPictures(target, options, options.output_nc, pictures);
    return new RunEvaluation(inputs, reals, options, features);
  }

  /**
   * Measures the generator's present state; null where it was cancelled, and then a resumed run measures it. `at` is
   * the position in the run.
   */
  async measure(
    at: Pick<MetricRow, "step" | "epoch" | "run">,
    { gpu, translator, signal, onProgress }: EvaluationTools,
  ): Promise<MetricRow | null> {
    const begun = performance.now();
    const inputs = this.#inputs;
    const fakes: PictureSet = {
      names: inputs.names,
      read: async (i) => toChannels(await translator.translate(await inputs.read(i)), 3),
    };
    const extractor = (await this.#features?.(gpu)) ?? null;
    try {
      const measured = await this.#heldOut.measure(fakes, extractor, (done, total) => {
        onProgress(done, total);
        signal.throwIfAborted();
      });
      const values = measured.flatMap(({ name, value, floor }) => {
        const own: [string, number][] = [[name, value]];
        return floor === null ? own : [...own, [`${name}${FLOOR}`, floor] as [string, number]];
      });
      const by = extractor && this.#metric !== "SWD" ? metricName("KID", extractor.network) : "SWD";
      const seconds = Number(((performance.now() - begun) / 1000).toFixed(2));
      return { ...at, seconds, protocol: this.protocol, by, values: Object.fromEntries(values) };
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    } finally {
      extractor?.dispose?.();
    }
  }
}

interface HeldPictures {
  folder: string;
  set: PictureSet;
}

/** The pictures of testA or testB, or else valA or valB, transformed like samples, or else the training pictures. */
async function heldPictures(
  side: string,
  options: TrainOptions,
  channels: 1 | 3,
  { list, read, note }: NotedPictures,
): Promise<HeldPictures> {
  let found = 0;
  for (const folder of shownFolders(side)) {
    const scaled = async (name: string) => samplePicture(await read(folder, name, channels), options);
    const listed = (await list(folder)).slice(0, Math.min(MAX_PICTURES, options.max_dataset_size ?? MAX_PICTURES));
    const names: string[] = [];
    for (const name of listed) {
      const reason = await scaled(name).then(
        () => null,
        (error: Error) => error.message,
      );
      if (reason === null) names.push(name);
      else note(`evaluations pass over ${folder}/${name}: ${reason}`);
    }
    found = names.length;
    if (found < MIN_PICTURES) continue;
    if (folder.startsWith("train")) {
      const why = `test${side} holds fewer than ${MIN_PICTURES} pictures`;
      note(`${why}: evaluations use those of ${folder}, which the model is trained on`);
    }
    return { folder, set: { names, read: (i) => scaled(names[i]) } };
  }
  throw new CutgpuError(
    "FOLDER",
    `evaluations need ${MIN_PICTURES} pictures on each side, and test${side} and train${side} give ${found};`,
    "add some, or leave out --eval_freq.",
  );
}
