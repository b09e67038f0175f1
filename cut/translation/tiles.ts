// How a picture is divided: into square tiles, each computed inside a window that is wider by a halo, clipped where the
// picture ends. Pure arithmetic in pixels of the picture.
import type { Size } from "../data/picture.js";

export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Tile {
  /** The part of the result that this tile provides; at the right and lower edge it may be smaller than the others. */
  inner: Rectangle;
  /** The part that is computed for it: `inner` and its halo. */
  window: Rectangle;
}

/** Sides of tiles are multiples of this and no smaller: a narrower tile would be mostly halo. */
export const TILE_MULTIPLE = 4;
export const SMALLEST_TILE = 16;

/** The windows' sides, the same for all tiles of a picture. */
export const windowSides = ({ width, height }: Size, tile: number, halo: number): Size => ({
  width: Math.min(width, tile + 2 * halo),
  height: Math.min(height, tile + 2 * halo),
});

/** The tiles of a picture, row by row. Windows that would leave it are moved inside, so that all are of one size. */
export function tilesOf(picture: Size, tile: number, halo: number): Tile[] {
  const sides = windowSides(picture, tile, halo);
  const along = (length: number, side: number) =>
    Array.from({ length: Math.ceil(length / tile) }, (_, i) => ({
      start: i * tile,
      size: Math.min(tile, length - i * tile),
      window: Math.min(Math.max(0, i * tile - halo), length - side),
    }));
  const columns = along(picture.width, sides.width);
  return along(picture.height, sides.height).flatMap((y) =>
    columns.map((x) => ({
      inner: { left: x.start, top: y.start, width: x.size, height: y.size },
      window: { left: x.window, top: y.window, width: sides.width, height: sides.height },
    })),
  );
}

/** The same rectangle in a map whose sides are smaller by a factor. */
export const scaledBy = ({ left, top, width, height }: Rectangle, factor: number): Rectangle => ({
  left: left / factor,
  top: top / factor,
  width: width / factor,
  height: height / factor,
});

/** The part of `rectangle` inside of `bounds`; width or height are not positive where they do not overlap. */
export function intersection(rectangle: Rectangle, bounds: Rectangle): Rectangle {
  const left = Math.max(rectangle.left, bounds.left);
  const top = Math.max(rectangle.top, bounds.top);
  const right = Math.min(rectangle.left + rectangle.width, bounds.left + bounds.width);
  const bottom = Math.min(rectangle.top + rectangle.height, bounds.top + bounds.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** The values of a map in a rectangle: [channels, height, width]. */
export interface MapRegion {
  over: Rectangle;
  data: Float32Array;
}

/** Copies the part that both cover. */
export function copyPlanes(from: MapRegion, to: MapRegion, channels: number): void {
  const { left, top, width, height } = intersection(from.over, to.over);
  if (width <= 0) return;
  const start = ({ over }: MapRegion, c: number, y: number) =>
    (c * over.height + y - over.top) * over.width + left - over.left;
  for (let c = 0; c < channels; c++) {
    for (let y = top; y < top + height; y++) {
      const at = start(from, c, y);
      to.data.set(from.data.subarray(at, at + width), start(to, c, y));
    }
  }
}
