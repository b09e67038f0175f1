// SinCUT's generator (docs/method.md, section 16), which also is the encoder of patch features. single-image-layout.ts
// lists its parameters. Its decoder adds noise, which training draws anew in each step; translation uses fixed
// noise, so that a picture has one translation.
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { randn } from "../../engine/operators/creation/index.js";
import {
  equalisedWeights,
  type Module,
  makeParameters,
  type Parameters,
  type PictureGenerator,
  runModules,
  type Tap,
  type Weights,
} from "./network.js";
import { activatedConv2d, residualBlock, styledUp } from "./single-image-blocks.js";
import { ENCODER_MODULES, encoderTap, type SingleImageArchitecture, singleImageShapes } from "./single-image-layout.js";

/** The seed of the noise in translations. */
export const NOISE_SEED = 1;

/** The noise [batch, 1, height, width] of translations, always the same. */
export const translationNoise = (gpu: Gpu, batch: number, height: number, width: number): Tensor =>
  gpu.noGrad(() => randn(gpu, [batch, 1, height, width], NOISE_SEED));

/** A block under a key of G or D. */
export function blockUnder(x: Tensor, parameters: Parameters, key: string, down: boolean): Tensor {
  const get = (name: string) => parameters.get(`${key}.${name}`) as Tensor;
  const second = down ? 1 : 0;
  const block = {
    w1: get("conv1.0.weight"),
    b1: get("conv1.1.bias"),
    w2: get(`conv2.${second}.weight`),
    b2: get(`conv2.${second + 1}.bias`),
    skip: down ? get("skip.1.weight") : undefined,
  };
  return residualBlock(x, block, down);
}

/** An activated convolution under a key of G or D. */
export const convolutionUnder = (x: Tensor, parameters: Parameters, key: string, padding: number): Tensor =>
  activatedConv2d(x, parameters.get(`${key}.0.weight`) as Tensor, parameters.get(`${key}.1.bias`) as Tensor, {
    padding,
  });

const encoder: Module[] = [
  { index: 0, run: (x) => x },
  { index: 1, run: (x, p) => convolutionUnder(x, p, "encoder.convs.1", 0) },
  ...[2, 3, 4, 5].map((index) => ({
    index,
    endsStage: true,
    run: (x: Tensor, p: Parameters) => blockUnder(x, p, `encoder.convs.${index}`, index === 2),
  })),
];

const decoder = (noise: Tensor): Module[] => [
  ...[0, 1, 2].map((index) => ({
    index,
    endsStage: true,
    run: (x: Tensor, p: Parameters) => blockUnder(x, p, `decoder.convs.${index}`, false),
  })),
  { index: 3, run: (x, p) => styledUp(x, upsamplingOf(p, noise)) },
  { index: 4, endsStage: true, run: (x, p) => convolutionUnder(x, p, "decoder.convs.4", 0) },
];

function upsamplingOf(parameters: Parameters, noise: Tensor) {
  const get = (name: string) => parameters.get(`decoder.convs.3.${name}`) as Tensor;
  const w = get("conv.weight");
  return { w: reshape(w, w.shape.slice(1)), b: get("activate.bias"), noise, noiseWeight: get("noise.weight") };
}

/** The radius of the generator's receptive field in pixels, rounded up to a multiple of 4. */
export const SINGLE_IMAGE_REACH = 32;

/** SingleImageGenerator.translate with any parameters. */
export function translateSingleImage(x: Tensor, parameters: Parameters, noise: Tensor): Tensor {
  const { output } = runModules(encoder, x, parameters, "G.encoder.convs.");
  return runModules(decoder(noise), output, parameters, "G.decoder.convs.").output;
}

export class SingleImageGenerator implements PictureGenerator {
  readonly architecture: SingleImageArchitecture;
  readonly parameters: Parameters;

  constructor(gpu: Gpu, architecture: SingleImageArchitecture) {
    this.architecture = architecture;
    this.parameters = makeParameters(gpu, singleImageShapes(architecture));
  }

  initialWeights(random: Random): Weights {
    return equalisedWeights(this.parameters, random);
  }

  /**
   * Images [N, input_nc, H, W] in [-1, 1], H and W even -> [N, output_nc, H, W], which is not limited to [-1, 1];
   * with noise [N, 1, H, W].
   */
  translate(x: Tensor, parameters: Parameters = this.parameters, noise = this.#noiseFor(x)): Tensor {
    return translateSingleImage(x, parameters, noise);
  }

  /** The image, and the outputs of the encoder's modules named in `taps` on the way. */
  translateWithFeatures(x: Tensor, taps: readonly number[], noise = this.#noiseFor(x)) {
    const { output, features } = runModules(encoder, x, this.parameters, "G.encoder.convs.", taps);
    return { image: runModules(decoder(noise), output, this.parameters, "G.decoder.convs.").output, features };
  }

  /** The outputs of the encoder's modules named in `taps`; nothing after the last of them is run. */
  encode(x: Tensor, taps: readonly number[]): Tensor[] {
    return runModules(encoder, x, this.parameters, "G.encoder.convs.", taps, true).features;
  }

  tap(index: number): Tap {
    return encoderTap(this.architecture, index);
  }

  get modules(): number {
    return ENCODER_MODULES;
  }

  #noiseFor({ gpu, shape: [batch, , height, width] }: Tensor): Tensor {
    return translationNoise(gpu, batch, height, width);
  }
}
