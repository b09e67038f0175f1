// Keras models in float64 as their own description tells, layer by layer, which is how the JSON of TF.js stores them:
// what our executors of the same networks, whose layers are written down by hand, are held to. Only the layers that
// MobileNetV2 and Inception V3 have; maps are [height, width, channels].
import type { ShapedWeights } from "../../cut/evaluation/networks/folding.js";

/** A layer of a model of one input and one output. */
export interface KerasLayer {
  name: string;
  class_name: string;
  config: {
    trainable?: boolean;
    padding?: "same" | "valid" | [[top: number, bottom: number], [left: number, right: number]];
    kernel_size?: [number, number];
    pool_size?: [number, number];
    strides?: [number, number];
    max_value?: number;
    epsilon?: number;
  };
  inbound_nodes: [name: string, ...unknown[]][][];
}

interface Map3 {
  height: number;
  width: number;
  channels: number;
  data: Float64Array;
}

/** The layers that `name` is computed from, itself the last, in their order. */
export function layersUpTo(layers: readonly KerasLayer[], name: string): KerasLayer[] {
  const wanted = new Set([name]);
  return layers
    .toReversed()
    .filter((layer) => {
      if (!wanted.has(layer.name)) return false;
      for (const [from] of layer.inbound_nodes[0] ?? []) wanted.add(from);
      return true;
    })
    .toReversed();
}

/** The mean over places of what layer `name` makes of an input of planes [3, side, side]. */
export function kerasFeatures(
  layers: readonly KerasLayer[],
  weights: ShapedWeights,
  name: string,
  planes: ArrayLike<number>,
): Float64Array {
  const side = Math.sqrt(planes.length / 3);
  const input = mapOf(side, side, 3, (y, x, c) => planes[(c * side + y) * side + x]);
  const made = new Map<string, Map3>();
  for (const layer of layersUpTo(layers, name)) {
    const inputs = (layer.inbound_nodes[0] ?? []).map(([from]) => made.get(from)!);
    made.set(layer.name, inputs.length === 0 ? input : run(layer, inputs, weights));
  }
  const { height, width, channels, data } = made.get(name)!;
  const sums = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) sums[i % channels] += data[i];
  return sums.map((sum) => sum / (height * width));
}

function mapOf(
  height: number,
  width: number,
  channels: number,
  value: (y: number, x: number, c: number) => number,
): Map3 {
  const data = new Float64Array(height * width * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(Math.floor(i / channels / width), Math.floor(i / channels) % width, i % channels);
  }
  return { height, width, channels, data };
}

function run({ name, class_name: kind, config }: KerasLayer, inputs: readonly Map3[], weights: ShapedWeights): Map3 {
  const [x] = inputs;
  const { height, width, channels, data } = x;
  const get = (key: string) => weights.get(`${name}/${key}`)?.data;
  switch (kind) {
    case "ZeroPadding2D": {
      const [[top, bottom], [left, right]] = config.padding as [[number, number], [number, number]];
      return mapOf(height + top + bottom, width + left + right, channels, (row, column, c) => {
        const [y, across] = [row - top, column - left];
        const inside = y >= 0 && y < height && across >= 0 && across < width;
        return inside ? data[(y * width + across) * channels + c] : 0;
      });
    }
    case "Conv2D":
    case "DepthwiseConv2D":
      return convolved(x, weights, name, kind === "DepthwiseConv2D", config);
    case "BatchNormalization": {
      const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map(get);
      const norm = (value: number, c: number) =>
        ((value - mean![c]) / Math.sqrt(variance![c] + config.epsilon!)) * (gamma?.[c] ?? 1) + beta![c];
      return { ...x, data: data.map((value, i) => norm(value, i % channels)) };
    }
    case "ReLU":
    case "Activation":
      return { ...x, data: data.map((value) => Math.min(config.max_value ?? Infinity, Math.max(0, value))) };
    case "Add":
      return { ...x, data: data.map((value, i) => value + inputs[1].data[i]) };
    case "Concatenate": {
      const from = inputs.flatMap((input) => Array.from({ length: input.channels }, (_, c) => [input, c] as const));
      return mapOf(height, width, from.length, (y, across, c) => {
        const [input, own] = from[c];
        return input.data[(y * width + across) * input.channels + own];
      });
    }
    case "MaxPooling2D":
    case "AveragePooling2D":
      return pooled(x, kind === "MaxPooling2D", config);
    default:
      throw new Error(`no such layer here: ${kind}`);
  }
}

