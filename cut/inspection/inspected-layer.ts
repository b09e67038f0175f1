// A tapped layer of the inspected picture, and the pixel that each of its positions stands for. Pure.
import { mirrored, type Size } from "../data/picture.js";

/**
 * A tapped layer of a picture. Position (u, v) of its map stands for pixel ((u - pad) * stride, (v - pad) * stride).
 */
export interface InspectedLayer {
  layer: number;
  /** Positions per row and per column, including the padding. */
  width: number;
  height: number;
  channels: number;
  /** Pixels from a position to the next. */
  stride: number;
  /** Positions of reflection padding on each side (tap 0 is the padded picture). */
  pad: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Rows that go through a head at a time: 4 MiB per buffer at 256 channels. */
const CHUNK = 4096;

/** The layer of features [1, C, H, W] of a picture that is `pixels` wide. */
export function describeLayer(
  layer: number,
  [, channels, height, width]: readonly number[],
  pixels: number,
): InspectedLayer {
  const pad = Math.max(0, (width - pixels) / 2);
  return { layer, width, height, channels, stride: pad > 0 ? 1 : pixels / width, pad };
}

/** The position of a layer's map that is nearest to pixel (x, y). */
export function positionAt({ width, height, stride, pad }: InspectedLayer, x: number, y: number): Point {
  const nearest = (pixel: number, size: number) => Math.min(size - 1, Math.round(pixel / stride) + pad);
  return { x: nearest(x, width), y: nearest(y, height) };
}

/**
 * The pixel of a picture that a position, counted row by row, stands for. Positions in the layer's padding, or in that
 * of the picture, are mirror images of those inside.
 */
export function pixelAt({ width, stride, pad }: InspectedLayer, position: number, picture: Size): Point {
  const within = (at: number, size: number) => mirrored((at - pad) * stride, size);
  return { x: within(position % width, picture.width), y: within(Math.floor(position / width), picture.height) };
}

/**
 * An even grid of at most `max` positions of a layer, padding excluded, counted row by row: each is `every` positions
 * from the next along both axes, and the first is half of that from the corner.
 */
export function gridOf(
  { stride, pad, width }: InspectedLayer,
  picture: Size,
  max: number,
): { ids: Int32Array<ArrayBuffer>; columns: number; every: number } {
  const [across, down] = [picture.width, picture.height].map((size) => Math.ceil(size / stride));
  const starts = (size: number, every: number) => Math.ceil((size - (every >> 1)) / every);
  let every = 1;
  while (starts(across, every) * starts(down, every) > max) every++;
  const [columns, rows] = [starts(across, every), starts(down, every)];
  const at = (i: number) => pad + (every >> 1) + i * every;
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
