// What the tests of looking inside share: a random model so small that it takes no time, one that shows what went in,
// and noise.
import type { Picture } from "../../../cut/data/picture.js";
import type { InspectModel } from "../../../cut/inspection/inspection-model.js";
import { Generator } from "../../../cut/networks/generator.js";
import { featureShapes, type GeneratorArchitecture } from "../../../cut/networks/generator-layout.js";
import { Heads } from "../../../cut/networks/heads.js";
import { initialWeights, writeParameters } from "../../../cut/networks/network.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { Random } from "../../../engine/lib/random.js";

export const architecture: GeneratorArchitecture = {
  input_nc: 3,
  output_nc: 3,
  ngf: 4,
  blocks: 4,
  no_antialias: false,
  no_antialias_up: false,
};
export const layers = [0, 4, 8, 12];
export const HEAD = 8;
export const TAU = 0.07;

/** Shows what went in, so that queries and keys are of the same picture. */
export class Mirror extends Generator {
  override translateWithFeatures(x: Tensor, taps: readonly number[]) {
    return { ...super.translateWithFeatures(x, taps), image: x };
  }
}

/** A random model; `spread` makes its weights large enough for patches to differ. */
export function makeModel(gpu: Gpu, kind: typeof Generator = Generator, heads = true): InspectModel {
  const random = new Random(7);
  const spread = { init_type: "kaiming", init_gain: 1 } as const;
  const generator = new kind(gpu, architecture);
  writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), random, spread));
  if (!heads) return { generator, heads: null, layers, tau: TAU };
  const size = { channels: featureShapes(architecture, layers, 16, 16).map(([count]) => count), width: HEAD };
  const made = new Heads(gpu, size);
  writeParameters(made.parameters, initialWeights(Heads.shapes(size), random, spread));
  return { generator, heads: made, layers, tau: TAU };
}

export function disposeModel({ generator, heads }: InspectModel): void {
  for (const network of [generator, heads]) for (const tensor of network?.parameters.values() ?? []) tensor.dispose();
}

/** Noise, no two patches of which are alike. */
export function noise(width = 16, height = 16, seed = 1, channels: 1 | 3 = 3): Picture {
  const random = new Random(seed);
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, () => random.integer(256)),
  };
}
