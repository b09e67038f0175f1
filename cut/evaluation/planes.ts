// Pictures in the form that metrics read: planes of floats from 0 to 1. Pure.
import type { Picture } from "../data/picture.js";

/** Values from 0 to 1, channel by channel: data[(c * height + y) * width + x]. */
export interface Planes {
  channels: number;
  height: number;
  width: number;
  data: Float64Array;
}

/** The planes of a picture, v / 255 for each byte v. */
export function planesOf({ width, height, channels, data }: Picture): Planes {
  const size = width * height;
  const planes = new Float64Array(channels * size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) planes[c * size + i] = data[i * channels + c] / 255;
  }
  return { channels, height, width, data: planes };
}
