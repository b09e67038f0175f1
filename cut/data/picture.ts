// A picture in memory, its conversion to the planes that networks read, and the operations that move pixels without
// computing new ones. Pure: no files, no GPU. Ranges and roundings are those of the reference implementation of CUT, so
// that its checkpoints get the numbers they were trained on.
import { CutgpuError } from "../../engine/lib/errors.js";

/**
 * 8-bit sRGB (3 channels) or gray (1), rows from the top, channels interleaved: data[(y * width + x) * channels + c].
 */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/** Width and height in pixels. */
export type Size = Pick<Picture, "width" | "height">;

/** A file that cannot be read as a picture; the message names the file. */
export class PictureError extends CutgpuError {
  constructor(message: string, fix: string) {
    super("PICTURE", message, fix);
  }
}

/** (v / 255 - 0.5) / 0.5 for each byte v, rounded to float32 after each operation as torchvision's transforms do. */
export const LEVELS = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(v / 255) - 0.5) / 0.5);

/** The planes [C, H, W] of a picture, in [-1, 1]. */
export function pictureToPlanes(picture: Picture): Float32Array {
  const { channels, data } = picture;
  const size = picture.width * picture.height;
  const planes = new Float32Array(channels * size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) planes[c * size + i] = LEVELS[data[i * channels + c]];
  }
  return planes;
}

/** The planes [N, C, H, W] of one picture or more, all of one size. */
export function picturesToPlanes(pictures: readonly Picture[]): Float32Array {
  const size = pictures[0].data.length;
  const planes = new Float32Array(pictures.length * size);
  for (const [n, picture] of pictures.entries()) planes.set(pictureToPlanes(picture), n * size);
  return planes;
}

/**
 * The picture of planes [C, H, W]. Values are clamped to [-1, 1] and scaled to (v + 1) / 2 * 255, truncated and not
 * rounded: that darkens by half a level on average, but it is what the reference writes, and people compare results
 * byte by byte. NaN becomes 0.
 */
export function planesToPicture(planes: Float32Array, channels: 1 | 3, height: number, width: number): Picture {
  const size = width * height;
  const data = new Uint8Array(channels * size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) {
      const value = Math.min(1, Math.max(-1, planes[c * size + i]));
      data[i * channels + c] = Math.fround((Math.fround(value + 1) / 2) * 255);
    }
  }
  return { width, height, channels, data };
}

/**
 * The picture with the wanted number of channels: gray is ITU-R 601 luma in PIL's 16-bit fixed-point arithmetic (mode
 * "L"), and gray is repeated where three channels are wanted.
 */
export function toChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const { width, height, data } = picture;
  const result = new Uint8Array(width * height * channels);
  if (channels === 3) {
    for (let i = 0; i < result.length; i++) result[i] = data[Math.floor(i / 3)];
  } else {
    for (let i = 0; i < result.length; i++) {
      result[i] = (data[3 * i] * 19595 + data[3 * i + 1] * 38470 + data[3 * i + 2] * 7471 + 0x8000) >> 16;
    }
  }
  return { width, height, channels, data: result };
}

/** The picture of `rgba`, 4 bytes per pixel with an alpha that is not multiplied in, laid on white. */
export function flattenOnWhite(rgba: Uint8Array, width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const alpha = rgba[4 * i + 3];
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round((rgba[4 * i + c] * alpha + 255 * (255 - alpha)) / 255);
  }
  return { width, height, channels: 3, data };
}

/**
 * The rectangle of `width` x `height` pixels whose top left corner is at column `left`, row `top`; it must lie inside.
 */
export function cropPicture(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  const { channels, data } = picture;
  const result = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    result.set(data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data: result };
}

/** The picture mirrored left to right. */
export function flipPicture(picture: Picture): Picture {
  const { width, height, channels, data } = picture;
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + (width - 1 - x)) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = data[from + c];
    }
  }
  return { width, height, channels, data: result };
}

/**
 * The pixel at `position`, also a negative one, if both edges are mirrors; the edge itself is not repeated, as in
 * reflection padding.
 */
export function mirrored(position: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const at = ((position % period) + period) % period;
  return Math.min(at, period - at);
}

/**
 * The rectangle of `width` x `height` pixels from column `left`, row `top` on; beyond the right and lower edge the
 * picture is mirrored.
 */
export function mirroredWindow(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  const { channels, data } = picture;
  const result = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = mirrored(top + y, picture.height) * picture.width;
    for (let x = 0; x < width; x++) {
      const from = (row + mirrored(left + x, picture.width)) * channels;
      for (let c = 0; c < channels; c++) result[(y * width + x) * channels + c] = data[from + c];
    }
  }
  return { width, height, channels, data: result };
}

/**
 * The picture grown to the right and downward, by reflection, until both sides are multiples of `multiple`: the
 * generator halves twice and doubles twice. cropPicture(result, 0, 0, width, height) undoes it.
 */
export function padToMultiple(picture: Picture, multiple = 4): Picture {
  const width = Math.ceil(picture.width / multiple) * multiple;
  const height = Math.ceil(picture.height / multiple) * multiple;
  if (width === picture.width && height === picture.height) return picture;
  return mirroredWindow(picture, 0, 0, width, height);
}

/** Puts a picture into a larger one of as many channels, its top left corner at column `left`, row `top`. */
export function pastePicture(part: Picture, whole: Picture, left: number, top: number): void {
  const row = part.width * part.channels;
  for (let y = 0; y < part.height; y++) {
    const pixels = part.data.subarray(y * row, (y + 1) * row);
    whole.data.set(pixels, ((top + y) * whole.width + left) * whole.channels);
  }
}
