// A training step with random pictures, as the suites, the tuner and the cold start run it: no files, the defaults of
// the method.
import { initialWeights, writeParameters } from "../../cut/networks/network.js";
import { resolveOptions } from "../../cut/options/train-options.js";
import { type StepInput, TrainingStep } from "../../cut/training/training-step.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { Random } from "../../engine/lib/random.js";
import { randomValues } from "./random-data.js";

export interface StepSize {
  size: number;
  ngf: number;
  ndf: number;
}

/** Options by which pictures are as large as their crops. SinCUT has no load_size: it crops an enlarged picture. */
export const wholePictures = (crop_size: number, model: unknown) =>
  model === "sincut" ? { crop_size } : { crop_size, load_size: crop_size };

/** The step, with first weights and an input for it. `run` submits it to the GPU; gpu.finish() waits for it. */
export function makeStep(gpu: Gpu, { size, ngf, ndf }: StepSize, extras: Record<string, unknown> = {}) {
  const options = resolveOptions({ dataroot: "none", ...wholePictures(size, extras.model), ngf, ndf, ...extras });
  const step = new TrainingStep(gpu, options);
  const random = new Random(3);
  for (const { parameters } of Object.values(step.method.networks)) {
    const shapes = new Map([...parameters].map(([key, { shape }]) => [key, shape]));
    writeParameters(parameters, initialWeights(shapes, random, options));
  }
  const batch = options.batch_size;
  const pictures = randomValues(2 * batch * 3 * size * size);
  const pair = {
    A: pictures.slice(0, pictures.length / 2),
    B: pictures.slice(pictures.length / 2),
    height: size,
    width: size,
  };
  const input: StepInput = { ...pair, learningRate: 2e-4, draw: step.draw(random, pair) };
  const prepare = () => step.prepare({ batch, height: size, width: size });
  return { step, prepare, run: () => step.run(input) };
}