/** Where the windows of an axis begin, of which there are so many. */
function windows(size: number, window: number, stride: number, padding: KerasLayer["config"]["padding"]) {
  if (padding === "valid") return { count: Math.floor((size - window) / stride) + 1, first: 0 };
  const count = Math.ceil(size / stride);
  return { count, first: -Math.floor(Math.max(0, (count - 1) * stride + window - size) / 2) };
}

function convolved(
  { height, width, channels, data }: Map3,
  weights: ShapedWeights,
  name: string,
  deep: boolean,
  { kernel_size: [kh, kw] = [1, 1], strides: [down, across] = [1, 1], padding }: KerasLayer["config"],
): Map3 {
  const { shape, data: kernel } = weights.get(`${name}/${deep ? "depthwise_kernel" : "kernel"}`)!;
  const out = deep ? channels : shape[3];
  const [rows, columns] = [windows(height, kh, down, padding), windows(width, kw, across, padding)];
  const result = new Float64Array(rows.count * columns.count * out);
  const sums = new Float64Array(out);
  // What a window holds that is not 0, and where its weights begin: many values behind a ReLU are 0.
  const [values, begins] = [new Float64Array(kh * kw * channels + 4), new Int32Array(kh * kw * channels + 4)];
  for (let y = 0, to = 0; y < rows.count; y++) {
    for (let x = 0; x < columns.count; x++, to += out) {
      let count = 0;
      sums.fill(0);
      for (let tap = 0; tap < kh * kw; tap++) {
        const [row, column] = [rows.first + y * down + Math.floor(tap / kw), columns.first + x * across + (tap % kw)];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let c = 0, from = (row * width + column) * channels; c < channels; c++) {
          const value = data[from + c];
          if (deep) sums[c] += value * kernel[tap * channels + c];
          else if (value !== 0) {
            values[count] = value;
            begins[count++] = (tap * channels + c) * out;
          }
        }
      }
      values.fill(0, count, count + 4);
      for (let i = 0; i < count; i += 4) {
        const [k0, k1, k2, k3] = [begins[i], begins[i + 1], begins[i + 2], begins[i + 3]];
        const [v0, v1, v2, v3] = [values[i], values[i + 1], values[i + 2], values[i + 3]];
        for (let o = 0; o < out; o++) {
          sums[o] += v0 * kernel[k0 + o] + v1 * kernel[k1 + o] + v2 * kernel[k2 + o] + v3 * kernel[k3 + o];
        }
      }
      result.set(sums, to);
    }
  }
  return { height: rows.count, width: columns.count, channels: out, data: result };
}

/** The largest or the mean of each window; places beyond the edge do not count. */
function pooled(
  { height, width, channels, data }: Map3,
  largest: boolean,
  { pool_size: [kh, kw] = [1, 1], strides: [down, across] = [1, 1], padding }: KerasLayer["config"],
): Map3 {
  const [rows, columns] = [windows(height, kh, down, padding), windows(width, kw, across, padding)];
  return mapOf(rows.count, columns.count, channels, (y, x, c) => {
    let [most, sum, count] = [Number.NEGATIVE_INFINITY, 0, 0];
    const [top, left] = [rows.first + y * down, columns.first + x * across];
    for (let row = Math.max(0, top); row < Math.min(height, top + kh); row++) {
      for (let column = Math.max(0, left); column < Math.min(width, left + kw); column++) {
        const value = data[(row * width + column) * channels + c];
        most = Math.max(most, value);
        sum += value;
        count++;
      }
    }
    return largest ? most : sum / count;
  });
}
