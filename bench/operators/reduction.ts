// Rows of the sum over everything and of its gradient, the expansion of a few values to a whole tensor.
import { expand, sum } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, imageText, type OperatorBench, onImage } from "./lib.js";

export const reductionBenches: readonly OperatorBench[] = [
  onImage(
    "sum",
    (x) => sum(x),
    () => reference.sum(dense(image)),
  ),
  {
    kernel: "expand",
    shape: `[64, 1, 1] to ${imageText(image)}`,
    inputs: [[1, 64, 1, 1]],
    work: (x) => expand(x, image),
  },
];
