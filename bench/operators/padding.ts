// Rows of the paddings of 7 x 7 convolutions, three pixels wide, and of their gradients.
import { reflectionPad2d, replicationPad2d } from "../../engine/index.js";
import { reflectionPad2dGradient, replicationPad2dGradientOperator } from "../../engine/operators/padding/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, type OperatorBench, onImage, paddedImage } from "./lib.js";

export const paddingBenches: readonly OperatorBench[] = [
  onImage(
    "reflectionPad2d",
    (x) => reflectionPad2d(x, 3),
    () => reference.reflectionPad2d(dense(image), 3),
  ),
  onImage(
    "reflectionPad2dGradient",
    (dy) => reflectionPad2dGradient(dy, [64, 64], 3),
    () => reference.reflectionPad2dGradient(dense(image), 3, dense(paddedImage)),
    paddedImage,
  ),
  onImage(
    "replicationPad2d",
    (x) => replicationPad2d(x, 3),
    () => reference.replicationPad2d(dense(image), 3),
  ),
  onImage(
    "replicationPad2dGradient",
    (dy) => replicationPad2dGradientOperator([dy], { padding: 3, size: [64, 64] }),
    () => reference.replicationPad2dGradient(dense(image), 3, dense(paddedImage)),
    paddedImage,
  ),
];
