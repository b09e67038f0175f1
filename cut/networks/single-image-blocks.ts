// The blocks of SinCUT's networks (docs/method.md, section 16), from the mathematics of StyleGAN2
// (https://arxiv.org/abs/1912.04958): equalised learning rates, blurs around strides, demodulated weights. All are
// composed of operators that can be differentiated twice, which R1 asks for. Factors are folded into weights and
// biases where what follows lets them pass: a leaky ReLU does.
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { conv2d, convTranspose2d } from "../../engine/operators/convolution/index.js";
import { linear } from "../../engine/operators/matmul/index.js";
import { add, leakyRelu, mul, rsqrt, scale, square } from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";
import { pad, permute } from "../../engine/operators/strided/index.js";

/** An activation multiplies what is negative by the one, and all by the other. */
export const SLOPE = 0.2;
export const GAIN = Math.SQRT2;
/** What is added to the squared length of weights before they are divided by their length. */
export const DEMODULATION_EPS = 1e-8;
const TAPS = [1, 3, 3, 1];
/** The blur's numbers, [4, 4] row-major, of sum 1. */
export const BLUR: readonly number[] = TAPS.flatMap((a) => TAPS.map((b) => (a * b) / 64));

/** The stride and zero padding of a convolution. */
interface Strides {
  stride?: number;
  padding?: number;
}

/** Weights w [out, ...] times gain / sqrt(what one output sums over). */
const equalised = (w: Tensor, gain = 1) => scale(w, gain / Math.sqrt(w.size / w.shape[0]));

/** A convolution of x with weights w [out, in, k, k] over the root of in k k, times a gain. */
export const equalConv2d = (x: Tensor, w: Tensor, strides: Strides, gain = 1): Tensor =>
  conv2d(x, equalised(w, gain), undefined, strides);

/** sqrt(2) leakyRelu(x + b), b with a number for each channel of x [N, C, H, W]. */
export const fusedLeakyRelu = (x: Tensor, b: Tensor): Tensor =>
  scale(leakyRelu(add(x, reshape(b, [b.size, 1, 1])), SLOPE), GAIN);

/** gain leakyRelu(equalConv2d(x, w) + b); the gain is by default that of fusedLeakyRelu. */
export const activatedConv2d = (x: Tensor, w: Tensor, b: Tensor, strides: Strides, gain = GAIN): Tensor =>
  leakyRelu(conv2d(x, equalised(w, gain), scale(reshape(b, [b.size]), gain), strides), SLOPE);

/** x [N, in] times w [out, in] over the root of in, plus b; `activate` is sqrt(2) leakyRelu of it. */
export const equalLinear = (x: Tensor, w: Tensor, b: Tensor, activate: boolean): Tensor =>
  activate ? leakyRelu(linear(x, equalised(w, GAIN), scale(b, GAIN)), SLOPE) : linear(x, equalised(w), b);

/** Every channel of x with zeros around it blurred: [N, C, H + before + after - 3, ...]; the filter's sum is `gain`. */
export function blur4(x: Tensor, [before, after]: readonly [before: number, after: number], gain = 1): Tensor {
  const channels = x.shape[1];
  const one = BLUR.map((v) => gain * v);
  const taps = Float32Array.from({ length: channels * one.length }, (_, i) => one[i % one.length]);
  const filter = x.gpu.tensor(taps, [channels, 1, TAPS.length, TAPS.length]);
  const even = before === after;
  const padded = even ? x : pad(x, [before, after, before, after]);
  return conv2d(padded, filter, undefined, { groups: channels, padding: even ? before : 0 });
}

/** x [N, in, H, W] -> [N, out, 2 H, 2 W] by weights w [out, in, 3, 3] that are brought to length 1 for each output. */
export function demodConvUp(x: Tensor, w: Tensor): Tensor {
  const even = equalised(w);
  const unit = mul(even, rsqrt(scale(sum(square(even), [1, 2, 3], true), 1, DEMODULATION_EPS)));
  const grown = convTranspose2d(x, permute(unit, [1, 0, 2, 3]), undefined, { stride: 2 });
  return blur4(grown, [1, 1], 4);
}

export interface StyledUp {
  /** [out, in, 3, 3] */
  w: Tensor;
  /** One number for each output channel. */
  b: Tensor;
  /** [N, 1, 2 H, 2 W], and what it is multiplied by, [1]. */
  noise: Tensor;
  noiseWeight: Tensor;
}

/** demodConvUp, noise, fusedLeakyRelu. */
export const styledUp = (x: Tensor, { w, b, noise, noiseWeight }: StyledUp): Tensor =>
  fusedLeakyRelu(add(demodConvUp(x, w), mul(noise, noiseWeight)), b);

export interface Block {
  w1: Tensor;
  b1: Tensor;
  w2: Tensor;
  b2: Tensor;
  /** [out, in, 1, 1]; without it x itself is added. */
  skip?: Tensor;
}

/** A residual block of two activated 3 x 3 convolutions, the sum over the root of 2; `down` halves the sides. */
export function residualBlock(x: Tensor, { w1, b1, w2, b2, skip }: Block, down: boolean): Tensor {
  const hidden = activatedConv2d(x, w1, b1, { padding: 1 });
  const [at, strides] = down ? [blur4(hidden, [2, 2]), { stride: 2 }] : [hidden, { padding: 1 }];
  // The root of 2 is what the activation multiplies by, so that nothing of it is left.
  const own = activatedConv2d(at, w2, b2, strides, 1);
  if (!skip) return add(own, scale(x, 1 / GAIN));
  return add(own, equalConv2d(down ? blur4(x, [1, 1]) : x, skip, { stride: down ? 2 : 1 }, 1 / GAIN));
}
