// Changes of colour and texture that leave everything in its place. Pictures are RGB; results are rounded to bytes.
// Pure.
import type { Random } from "../../../engine/lib/random.js";
import { mirrored, type Picture, toChannels } from "../../data/picture.js";

/** A byte from any number: rounded and clamped. */
const byte = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

/** The picture with `of` applied to every value. */
const mapped = (picture: Picture, of: (value: number) => number): Picture => ({
  ...picture,
  data: Uint8Array.from(picture.data, (value) => byte(of(value))),
});

/** Adds normal noise of deviation `sigma` (of 255) to every value. */
export const noisy = (picture: Picture, sigma: number, random: Random): Picture =>
  mapped(picture, (value) => value + sigma * random.normal());

/** Contrast and brightness: `factor` times the distance from mid-gray, and `shift` (of 255). */
export const contrasted = (picture: Picture, factor: number, shift = 0): Picture =>
  mapped(picture, (value) => 127.5 + factor * (value - 127.5) + shift);

/** Inverted: every value v becomes 255 - v. */
export const inverted = (picture: Picture): Picture => mapped(picture, (value) => 255 - value);

/** ITU-R 601 luma in all three channels. */
export const grayed = (picture: Picture): Picture => toChannels(toChannels(picture, 1), 3);

/** Colours rotated by `degrees` around the axis of grays. */
export function hueTurned(picture: Picture, degrees: number): Picture {
  const angle = (degrees * Math.PI) / 180;
  const [same, along] = [Math.cos(angle), Math.sin(angle) / Math.sqrt(3)];
  const rest = (1 - same) / 3;
  const data = new Uint8Array(picture.data.length);
  for (let i = 0; i < data.length; i += 3) {
    for (let c = 0; c < 3; c++) {
      const [own, next, last] = [0, 1, 2].map((k) => picture.data[i + ((c + k) % 3)]);
      data[i + c] = byte((same + rest) * own + (rest - along) * next + (rest + along) * last);
    }
  }
  return { ...picture, data };
}

/** Smoothed by a Gaussian of deviation `sigma` in pixels, edges mirrored. */
export function blurred(picture: Picture, sigma: number): Picture {
  const reach = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { width, height, channels } = picture;
  const along = (data: ArrayLike<number>, count: number, step: number): Float64Array => {
    const result = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const at = Math.floor(i / step) % count;
      const start = i - at * step;
      for (let k = -reach; k <= reach; k++) {
        result[i] += (weights[k + reach] / total) * data[start + mirrored(at + k, count) * step];
      }
    }
    return result;
  };
  const wide = along(picture.data, width, channels);
  const whole = along(wide, height, width * channels);
  return { ...picture, data: Uint8Array.from(whole, byte) };
}
