// Checks before the first step on the sizes of a run's pictures, as their headers have them: whether some cannot be
// trained on, which would otherwise stop the run in the middle of an epoch, and whether sizes change in the decay
// phase. Pure.

import { CutgpuError } from "../../engine/lib/errors.js";
import { unequalSizes } from "../data/dataset.js";
import type { Size } from "../data/picture.js";
import { optionsInEpoch, sizeInTraining } from "../data/transform.js";
import { discriminatorOutputSize } from "../networks/discriminator-layout.js";
import type { TrainOptions } from "../options/train-schema.js";

/**
 * A picture's file and its size; null where the header cannot be read, which is reported when the picture is loaded.
 */
export interface SizedPicture {
  path: string;
  size: Size | null;
}

/** Whether sizes in training depend on the pictures; other preprocesses give all pictures one size. */
export const sizesMatter = ({ preprocess }: Pick<TrainOptions, "preprocess">): boolean =>
  !/^resize|^scale_.*_and_crop$/.test(preprocess);

/**
 * Throws a CutgpuError where a picture is smaller than the crop or too small for the discriminator, or where two
 * pictures of one step differ in size.
 */
export function checkSizes(A: readonly SizedPicture[], B: readonly SizedPicture[], options: TrainOptions): void {
  // The smallest first, so that the advice for it holds for all.
  const pictures = [...A, ...B].sort((a, b) => shortSide(a) - shortSide(b));
  for (const epoch of [options.epoch_count, options.n_epochs + options.n_epochs_decay]) {
    const transform = optionsInEpoch(options, epoch);
    const trained = new Map<string, Size>();
    for (const { path, size } of pictures) {
      if (!size) continue;
      const { width, height } = sizeInTraining(size, transform, path);
      trained.set(path, { width, height });
      if (options.model === "sincut" || discriminatorOutputSize(options, Math.min(width, height)) >= 1) continue;
      throw new CutgpuError(
        "PICTURE_SIZE",
        `${path} is ${width} x ${height} pixels in training, too small for the discriminator ${options.netD}.`,
        "Use a preprocess that resizes (resize_and_crop), or netD n_layers with a smaller n_layers_D.",
      );
    }
    for (const [a, b] of meetings(A, B, options.serial_batches)) {
      const [sizeA, sizeB] = [trained.get(a.path), trained.get(b.path)];
      if (!sizeA || !sizeB || (sizeA.width === sizeB.width && sizeA.height === sizeB.height)) continue;
      throw unequalSizes({ path: a.path, size: sizeA }, { path: b.path, size: sizeB });
    }
  }
}

const shortSide = ({ size }: SizedPicture) => (size ? Math.min(size.width, size.height) : Number.MAX_VALUE);

/** Enough pairs to tell whether a step can have unequal sizes: unless serial, any of A meets any of B. */
function* meetings<T extends SizedPicture>(A: readonly T[], B: readonly T[], serial: boolean): Generator<[T, T]> {
  const [soundA, soundB] = [A, B].map((pictures) => pictures.filter(({ size }) => size));
  if (soundA.length === 0 || soundB.length === 0) return;
  for (let i = 0; i < Math.max(A.length, B.length); i++) {
    if (serial) yield [A[i % A.length], B[i % B.length]];
    else yield* [[soundA[i % soundA.length], soundB[0]] as [T, T], [soundA[0], soundB[i % soundB.length]] as [T, T]];
  }
}

/** A note that sizes change in the decay phase, which may be unexpected; null where they do not. */
export function sizeChange(options: TrainOptions): string | null {
  const { preprocess, load_size, crop_size, n_epochs, n_epochs_decay } = options;
  if (!/^(resize|scale_width|scale_shortside)$/.test(preprocess) || load_size === crop_size || n_epochs_decay === 0)
    return null;
  return (
    `without a crop, pictures are scaled to load_size ${load_size} until epoch ${n_epochs} and to crop_size ` +
    `${crop_size} after it, as in the reference; --crop_size ${load_size} keeps them at ${load_size}`
  );
}
