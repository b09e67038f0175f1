// Feature networks ready to run: weights on the GPU, a pass recorded for one picture, features read back.
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { relu } from "../../../engine/operators/pointwise/index.js";
import { pad } from "../../../engine/operators/strided/index.js";
import { record } from "../../../engine/program/program.js";
import type { Picture } from "../../data/picture.js";
import { type Convolution, kerasConvolution, type ShapedWeights, torchConvolution } from "./folding.js";
import {
  type Convolve,
  INCEPTION_SIDE,
  type InceptionOptions,
  inceptionFeatures,
  inceptionLayers,
} from "./inception.js";
import { type InputProtocol, networkInput } from "./input.js";
import { type Loaded, MOBILENET_LAYERS, MOBILENET_SIDE, MOBILENET_WIDTH, mobilenetFeatures } from "./mobilenet.js";

/** Features of pictures: a vector for each width. */
export interface FeatureNetwork {
  features(picture: Picture, protocol: InputProtocol): Promise<Map<number, Float32Array>>;
  dispose(): void;
}

function load(gpu: Gpu, { shape, weight, bias }: Convolution): Loaded {
  return { weight: gpu.tensor(weight, shape), bias: gpu.tensor(bias, [1, bias.length, 1, 1]) };
}

async function networkOf(
  gpu: Gpu,
  side: number,
  loaded: readonly Loaded[],
  run: (input: Tensor) => Map<number, Tensor>,
): Promise<FeatureNetwork> {
  const { program, result } = await record(gpu, () => {
    const input = gpu.empty([1, 3, side, side]);
    return { input, taps: gpu.noGrad(() => run(input)) };
  });
  const { input, taps } = result;
  return {
    async features(picture, protocol) {
      input.write(networkInput(picture, protocol, side));
      program.replay();
      const each = [...taps].map(async ([width, tensor]) => [width, await tensor.read()] as const);
      return new Map(await Promise.all(each));
    },
    dispose() {
      program.dispose();
      for (const { weight, bias } of loaded) for (const tensor of [weight, bias]) tensor.dispose();
    },
  };
}

/** Convolutions by PyTorch's name and their number, from 0. */
type ConvolutionOf = (name: string, n: number) => Convolution;

async function inceptionNetwork(gpu: Gpu, of: ConvolutionOf, options: InceptionOptions): Promise<FeatureNetwork> {
  const layers = new Map(inceptionLayers(options).map((name, n) => [name, load(gpu, of(name, n))]));
  const conv: Convolve = (x, name, { stride = 1, valid = false } = {}) => {
    const layer = layers.get(name)!;
    const [, , kh, kw] = layer.weight.shape;
    if (valid || kh === kw) return convolved(x, layer, stride, valid ? 0 : (kh - 1) / 2);
    // The fast kernels have one padding for both axes.
    const [above, left] = [(kh - 1) / 2, (kw - 1) / 2];
    return convolved(pad(x, [left, left, above, above]), layer, stride, 0);
  };
  return networkOf(gpu, INCEPTION_SIDE, [...layers.values()], (input) => inceptionFeatures(input, conv, options));
}

const convolved = (x: Tensor, { weight, bias }: Loaded, stride: number, padding: number) =>
  relu(conv2d(x, weight, bias, { stride, padding }));

/** The network of FID, by the keys of its published file. */
export function fidInception(
  gpu: Gpu,
  weights: ShapedWeights,
  widths: InceptionOptions["widths"] = [2048],
): Promise<FeatureNetwork> {
  const options = { lastPool: "maximum", widths, after768: "Mixed_6e" } as const;
  return inceptionNetwork(gpu, (name) => torchConvolution(weights, name), options);
}

/** Keras's Inception V3 by the keys of the package nsfwjs; the 768 features are the end of its unchanged part. */
export function kerasInception(
  gpu: Gpu,
  weights: ShapedWeights,
  widths: InceptionOptions["widths"] = [768],
): Promise<FeatureNetwork> {
  const options = { lastPool: "average", widths, after768: "Mixed_6c" } as const;
  const of = (_: string, n: number) =>
    kerasConvolution(weights, `conv2d_${n + 1}/kernel`, `batch_normalization_${n + 1}`);
  return inceptionNetwork(gpu, of, options);
}

/** MobileNetV2's first half by Keras's keys. */
export function mobilenetTrunk(gpu: Gpu, weights: ShapedWeights): Promise<FeatureNetwork> {
  const loaded = MOBILENET_LAYERS.map(({ kernel, norm }) => load(gpu, kerasConvolution(weights, kernel, norm)));
  const run = (input: Tensor) => new Map([[MOBILENET_WIDTH, mobilenetFeatures(input, loaded)]]);
  return networkOf(gpu, MOBILENET_SIDE, loaded, run);
}
