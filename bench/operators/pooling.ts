// Rows of max and average pooling by 2 x 2, and of their gradients.
import { avgPool2d, maxPool2d } from "../../engine/index.js";
import {
  avgPool2dGradientOperator,
  maxIndicesOperator,
  maxPool2dGradientOperator,
} from "../../engine/operators/pooling/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, imageText, type OperatorBench, onImage, smallImage } from "./lib.js";

const [size, kernel, stride, padding] = [[64, 64] as const, [2, 2] as const, [2, 2] as const, [0, 0] as const];
const windows = { size, kernel, stride, padding, countIncludePad: true };

export const poolingBenches: readonly OperatorBench[] = [
  {
    ...onImage(
      "maxPlaces",
      (x) => maxIndicesOperator([x], windows),
      () => reference.maxPool2d(dense(image), windows),
    ),
    operator: "maxIndices",
  },
  onImage("maxPool2d", (x) => maxPool2d(x, 2)),
  {
    kernel: "maxPool2dGradient",
    shape: imageText(image),
    inputs: [smallImage, { positions: 65536, below: 65536 }],
    work: (dy, indices) => maxPool2dGradientOperator([dy, indices], windows),
  },
  onImage(
    "avgPool2d",
    (x) => avgPool2d(x, 2),
    () => reference.avgPool2d(dense(image), windows, true),
  ),
  {
    kernel: "avgPool2dGradient",
    shape: imageText(image),
    inputs: [smallImage],
    work: (dy) => avgPool2dGradientOperator([dy], windows),
  },
];
