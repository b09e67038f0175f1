// Rows of moving elements: contiguous ones, as in joins of pictures, and others.
import { concat, permute, slice } from "../../engine/index.js";
import { asStridedScatterOperator } from "../../engine/operators/strided/index.js";
import { image, imageText, type OperatorBench, onImage } from "./lib.js";

const two = [2, ...image.slice(1)];
const second = { shape: image, strides: [0, 4096, 64, 1], offset: 64 * 4096 };

export const stridedBenches: readonly OperatorBench[] = [
  {
    kernel: "concat",
    shape: `two of ${imageText(image)}`,
    inputs: [image, image],
    work: (a, b) => concat([a, b]),
  },
  {
    kernel: "concat",
    shape: `channels of two of ${imageText(image)} twice`,
    inputs: [two, two],
    work: (a, b) => concat([a, b], 1),
  },
  {
    kernel: "asStrided",
    shape: `one of two of ${imageText(image)}`,
    inputs: [two],
    work: (x) => slice(x, 1, 2),
  },
  onImage("asStrided", (x) => permute(x, [0, 2, 3, 1]), undefined),
  {
    kernel: "place",
    shape: `as one of two of ${imageText(image)}`,
    inputs: [image],
    work: (x) => asStridedScatterOperator([x], { view: second, shape: two, value: 0 }),
  },
];
