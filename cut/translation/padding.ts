// Pictures of any size for the generator, which halves twice and doubles twice: padded by reflection to a multiple of
// 4, and its output cropped back, never squashed.
import {
  cropPicture,
  type Picture,
  padToMultiple,
  pictureToPlanes,
  planesToPicture,
  type Size,
  toChannels,
} from "../data/picture.js";
import type { PictureGenerator } from "../networks/network.js";

/**
 * Reflection by 3 at full size and by 1 at a quarter of it asks for this many pixels per side; smaller ones are padded
 * more.
 */
export const SMALLEST_SIDE = 8;

/** A picture as the generator takes it. */
export interface PaddedPicture {
  /** [1, input_nc, height, width] in [-1, 1]. */
  planes: Float32Array;
  height: number;
  width: number;
  /** The generator's output for it, [1, output_nc, height, width], as a picture of the original's size. */
  unpad(output: Float32Array): Picture;
}

/** Sides of padded pictures are multiples of this. */
const multipleFor = (width: number, height: number) => (Math.min(width, height) < SMALLEST_SIDE ? SMALLEST_SIDE : 4);

/** The sides that a picture of this size will have when it is padded. */
export function paddedSides(width: number, height: number): Size {
  const multiple = multipleFor(width, height);
  return { height: multiple * Math.ceil(height / multiple), width: multiple * Math.ceil(width / multiple) };
}

export function padForGenerator(
  picture: Picture,
  { input_nc, output_nc }: PictureGenerator["architecture"],
): PaddedPicture {
  const { width, height } = picture;
  const padded = padToMultiple(toChannels(picture, input_nc as 1 | 3), multipleFor(width, height));
  const unpad = (output: Float32Array) => {
    const whole = planesToPicture(output, output_nc as 1 | 3, padded.height, padded.width);
    return cropPicture(whole, 0, 0, width, height);
  };
  return { planes: pictureToPlanes(padded), height: padded.height, width: padded.width, unpad };
}
