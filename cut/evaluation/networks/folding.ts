// The convolutions of feature networks with the batch norm after each folded in, in float64: w' = w g / sqrt(v + eps)
// and b' = b - m g / sqrt(v + eps). Pure.
import { CutgpuError } from "../../../engine/lib/errors.js";
import type { Shape } from "../../../engine/lib/shapes.js";

/** Weights by key with their shapes. */
export type ShapedWeights = ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>;

/** A convolution: weights [out, in, kh, kw] and bias [out]. */
export interface Convolution {
  shape: Shape;
  weight: Float32Array<ArrayBuffer>;
  bias: Float32Array<ArrayBuffer>;
}

/** The epsilon of all these networks' batch norms. */
const EPSILON = 0.001;

export function tensorOf(weights: ShapedWeights, key: string): { shape: readonly number[]; data: ArrayLike<number> } {
  const found = weights.get(key);
  if (found) return found;
  throw new CutgpuError("FEATURES", `the weights have no ${key};`, "give the file or package that was asked for.");
}

interface Norm {
  gamma?: ArrayLike<number>;
  beta: ArrayLike<number>;
  mean: ArrayLike<number>;
  variance: ArrayLike<number>;
}

function folded(shape: Shape, weight: ArrayLike<number>, { gamma, beta, mean, variance }: Norm): Convolution {
  const [out] = shape;
  const each = weight.length / out;
  const [scaled, bias] = [new Float32Array(weight.length), new Float32Array(out)];
  for (let o = 0; o < out; o++) {
    const factor = (gamma?.[o] ?? 1) / Math.sqrt(variance[o] + EPSILON);
    for (let i = o * each; i < (o + 1) * each; i++) scaled[i] = weight[i] * factor;
    bias[o] = beta[o] - mean[o] * factor;
  }
  return { shape, weight: scaled, bias };
}

/** A convolution of PyTorch's, under `name.conv` and `name.bn`. */
export function torchConvolution(weights: ShapedWeights, name: string): Convolution {
  const get = (key: string) => tensorOf(weights, `${name}.${key}`).data;
  const { shape, data } = tensorOf(weights, `${name}.conv.weight`);
  return folded([...shape], data, {
    gamma: get("bn.weight"),
    beta: get("bn.bias"),
    mean: get("bn.running_mean"),
    variance: get("bn.running_var"),
  });
}

/**
 * A convolution of Keras's, whose kernels are [kh, kw, in, out], or [kh, kw, channels, 1] where they are depth-wise; a
 * norm may have no gamma.
 */
export function kerasConvolution(weights: ShapedWeights, kernel: string, norm: string): Convolution {
  const { shape, data } = tensorOf(weights, kernel);
  const deep = kernel.endsWith("depthwise_kernel");
  const [kh, kw] = shape;
  const [out, inputs] = deep ? [shape[2], 1] : [shape[3], shape[2]];
  const area = kh * kw;
  const weight = new Float64Array(data.length);
  for (let o = 0, to = 0; o < out; o++) {
    for (let c = 0; c < inputs; c++) {
      for (let tap = 0; tap < area; tap++) weight[to++] = data[(tap * inputs + c) * out + o];
    }
  }
  const get = (key: string) => tensorOf(weights, `${norm}/${key}`).data;
  return folded([out, inputs, kh, kw], weight, {
    gamma: weights.get(`${norm}/gamma`)?.data,
    beta: get("beta"),
    mean: get("moving_mean"),
    variance: get("moving_variance"),
  });
}
