// The transform of a training picture between its file and the network, for the `preprocess` keywords of the reference:
// scale, random crop, resize to multiples of 4, random flip. The scaling is deterministic and its result can be cached;
// the rest is random each time. zoom_and_patch is SinCUT's: cut/data/single-image-dataset.ts. The keywords `trim` and
// `fixsize` are not offered.
// Source: the reference's data pipeline as observed, https://github.com/taesungp/contrastive-unpaired-translation.
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Random } from "../../engine/lib/random.js";
import { cropPicture, flipPicture, type Picture, type Size } from "./picture.js";
import { resizePicture, scaleDown } from "./resize.js";
import { nearestMultipleOf4, roundHalfEven } from "./rounding.js";

/** The maximum side of a sample picture in crops, for a method that trains on crops of one picture. */
const SAMPLE_CROPS = 4;

/** Named as on the command line, so that the options of a run can be passed as they are. */
export interface TransformOptions {
  /**
   * How a picture is scaled, then "_and_crop" if a square is cut out: resize (to a square), scale_width,
   * scale_shortside; or crop alone, or none.
   */
  preprocess: string;
  /** The size that pictures are scaled to, in pixels. */
  load_size: number;
  /** The side of the square that is cut out, in pixels. */
  crop_size: number;
  /** No random mirroring. */
  no_flip: boolean;
  /** Epochs before the decay phase, in which pictures are scaled straight to the crop size. */
  n_epochs: number;
}

/** The options of the 1-based `epoch`: in the decay phase load_size is crop_size. */
export function optionsInEpoch(options: TransformOptions, epoch: number): TransformOptions {
  return epoch > options.n_epochs ? { ...options, load_size: options.crop_size } : options;
}

/** The size by the preprocess keyword and `load_size`, for a picture of this size. */
function scaledSize({ width, height }: Size, options: TransformOptions): Size {
  const { preprocess, load_size, crop_size } = options;
  if (preprocess.startsWith("resize")) return { width: load_size, height: load_size };
  if (preprocess.startsWith("scale_width")) {
    return { width: load_size, height: Math.trunc(Math.max((load_size * height) / width, crop_size)) };
  }
  if (preprocess.startsWith("scale_shortside")) {
    // As in the reference: a short side that is larger than load_size stays.
    const scale = load_size / Math.min(width, height);
    if (scale > 1) return { width: roundHalfEven(width * scale), height: roundHalfEven(height * scale) };
  }
  return { width, height };
}

/** The first, deterministic step: the picture at the size by the preprocess keyword and `load_size`. */
export function scalePicture(picture: Picture, options: TransformOptions): Picture {
  const { width, height } = scaledSize(picture, options);
  return resizePicture(picture, width, height);
}

/** Both sides at the nearest multiples of 4, and at least 4. */
function multipleOf4({ width, height }: Size): Size {
  const side = (size: number) => Math.max(4, nearestMultipleOf4(size));
  return { width: side(width), height: side(height) };
}

/** The side of training pictures, or of their crops; where pictures keep their shapes, the usual one. */
export const trainedSide = ({ preprocess, crop_size, load_size }: TransformOptions): number =>
  nearestMultipleOf4(/crop|patch/.test(preprocess) ? crop_size : load_size);

/**
 * The size at which a picture of this size is trained on. Throws a CutgpuError where it is smaller than the crop;
 * `name` is its name in the error message.
 */
export function sizeInTraining(size: Size, options: TransformOptions, name: string): Size {
  return multipleOf4(croppedSize(scaledSize(size, options), options, name));
}

function croppedSize(size: Size, { preprocess, crop_size }: TransformOptions, name: string): Size {
  if (!/(crop|patch)$/.test(preprocess)) return size;
  const { width, height } = size;
  if (width >= crop_size && height >= crop_size) return { width: crop_size, height: crop_size };
  const scale = {
    crop: "a preprocess that resizes (resize_and_crop)",
    zoom_and_patch: "a larger picture",
  }[preprocess];
  throw new CutgpuError(
    "PICTURE_SIZE",
    `${name} is ${width} x ${height} pixels after scaling, smaller than the crop of ${crop_size} x ${crop_size}.`,
    `Use ${scale ?? `a load_size of ${crop_size} or more`}, or a crop_size of ${Math.min(width, height)} or less.`,
  );
}

/**
 * A sample picture that is translated repeatedly during a run: scaled by the run's options and center-cropped, so that
 * it has the size and the cost of a training picture.
 */
export function samplePicture(picture: Picture, options: TransformOptions): Picture {
  const { crop_size } = options;
  // For training on crops of one picture: the whole picture, at about the scale of most crops.
  if (options.preprocess === "zoom_and_patch") return scaleDown(picture, SAMPLE_CROPS * crop_size);
  const scaled = scalePicture(picture, { ...options, load_size: crop_size });
  const width = Math.min(crop_size, scaled.width);
  const height = Math.min(crop_size, scaled.height);
  const [left, top] = [Math.floor((scaled.width - width) / 2), Math.floor((scaled.height - height) / 2)];
  return cropPicture(scaled, left, top, width, height);
}

/**
 * The second step, after scalePicture: random crop (keywords with "crop"), multiples of 4, random flip. `name` is the
 * picture's name in error messages. Throws a CutgpuError where the picture is smaller than the crop.
 */
export function augmentPicture(picture: Picture, options: TransformOptions, random: Random, name: string): Picture {
  const { width, height } = croppedSize(picture, options, name);
  let result = picture;
  if (options.preprocess.endsWith("crop")) {
    const top = random.integer(picture.height - height + 1);
    const left = random.integer(picture.width - width + 1);
    result = cropPicture(picture, left, top, width, height);
  }
  const multiple = multipleOf4(result);
  result = resizePicture(result, multiple.width, multiple.height);
  return !options.no_flip && random.next() < 0.5 ? flipPicture(result) : result;
}
