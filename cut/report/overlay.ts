// Maps of a layer as pictures of the input's size: interpolated between the pixels that the positions look at,
// coloured, with the input in them, and the chosen point marked. Pure: no files, no GPU, no canvas.
import { type Picture, type Size, toChannels } from "../data/picture.js";
import type { InspectedLayer } from "../inspection/inspected-layer.js";
import type { ComponentsMap, SimilarityMap } from "../inspection/inspector.js";
import type { LossMap } from "../inspection/patch-maps.js";
import { falseColour } from "./colormap.js";

/** Levels that colours keep away from black and from white, so that lines show in the darkest and the brightest. */
const ROOM = 0.18 * 255;
/** How far the input draws a colour to black or white at the largest distance from its median. */
const CONTRAST = 0.7;

export type Range = readonly [lowest: number, highest: number];
type Geometry = Pick<InspectedLayer, "width" | "height" | "stride" | "pad">;

/**
 * Values [positions, channels] of a layer for every pixel of a picture, [pixels, channels]: linear between positions,
 * without the mirrored border and positions beyond the picture.
 */
export function valuesAtPixels(
  values: ArrayLike<number>,
  channels: number,
  { width, height, stride, pad }: Geometry,
  picture: Size,
): Float32Array {
  const result = new Float32Array(picture.width * picture.height * channels);
  /** The positions before and after a pixel, and how far it is from the first to the second. */
  const between = (pixel: number, size: number): [number, number, number] => {
    const at = Math.min(size - 1, pixel / stride + pad);
    const first = Math.floor(at);
    return [first, Math.min(size - 1, first + 1), at - first];
  };
  const columns = Array.from({ length: picture.width }, (_, x) => between(x, width));
  let to = 0;
  for (let y = 0; y < picture.height; y++) {
    const [top, bottom, down] = between(y, height);
    for (const [left, right, along] of columns) {
      for (let c = 0; c < channels; c++) {
        const value = (row: number, column: number) => values[(row * width + column) * channels + c];
        const above = value(top, left) * (1 - along) + value(top, right) * along;
        const below = value(bottom, left) * (1 - along) + value(bottom, right) * along;
        result[to++] = above * (1 - down) + below * down;
      }
    }
  }
  return result;
}

/**
 * Colours, RGB of every pixel, with the input in them as light and shade. The input's median leaves them as they are:
 * the paper of a drawing, white or black, takes the colours, its lines stay visible, and a dark photograph does not
 * hide its map.
 */
function withInput(colours: ArrayLike<number>, input: Picture): Picture {
  const { width, height } = input;
  const gray = toChannels(input, 1).data;
  const median = gray.slice().sort()[gray.length >> 1];
  const shades = Array.from({ length: 256 }, (_, level) => {
    const away = (CONTRAST * (level - median)) / 255;
    return { kept: 1 - Math.abs(away), white: Math.max(0, away) };
  });
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const { kept, white } = shades[gray[Math.floor(i / 3)]];
    return Math.round(kept * (ROOM + (1 - (2 * ROOM) / 255) * colours[i]) + 255 * white);
  });
  return { width, height, channels: 3, data };
}

/** A layer's principal components as colours, over the input. */
export function componentsPicture(map: ComponentsMap, input: Picture): Picture {
  return withInput(valuesAtPixels(map.picture.data, 3, map, input), input);
}

/** A map of similarities in false colours from its lowest value to its highest, over the input. */
export const similarityPicture = (map: SimilarityMap, input: Picture): Picture =>
  overInput(map, rangeOf(map.values), input);

/** A map of losses in false colours from the lowest to the highest of `range`, over the input. */
export const lossPicture = (map: LossMap, input: Picture, range = rangeOf(map.values)): Picture =>
  overInput(map, range, input);

function overInput(map: Geometry & { values: Float32Array }, range: Range, input: Picture): Picture {
  return withInput(coloursOf(valuesAtPixels(map.values, 1, map, input), range), input);
}

/** The false colours of values from the lowest to the highest of a range, RGB. */
export function coloursOf(values: Float32Array | Float64Array, [lowest, highest]: Range): Uint8Array {
  const colours = new Uint8Array(3 * values.length);
  for (const [i, value] of values.entries()) colours.set(falseColour((value - lowest) / (highest - lowest)), 3 * i);
  return colours;
}

/**
 * How far two pictures of one size are apart in each pixel, the mean over channels, in false colours from 0 to the
 * largest; also the largest and the mean, in levels of 255.
 */
export function differencePicture(a: Picture, b: Picture): { picture: Picture; max: number; mean: number } {
  const { width, height, channels } = a;
  const apart = new Float32Array(width * height);
  for (let i = 0; i < a.data.length; i++) {
    apart[Math.floor(i / channels)] += Math.abs(a.data[i] - b.data[i]) / channels;
  }
  const [, max] = rangeOf(apart);
  const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length;
  return { picture: { width, height, channels: 3, data: coloursOf(apart, [0, max]) }, max, mean };
}

/** The lowest and the highest of some numbers. */
export function rangeOf(values: Float32Array): Range {
  return values.reduce<Range>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/**
 * The picture in colour with a cross around pixel (x, y). Its middle is left free, and its arms are white and then
 * black, visible on any ground.
 */
export function markPoint(picture: Picture, x: number, y: number): Picture {
  const { width, height, data } = toChannels(picture, 3);
  const marked = data.slice();
  const side = Math.min(width, height);
  const dash = Math.max(1, Math.round(side / 48));
  const gap = Math.max(2, dash);
  const half = Math.floor(side / 192);
  const paint = (u: number, v: number, level: number) => {
    if (u < 0 || u >= width || v < 0 || v >= height) return;
    marked.fill(level, 3 * (v * width + u), 3 * (v * width + u) + 3);
  };
  for (let along = 0; along < 2 * dash; along++) {
    const level = along < dash ? 255 : 0;
    for (let across = -half; across <= half; across++) {
      for (const reach of [gap + along, -gap - along]) {
        paint(x + reach, y + across, level);
        paint(x + across, y + reach, level);
      }
    }
  }
  return { width, height, channels: 3, data: marked };
}
