// Evaluations of a run under way (--eval_freq): the pictures that are held out, and what is measured on their
// translations. Nothing of the training is touched: random draws are those of the metrics, and the network of features
// is on the GPU for as long as an evaluation takes.
import { join, relative } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { toChannels } from "../data/picture.js";
import { samplePicture } from "../data/transform.js";
import type { FeatureExtractor } from "../evaluation/described-set.js";
import { metricName } from "../evaluation/figures.js";
import { HeldOut } from "../evaluation/held-out.js";
import type { PictureSet } from "../evaluation/pairs.js";
import { readPicture } from "../files/decode.js";
import { listPictures } from "../files/picture-folder.js";
import type { TrainOptions } from "../options/train-schema.js";
import { FLOOR, type MetricRow } from "../report/metrics.js";
import type { Translator } from "../translation/translator.js";
import { featuresOf, type OnGpu } from "./evaluation-networks.js";
import { note } from "./terminal/index.js";

/** Pictures of a side at most. */
const MOST = 500;
const LEAST = 2;
/** Pixels a side that pyramids have at least. */
const SMALLEST = 16;

type Measurement = Pick<MetricRow, "seconds" | "protocol" | "by" | "values">;

export class RunEvaluation {
  readonly #inputs: PictureSet;
  readonly #protocol: string;
  readonly #heldOut: HeldOut;
  readonly #features: OnGpu<FeatureExtractor> | null;
  readonly #metric: TrainOptions["eval_metric"];

  private constructor(
    inputs: HeldPictures,
    reals: HeldPictures,
    side: number,
    options: TrainOptions,
    features: OnGpu<FeatureExtractor> | null,
  ) {
    const count = ({ set, folder }: HeldPictures) => `${set.names.length} of ${folder}`;
    this.#inputs = inputs.set;
    this.#protocol = `${count(inputs)}, ${count(reals)}, ${side} pixels a side, features ${options.eval_features}`;
    const colour = async (i: number) => toChannels(await reals.set.read(i), 3);
    this.#heldOut = new HeldOut({ names: reals.set.names, read: colour }, side);
    this.#features = features;
    this.#metric = options.eval_metric;
  }

  /**
   * Finds pictures and weights; null where a run is not evaluated. Says what is used where pictures are not held out,
   * and throws a CutgpuError where there are too few, or features are not what their name says.
   */
  static async open(options: TrainOptions): Promise<RunEvaluation | null> {
    if (options.eval_freq === null) return null;
    const [A, B] = options.direction === "BtoA" ? ["B", "A"] : ["A", "B"];
    const features = await featuresOf(options.eval_features, "pytorch-fid");
    const inputs = await heldPictures(A, options, options.input_nc);
    const reals = await heldPictures(B, options, options.output_nc);
    return new RunEvaluation(inputs, reals, Math.max(SMALLEST, options.crop_size), options, features);
  }

  /** Measures the generator as it is. `onProgress` is called after each picture and may throw to call it off. */
  async measure(
    gpu: Gpu,
    translator: Translator,
    onProgress: (done: number, total: number) => void,
  ): Promise<Measurement> {
    const begun = performance.now();
    const inputs = this.#inputs;
    const fakes: PictureSet = {
      names: inputs.names,
      read: async (i) => toChannels(await translator.translate(await inputs.read(i)), 3),
    };
    const extractor = (await this.#features?.(gpu)) ?? null;
    try {
      const measured = await this.#heldOut.measure(fakes, extractor, onProgress);
      const values = measured.flatMap(({ name, value, floor }) => {
        const own: [string, number][] = [[name, value]];
        return floor === null ? own : [...own, [`${name}${FLOOR}`, floor] as [string, number]];
      });
      const by = extractor && this.#metric !== "SWD" ? metricName("KID", extractor.network) : "SWD";
      const seconds = Number(((performance.now() - begun) / 1000).toFixed(2));
      return { seconds, protocol: this.#protocol, by, values: Object.fromEntries(values) };
    } finally {
      extractor?.dispose?.();
    }
  }
}

interface HeldPictures {
  folder: string;
  set: PictureSet;
}

/** The pictures of testA or testB as samples are made of them, or else those that are trained on. */
async function heldPictures(side: string, options: TrainOptions, channels: 1 | 3): Promise<HeldPictures> {
  const read = async (file: string) =>
    samplePicture(await readPicture(file, channels, !options.ignore_orientation), options);
  let found = 0;
  for (const folder of [`test${side}`, `train${side}`]) {
    const path = join(options.dataroot, folder);
    const listed = await listPictures(path, Math.min(MOST, options.max_dataset_size ?? MOST)).catch(() => []);
    const files: string[] = [];
    for (const file of listed) {
      const reason = await read(file).then(
        () => null,
        (error: Error) => error.message,
      );
      if (reason === null) files.push(file);
      else note(`evaluations pass over ${file}: ${reason}`);
    }
    found = files.length;
    if (found < LEAST) continue;
    if (folder.startsWith("train")) {
      const why = `test${side} holds fewer than ${LEAST} pictures`;
      note(`${why}: evaluations use those of ${folder}, which the model is trained on`);
    }
    const names = files.map((file) => relative(path, file));
    return { folder, set: { names, read: (i) => read(files[i]) } };
  }
  throw new CutgpuError(
    "FOLDER",
    `evaluations need ${LEAST} pictures on each side, and test${side} and train${side} give ${found};`,
    "add some, or leave out --eval_freq.",
  );
}
