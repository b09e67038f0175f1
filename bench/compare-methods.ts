// The methods side by side: each trained for as many steps from the same seed on the same pictures, with networks of
// one size and one learning rate, then measured on held-out pairs. Pictures come from the caller; nothing here reads
// files.
import { UnalignedDataset } from "../cut/data/dataset.js";
import type { Picture } from "../cut/data/picture.js";
import { smallTraining } from "../cut/demo/demo-settings.js";
import { figureOf, scoreDrawings } from "../cut/demo/drawing-scores.js";
import { resolveOptions } from "../cut/options/train-options.js";
import type { TrainOptions } from "../cut/options/train-schema.js";
import { Training } from "../cut/training/training-loop.js";
import { Translator } from "../cut/translation/translator.js";
import type { Gpu } from "../engine/core/gpu.js";

/** The settings of a comparison; weights of losses are each method's defaults. */
export const METHODS = {
  CUT: {},
  "hDCE + SRC": { patch_loss: "hdce" },
  MoNCE: { patch_loss: "monce" },
  EnCo: { model: "enco", nce_layers: [3, 7, 13, 14, 19, 23], lr_F: smallTraining.lr, lr_D: smallTraining.lr },
  CycleGAN: { model: "cycle_gan" },
  DCLGAN: { model: "dclgan", nce_layers: [4, 8, 12], lr_F: smallTraining.lr },
} satisfies Record<string, Partial<TrainOptions>>;

export type MethodName = keyof typeof METHODS;

export interface ComparedPictures {
  /** Names of the pictures to train on, and the function that reads them. */
  filesA: string[];
  filesB: string[];
  read(name: string, channels: 1 | 3): Promise<Picture>;
  /** Held-out pictures and their true translations. */
  heldOut: readonly { input: Picture; truth: Picture }[];
}

export interface ComparisonOptions {
  methods: readonly MethodName[];
  steps: number;
  seed: number;
  /** Side of the pictures in pixels. */
  size: number;
}

export interface ComparedMethod {
  name: string;
  L1: number;
  SSIM: number;
  SWD: number;
  /** The median of the steps after the first, which is recorded; null for methods that are not trained. */
  seconds: number | null;
}

/** Measures the unchanged inputs, then trains and measures one method after the other; yields each when it is done. */
export async function* compareMethods(
  gpu: Gpu,
  pictures: ComparedPictures,
  options: ComparisonOptions,
): AsyncGenerator<ComparedMethod> {
  const inputs = pictures.heldOut.map(({ input }) => input);
  yield await rowOf("the input itself", pictures, inputs, null);
  for (const name of options.methods) {
    const { training, seconds } = await train(gpu, pictures, optionsOf(name, options));
    const translator = new Translator(gpu, training.step.method.generator);
    const outputs: Picture[] = [];
    for (const input of inputs) outputs.push(await translator.translate(input));
    translator.dispose();
    training.step.dispose();
    yield await rowOf(name, pictures, outputs, seconds);
  }
}

/** The training of a method: the small one of the demo, at a constant rate. */
function optionsOf(name: MethodName, { steps, seed, size }: Omit<ComparisonOptions, "methods">): TrainOptions {
  const given: Partial<TrainOptions> = METHODS[name];
  const { nce_layers, num_patches, netF_nc, ...small } = smallTraining;
  const ofPatches = given.model === "cycle_gan" ? {} : { nce_layers, num_patches, netF_nc };
  const sizes = { load_size: size, crop_size: size };
  const length = { max_steps: steps, n_epochs: steps, n_epochs_decay: 0 };
  return resolveOptions({ dataroot: "none", ...small, ...ofPatches, ...sizes, ...length, seed, ...given });
}

async function train(gpu: Gpu, { filesA, filesB, read }: ComparedPictures, options: TrainOptions) {
  const source = new UnalignedDataset({ ...options, filesA, filesB, read });
  const training = Training.start(gpu, options, source);
  const times: number[] = [];
  await training.run({ onLosses: ({ seconds }) => times.push(seconds) });
  const later = times.slice(1).sort((a, b) => a - b);
  return { training, seconds: later[later.length >> 1] ?? times[0] };
}

async function rowOf(
  name: string,
  { heldOut }: ComparedPictures,
  translations: readonly Picture[],
  seconds: number | null,
): Promise<ComparedMethod> {
  const truths = heldOut.map(({ truth }) => truth);
  const score = await scoreDrawings(truths, translations);
  const [L1, SSIM, SWD] = ["L1", "SSIM", "SWD"].map((metric) => figureOf(score, metric).value!);
  return { name, L1, SSIM, SWD, seconds };
}

/** The head of the table that `tableRow` continues, in Markdown. */
export const TABLE_HEAD = "| Method | L1 | SSIM | SWD | s/step |\n| --- | --- | --- | --- | --- |\n";

export const tableRow = ({ name, L1, SSIM, SWD, seconds }: ComparedMethod): string =>
  `| ${name} | ${L1.toFixed(4)} | ${SSIM.toFixed(4)} | ${SWD.toFixed(1)} | ${seconds?.toFixed(3) ?? ""} |\n`;
