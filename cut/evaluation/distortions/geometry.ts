// Changes of position. Pictures have any number of channels; beyond an edge they are mirrored. Pure.
import type { Random } from "../../../engine/lib/random.js";
import { cropPicture, mirrored, type Picture, pastePicture } from "../../data/picture.js";

/** Every pixel (x, y) from the place that `source` gives, interpolated linearly between pixels. */
function warped(picture: Picture, source: (x: number, y: number) => readonly [x: number, y: number]): Picture {
  const { width, height, channels, data } = picture;
  const result = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = source(x, y);
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [along, down] = [u - left, v - top];
      const at = (column: number, row: number) => channels * (mirrored(row, height) * width + mirrored(column, width));
      const [a, b, c, d] = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
      for (let k = 0; k < channels; k++) {
        const above = (1 - along) * data[a + k] + along * data[b + k];
        const below = (1 - along) * data[c + k] + along * data[d + k];
        result[to++] = Math.round((1 - down) * above + down * below);
      }
    }
  }
  return { ...picture, data: result };
}

/** Shifted to the right by `pixels`. */
export const shifted = (picture: Picture, pixels: number): Picture => warped(picture, (x, y) => [x - pixels, y]);

/** Rotated around the centre by `degrees`. */
export function rotated(picture: Picture, degrees: number): Picture {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [cx, cy] = [(picture.width - 1) / 2, (picture.height - 1) / 2];
  return warped(picture, (x, y) => [cx + cos * (x - cx) + sin * (y - cy), cy - sin * (x - cx) + cos * (y - cy)]);
}

/** Squares per side of the grid whose corners an elastic warp moves. */
const NET = 4;

/**
 * An elastic warp: the corners of a grid of 4 x 4 squares move in random directions by at most `pixels`, one of them by
 * exactly as much, and the pixels between follow smoothly.
 */
export function elasticallyWarped(picture: Picture, pixels: number, random: Random): Picture {
  const corners = Array.from({ length: (NET + 1) ** 2 }, () => {
    const [angle, length] = [2 * Math.PI * random.next(), random.next()];
    return { x: length * Math.cos(angle), y: length * Math.sin(angle), length };
  });
  const factor = pixels / Math.max(...corners.map(({ length }) => length));
  const ease = (t: number) => t * t * (3 - 2 * t);
  return warped(picture, (x, y) => {
    const [u, v] = [(x * NET) / picture.width, (y * NET) / picture.height];
    const [left, top] = [Math.floor(u), Math.floor(v)];
    const [along, down] = [ease(u - left), ease(v - top)];
    const at = (axis: "x" | "y") => {
      const [a, b, c, d] = [0, 1, NET + 1, NET + 2].map((k) => corners[top * (NET + 1) + left + k][axis]);
      return (1 - down) * ((1 - along) * a + along * b) + down * ((1 - along) * c + along * d);
    };
    return [x + factor * at("x"), y + factor * at("y")];
  });
}

const copyOf = (picture: Picture): Picture => ({ ...picture, data: picture.data.slice() });

/**
 * A share of the whole tiles of `side` pixels a side, at least two, each moved to the place of another of them. The
 * rest at the right and at the bottom stays.
 */
export function tilesShuffled(picture: Picture, share: number, side: number, random: Random): Picture {
  const [columns, rows] = [Math.floor(picture.width / side), Math.floor(picture.height / side)];
  const count = Math.max(2, Math.round(share * columns * rows));
  const tiles = random.permutation(columns * rows, count);
  const result = copyOf(picture);
  const corner = (tile: number) => [side * (tile % columns), side * Math.floor(tile / columns)] as const;
  // Each goes to the next of a random order, so that none stays.
  for (const [i, tile] of tiles.entries()) {
    pastePicture(cropPicture(picture, ...corner(tiles[(i + 1) % count]), side, side), result, ...corner(tile));
  }
  return result;
}

/**
 * With a rectangle of a share of the area, at a random place, replaced by the same rectangle of another picture of its
 * size.
 */
export function pasted(picture: Picture, other: Picture, share: number, random: Random): Picture {
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * Math.sqrt(share)));
  const [left, top] = [random.integer(picture.width - width + 1), random.integer(picture.height - height + 1)];
  const result = copyOf(picture);
  pastePicture(cropPicture(other, left, top, width, height), result, left, top);
  return result;
}

/** Diagonally opposite quarters swapped; of odd sides the middle line stays. */
export function quadrantsSwapped(picture: Picture): Picture {
  const [width, height] = [picture.width >> 1, picture.height >> 1];
  const [right, bottom] = [picture.width - width, picture.height - height];
  const result = copyOf(picture);
  for (const [left, top] of [
    [0, 0],
    [right, 0],
    [0, bottom],
    [right, bottom],
  ]) {
    pastePicture(cropPicture(picture, right - left, bottom - top, width, height), result, left, top);
  }
  return result;
}
