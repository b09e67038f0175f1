// The inputs of feature networks: a picture resized in floats and scaled, by the protocols of published figures. The
// choice of the resize changes FID more than many methods do (Parmar, Zhang and Zhu, 2022). Pure.
import type { Picture } from "../../data/picture.js";
import { bicubicWeights, type Resampling } from "../../data/resize.js";

/**
 * pytorch-fid: bilinear without antialiasing, to [-1, 1]; clean: bicubic with antialiasing, clipped, not rounded, (x -
 * 128) / 128; tf: bilinear from the upper left corner, (x - 128) / 128; unit: as clean, to [0, 1].
 */
export type InputProtocol = "pytorch-fid" | "clean" | "tf" | "unit";

/** Bilinear weights; `place` gives the input position of an output position. */
function bilinearWeights(from: number, to: number, place: (i: number) => number): Resampling<Float64Array> {
  const first = new Int32Array(to);
  const weights = new Float64Array(2 * to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(from - 1, Math.max(0, place(i)));
    first[i] = Math.floor(at);
    weights[2 * i + 1] = at - first[i];
    weights[2 * i] = 1 - weights[2 * i + 1];
  }
  const count = first.map((start) => Math.min(2, from - start));
  return { first, count, taps: 2, weights };
}

function weightsOf(protocol: InputProtocol, from: number, to: number): Resampling<Float64Array> {
  const scale = from / to;
  if (protocol === "pytorch-fid") return bilinearWeights(from, to, (i) => (i + 0.5) * scale - 0.5);
  if (protocol === "tf") return bilinearWeights(from, to, (i) => i * scale);
  return bicubicWeights(from, to);
}

/** Resamples a line: every output is the weighted sum of its samples, which are `stride` apart. */
function resampled(
  data: ArrayLike<number>,
  { first, count, taps, weights }: Resampling<Float64Array>,
  i: number,
  start: number,
  stride: number,
): number {
  let sum = 0;
  for (let k = 0, at = start + first[i] * stride; k < count[i]; k++, at += stride)
    sum += data[at] * weights[i * taps + k];
  return sum;
}

/** The picture [channels, height, width] resampled by the protocol, values from 0 to 255, not clipped. */
export function resizedPlanes(picture: Picture, protocol: InputProtocol, height: number, width: number): Float64Array {
  const { channels, data } = picture;
  const across = weightsOf(protocol, picture.width, width);
  const down = weightsOf(protocol, picture.height, height);
  const wide = new Float64Array(channels * picture.height * width);
  let to = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < width; x++) {
        wide[to++] = resampled(data, across, x, y * picture.width * channels + c, channels);
      }
    }
  }
  const result = new Float64Array(channels * height * width);
  to = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) result[to++] = resampled(wide, down, y, c * picture.height * width + x, width);
    }
  }
  return result;
}

/** A network's input [3, side, side] from an RGB picture. */
export function networkInput(picture: Picture, protocol: InputProtocol, side: number): Float32Array {
  const clipped = (value: number) => Math.min(255, Math.max(0, value));
  const scaled = {
    "pytorch-fid": (value: number) => value / 127.5 - 1,
    clean: (value: number) => (clipped(value) - 128) / 128,
    tf: (value: number) => (value - 128) / 128,
    unit: (value: number) => clipped(value) / 255,
  }[protocol];
  return new Float32Array(resizedPlanes(picture, protocol, side, side).map(scaled));
}
