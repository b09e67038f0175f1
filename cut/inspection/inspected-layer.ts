// A tapped layer of a picture that is looked at, and which pixel each of its positions looks at. Pure.
import { mirrored } from "../data/picture.js";

/**
 * A tapped layer of the picture at hand. Position (u, v) of its map looks at pixel
 * ((u - border) * stride, (v - border) * stride).
 */
export interface InspectedLayer {
  layer: number;
  /** Positions per row and per column, those in the padding included. */
  width: number;
  height: number;
  channels: number;
  /** Pixels from a position to the next. */
  stride: number;
  /** Positions of the mirrored border on each side (tap 0 is the padded picture). */
  border: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Rows that are brought through a head at a time: 4 MiB per buffer at 256 channels. */
const CHUNK = 4096;

/** The layer of features [1, C, H, W] of a picture that is `pixels` wide. */
export function describeLayer(
  layer: number,
  [, channels, height, width]: readonly number[],
  pixels: number,
): InspectedLayer {
  const border = Math.max(0, (width - pixels) / 2);
  return { layer, width, height, channels, stride: border > 0 ? 1 : pixels / width, border };
}

/** The position of a layer's map that looks nearest at pixel (x, y). */
export function positionAt({ width, height, stride, border }: InspectedLayer, x: number, y: number): Point {
  const nearest = (pixel: number, size: number) => Math.min(size - 1, Math.round(pixel / stride) + border);
  return { x: nearest(x, width), y: nearest(y, height) };
}

/**
 * The pixel of a picture that a position, counted row by row, looks at: positions of the border, and beyond the picture
 * where it was padded, are mirror images of those inside.
 */
export function pixelAt(
  { width, stride, border }: InspectedLayer,
  position: number,
  picture: { width: number; height: number },
): Point {
  const within = (at: number, size: number) => mirrored((at - border) * stride, size);
  return { x: within(position % width, picture.width), y: within(Math.floor(position / width), picture.height) };
}

/**
 * An even grid of a layer's positions that look at pixels of the picture, counted row by row, at most `most` of them:
 * each `every` positions from the next along both axes, the first half of that from the corner.
 */
export function gridOf(
  { stride, border, width }: InspectedLayer,
  picture: { width: number; height: number },
  most: number,
): { ids: Int32Array<ArrayBuffer>; columns: number; every: number } {
  const [across, down] = [picture.width, picture.height].map((size) => Math.ceil(size / stride));
  const starts = (size: number, every: number) => Math.ceil((size - (every >> 1)) / every);
  let every = 1;
  while (starts(across, every) * starts(down, every) > most) every++;
  const [columns, rows] = [starts(across, every), starts(down, every)];
  const at = (i: number) => border + (every >> 1) + i * every;
  const ids = Int32Array.from(
    { length: columns * rows },
    (_, i) => at(Math.floor(i / columns)) * width + at(i % columns),
  );
  return { ids, columns, every };
}

/** All positions in order, a few thousand at a time. */
export function* positionChunks({
  width,
  height,
}: Pick<InspectedLayer, "width" | "height">): Generator<Int32Array<ArrayBuffer>, void> {
  const area = height * width;
  for (let start = 0; start < area; start += CHUNK) {
    yield Int32Array.from({ length: Math.min(CHUNK, area - start) }, (_, i) => start + i);
  }
}
