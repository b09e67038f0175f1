// The sliced Wasserstein distance of two sets of pictures on their Laplacian pyramids (Karras et al., 2018, section 5):
// of small patches at every scale, colours normalised over each set. It needs no network and no weights; it compares
// textures and colours, and ignores where in a picture they are. Pure.
import type { Random } from "../../engine/lib/random.js";
import { mirrored, type Size } from "../data/picture.js";
import type { Planes } from "./planes.js";
import { type Points, randomDirections, slicedWasserstein } from "./sliced-wasserstein.js";

/** Pixels per side of a patch; no picture may be smaller. */
export const PATCH = 7;
const SMALLEST_LEVEL = 16;
const KERNEL = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];

/** Levels down to 16 pixels; a smaller picture is a level by itself. */
export function levelCount({ width, height }: Size): number {
  return 1 + Math.max(0, Math.floor(Math.log2(Math.min(width, height) / SMALLEST_LEVEL)));
}

/**
 * Each plane filtered with [1, 4, 6, 4, 1] x [1, 4, 6, 4, 1] / 256, at every `step`-th row and column, edges mirrored.
 */
function smoothed({ channels, height, width, data }: Planes, step: number): Planes {
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const [across, down] = [sources(width, columns, step), sources(height, rows, step)];
  const [k0, k1, k2] = KERNEL;
  const wide = new Float64Array(channels * height * columns);
  for (let y = 0, to = 0; y < channels * height; y++) {
    const from = y * width;
    for (let at = 0; at < across.length; at += 5) {
      wide[to++] =
        k0 * (data[from + across[at]] + data[from + across[at + 4]]) +
        k1 * (data[from + across[at + 1]] + data[from + across[at + 3]]) +
        k2 * data[from + across[at + 2]];
    }
  }
  const result = new Float64Array(channels * rows * columns);
  for (let y = 0, to = 0; y < channels * rows; y++) {
    const plane = Math.floor(y / rows) * height;
    const [a, b, c, d, e] = down.subarray(5 * (y % rows), 5 * (y % rows) + 5).map((row) => (plane + row) * columns);
    for (let x = 0; x < columns; x++) {
      result[to++] = k0 * (wide[a + x] + wide[e + x]) + k1 * (wide[b + x] + wide[d + x]) + k2 * wide[c + x];
    }
  }
  return { channels, height: rows, width: columns, data: result };
}

/** The positions in a line of `size` that the five taps of each of `count` outputs read. */
const sources = (size: number, count: number, step: number) =>
  Int32Array.from({ length: 5 * count }, (_, i) => mirrored(Math.floor(i / 5) * step + (i % 5) - 2, size));

/** The planes in twice the size (or one less, as `like` has it): even places, zeros between, smoothed, times 4. */
function enlarged(small: Planes, like: Planes): Planes {
  const spread = new Float64Array(like.data.length);
  for (let c = 0; c < like.channels; c++) {
    for (let y = 0; y < small.height; y++) {
      for (let x = 0; x < small.width; x++) {
        spread[(c * like.height + 2 * y) * like.width + 2 * x] =
          4 * small.data[(c * small.height + y) * small.width + x];
      }
    }
  }
  return smoothed({ ...like, data: spread }, 1);
}

/**
 * The difference of each level of the pyramid from the next smaller one enlarged, the largest first; the last is the
 * smallest level.
 */
export function laplacianPyramid(planes: Planes, levels: number): Planes[] {
  if (levels === 1) return [planes];
  const small = smoothed(planes, 2);
  const rest = enlarged(small, planes).data;
  const level = { ...planes, data: planes.data.map((value, i) => value - rest[i]) };
  return [level, ...laplacianPyramid(small, levels - 1)];
}

/** The patches whose top left corners are `positions` (row, column, row, column, ...); channel, row, column each. */
export function patchesAt(level: Planes, positions: ArrayLike<number>): Float32Array {
  const patches = new Float32Array((positions.length / 2) * level.channels * PATCH * PATCH);
  let to = 0;
  for (let p = 0; p < positions.length; p += 2) {
    for (let c = 0; c < level.channels; c++) {
      for (let y = 0; y < PATCH; y++) {
        const from = (c * level.height + positions[p] + y) * level.width + positions[p + 1];
        for (let x = 0; x < PATCH; x++) patches[to++] = level.data[from + x];
      }
    }
  }
  return patches;
}

/** Patches with every channel of the whole set at mean 0 and deviation 1; a constant channel becomes 0. */
export function normalisedPatches(patches: Float32Array, channels: number): Points {
  const area = PATCH * PATCH;
  const width = channels * area;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  const channelOf = (i: number) => Math.floor((i % width) / area);
  const count = patches.length / channels;
  for (let i = 0; i < patches.length; i++) sums[channelOf(i)] += patches[i];
  const means = sums.map((sum) => sum / count);
  for (let i = 0; i < patches.length; i++) squares[channelOf(i)] += (patches[i] - means[channelOf(i)]) ** 2;
  const factors = squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum / count) : 0));
  const values = new Float32Array(patches.length);
  for (let i = 0; i < patches.length; i++) values[i] = (patches[i] - means[channelOf(i)]) * factors[channelOf(i)];
  return { width, values };
}

/** A picture's patches, level by level. */
export type PyramidPatches = readonly Float32Array[];

/**
 * Top left corners of `count` patches at random places of every level of pictures of a size: row, column, row, column,
 * ... They must have at least 7 pixels a side.
 */
export function randomPositions(size: Size, count: number, random: Random): readonly Int32Array[] {
  return Array.from({ length: levelCount(size) }, (_, level) => {
    const places = [size.height, size.width].map((side) => Math.ceil(side / 2 ** level) - PATCH + 1);
    return Int32Array.from({ length: 2 * count }, (_, at) => random.integer(places[at % 2]));
  });
}

/** The patches of each level at its positions. */
export const pyramidPatches = (planes: Planes, positions: readonly Int32Array[]): PyramidPatches =>
  laplacianPyramid(planes, positions.length).map((level, i) => patchesAt(level, positions[i]));

/** `count` patches of every level at random places. The picture must have at least 7 pixels a side. */
export const randomPatches = (planes: Planes, count: number, random: Random): PyramidPatches =>
  pyramidPatches(planes, randomPositions(planes, count, random));

/** Number of sets of random directions, and of directions in a set. */
const SWD_REPEATS = 4;
const SWD_DIRECTIONS = 128;

/**
 * The distance at a level, times 1,000 as the paper prints it, between RGB pictures of one size given by their patches.
 * The sets may differ in size.
 */
export function levelDistance(
  a: readonly PyramidPatches[],
  b: readonly PyramidPatches[],
  level: number,
  random: Random,
): number {
  const points = (set: readonly PyramidPatches[]) => normalisedPatches(joined(set.map((of) => of[level])), 3);
  const [pointsA, pointsB] = [points(a), points(b)];
  const directions = randomDirections(random, pointsA.width, SWD_REPEATS * SWD_DIRECTIONS);
  return 1000 * slicedWasserstein(pointsA, pointsB, directions);
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}
