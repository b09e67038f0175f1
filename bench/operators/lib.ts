// The common part of the benchmark's families: the description of a row of the suite "kernels", and the sizes of most
// rows. Sizes are those of CUT's training: feature maps of 64 channels at 64 x 64, patches of 256 rows and channels.
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import { type Input, randomDense } from "../inputs/random-data.js";
import type { PeerJob } from "../peers/jobs.js";

/** An operator at one size. It gives one row per variant of the operator that the adapter can run. */
export interface OperatorBench {
  kernel: string;
  /** The operator's name, where rows of earlier results know it by another. */
  operator?: string;
  shape: string;
  /** The operator whose variants are forced in turn, where it is not the row's. */
  chooses?: string;
  /** The same work for other engines. */
  job?: PeerJob;
  inputs: readonly Input[];
  work(...inputs: Tensor[]): unknown;
  /** The same work by the float64 reference, where it has the operator. */
  reference?(): void;
}

export const image: Shape = [1, 64, 64, 64];
/** The image at half its height and width. */
export const smallImage: Shape = [1, 64, 32, 32];
/** The image with a border of three pixels. */
export const paddedImage: Shape = [1, 64, 70, 70];

/** Patches: rows, and their channels. */
export const [rows, channels] = [256, 256];
export const matrix: Shape = [rows, channels];
export const unitRows: Input = { unitRows: matrix };
export const positions: Input = { positions: rows, below: 1024 };

export const imageText = ([, c, h, w]: Shape): string => `${c} channels at ${h}x${w}`;

/** Inputs of the reference. */
export const dense = randomDense;

/** An operator on one image. */
export function onImage(
  kernel: string,
  work: (x: Tensor) => unknown,
  reference?: () => void,
  input: Shape = image,
): OperatorBench {
  return { kernel, shape: imageText(input), inputs: [input], work, reference };
}

/** An operator on two images of one shape, the second positive. */
export function onTwoImages(
  kernel: string,
  work: (a: Tensor, b: Tensor) => unknown,
  reference?: () => void,
): OperatorBench {
  return {
    kernel,
    shape: imageText(image),
    inputs: [image, { shape: image, low: 0.5, high: 2 }],
    work,
    reference,
  };
}
