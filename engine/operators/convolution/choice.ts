// Which kernels compute a convolution: Winograd's where they apply and are faster, else the direct ones of the
// adapter's profile, on GPUs those for few output channels where they apply. The thresholds were measured on lavapipe.
import type { Shape } from "../../core/shapes.js";
import type { AdapterTraits } from "../../device/adapter.js";
import { softwareKernelsLoaded } from "../../device/software-kernels.js";
import { type DirectVariant, directVariantFor } from "../lib/variants.js";
import { reduceSplits, sumInto } from "../reduction/index.js";
import { broadcastConvolution, broadcastWeightGradient as broadcastKernel } from "./direct.js";
import type { Convolve, WeightGradient } from "./geometry.js";
import { runSkinny, runSkinnyWeightGradient, skinnyServes } from "./skinny.js";
import { tiledConvolution, tiledWeightGradient } from "./tiled.js";
import { runWinograd, runWinogradWeightGradient, winogradServes } from "./winograd.js";

export type ConvolutionVariant = DirectVariant | "winograd" | "skinny";

/**
 * Where Winograd's kernels are faster than the direct ones on lavapipe: each transformed input tile must serve many
 * channels, each transformed kernel many pixels, and there must be enough to do for four dispatches.
 */
const WINOGRAD_CHANNELS = 32;
const WINOGRAD_PIXELS = 192;
const WINOGRAD_PRODUCTS = 1.6e6;

/**
 * Pure: the variant for a convolution with a kernel of [kh, kw] and an output of a shape. A transposed one runs as
 * convolutions without a stride, of every `stride`-th kernel element.
 */
export function chooseConvolution(
  kernel: readonly [number, number],
  stride: number,
  inChannels: number,
  output: Shape,
  adapter: AdapterTraits,
  transposed = false,
): ConvolutionVariant {
  const direct = directVariantFor(adapter);
  const [batch, outChannels, height, width] = output;
  const step = transposed ? stride : 1;
  const [kh, kw] = kernel.map((size) => Math.ceil(size / step));
  const loads = adapter.recorder || softwareKernelsLoaded();
  if (direct === "tiled" && loads && skinnyServes(outChannels, [kh, kw], stride / step)) return "skinny";
  const pixels = batch * height * width;
  const pays =
    Math.min(inChannels, outChannels) >= WINOGRAD_CHANNELS &&
    pixels >= WINOGRAD_PIXELS &&
    inChannels * outChannels * pixels >= WINOGRAD_PRODUCTS;
  const serves = direct === "broadcast" && winogradServes(adapter.profile, kernel, stride, inChannels, output);
  return serves && pays ? "winograd" : direct;
}

// Where a forced variant does not apply (other kernel sizes, a stride), the profile's direct kernel takes over.

const directConvolutions = { tiled: tiledConvolution("auto"), broadcast: broadcastConvolution };

export const winogradConvolution: Convolve = (gpu, operands, g) => {
  const { x, y } = operands;
  if (g.out_step === 1 && winogradServes(gpu.profile, [g.kh, g.kw], g.stride, x.shape[1], y.shape)) {
    runWinograd(gpu, operands, g);
  } else {
    directConvolutions[directVariantFor(gpu)](gpu, operands, g);
  }
};

export const skinnyConvolution: Convolve = (gpu, operands, g) => {
  const serves = skinnyServes(operands.y.shape[1], [g.kh, g.kw], g.stride);
  (serves ? runSkinny : directConvolutions[directVariantFor(gpu)])(gpu, operands, g);
};

/** Adds the bias's gradient, for kernels that do not sum dy themselves. */
const withBias =
  (fill: WeightGradient): WeightGradient =>
  (gpu, tensors, options) => {
    fill(gpu, tensors, options);
    const { dy, db, accumulate } = tensors;
    if (db) reduceSplits(gpu, 1, { y: db, accumulate }, (target) => sumInto(gpu, dy, [0, 2, 3], target));
  };

export const broadcastWeightGradient = withBias(broadcastKernel);

const directWeightGradients = { tiled: tiledWeightGradient("auto"), broadcast: broadcastWeightGradient };

export const winogradWeightGradient: WeightGradient = (gpu, tensors, options) => {
  const { x, dy } = tensors;
  if (winogradServes(gpu.profile, options.kernel, options.stride, x.shape[1], dy.shape)) {
    withBias(runWinogradWeightGradient)(gpu, tensors, options);
  } else {
    directWeightGradients[directVariantFor(gpu)](gpu, tensors, options);
  }
};

export const skinnyWeightGradient: WeightGradient = (gpu, tensors, options) => {
  const serves = skinnyServes(tensors.dw.shape[0], options.kernel, options.stride);
  (serves ? runSkinnyWeightGradient : directWeightGradients[directVariantFor(gpu)])(gpu, tensors, options);
};
