// Rows of the operators that move images into, out of and within a batch.
import { concat, flipHorizontal, slice } from "../../engine/index.js";
import { embedOperator } from "../../engine/operators/batch/index.js";
import * as reference from "../../engine/operators/reference.js";
import { dense, image, imageText, type OperatorBench, onImage } from "./lib.js";

export const batchBenches: readonly OperatorBench[] = [
  {
    kernel: "concat",
    shape: `two of ${imageText(image)}`,
    inputs: [image, image],
    work: (a, b) => concat([a, b]),
  },
  {
    kernel: "slice",
    shape: `one of two of ${imageText(image)}`,
    inputs: [[2, ...image.slice(1)]],
    work: (x) => slice(x, 1, 2),
  },
  {
    kernel: "embed",
    shape: `as one of two of ${imageText(image)}`,
    inputs: [image],
    work: (x) => embedOperator([x], { start: 1, length: 2 }),
  },
  onImage("flipHorizontal", flipHorizontal, () => reference.flipHorizontal(dense(image))),
];
