// Maps of a layer as pictures of the input's size: interpolated between the pixels that the positions look at,
// coloured, laid over the input in gray, with the point that was asked for marked. Pure: no files, no GPU, no canvas.
import { type Picture, toChannels } from "../data/picture.js";
import type { ComponentsMap, InspectedLayer, SimilarityMap } from "../inspection/inspector.js";
import { falseColour } from "./colormap.js";

/** How much of the map covers the input. */
const COVER = 0.7;

type Geometry = Pick<InspectedLayer, "width" | "height" | "stride" | "border">;

/**
 * Values [positions, channels] of a layer for every pixel of a picture, [pixels, channels]: linear between positions,
 * the mirrored border and what lies beyond the picture left out.
 */
export function valuesAtPixels(
  values: ArrayLike<number>,
  channels: number,
  { width, height, stride, border }: Geometry,
  picture: { width: number; height: number },
): Float32Array {
  const result = new Float32Array(picture.width * picture.height * channels);
  /** The positions before and after a pixel, and how far it is from the first to the second. */
  const between = (pixel: number, size: number): [number, number, number] => {
    const at = Math.min(size - 1, pixel / stride + border);
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

/** A layer's principal components as a picture of the input's size. */
export function componentsPicture(map: ComponentsMap, { width, height }: Picture): Picture {
  const { channels, data } = map.picture;
  return {
    width,
    height,
    channels,
    data: Uint8Array.from(valuesAtPixels(data, channels, map, { width, height }), Math.round),
  };
}

/**
 * A map of similarities over its input: false colours from the map's lowest value to its highest, over the input in
 * gray.
 */
export function similarityPicture(map: SimilarityMap, input: Picture): Picture {
  const { width, height } = input;
  const gray = toChannels(input, 1).data;
  const values = valuesAtPixels(map.values, 1, map, input);
  const [lowest, highest] = rangeOf(map.values);
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < gray.length; i++) {
    const colour = falseColour((values[i] - lowest) / (highest - lowest));
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(COVER * colour[c] + (1 - COVER) * gray[i]);
  }
  return { width, height, channels: 3, data };
}

/** The lowest and the highest of some numbers. */
export function rangeOf(values: Float32Array): [lowest: number, highest: number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/**
 * The picture in colour with a cross around pixel (x, y). Its middle is left free, and its arms are white and then
 * black, so that they are seen on any ground.
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
