// Rows of anti-aliased resampling between 64 x 64 and 32 x 32, and of its gradients.
import { blurDown, blurUp } from "../../engine/index.js";
import { blurDownGradientOperator, blurUpGradientOperator } from "../../engine/operators/resample/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, type OperatorBench, onImage, smallImage } from "./lib.js";

export const resampleBenches: readonly OperatorBench[] = [
  onImage("blurDown", blurDown, () => reference.blurDown(dense(image))),
  onImage(
    "blurDownGradient",
    (dy) => blurDownGradientOperator([dy], { size: [64, 64] }),
    () => reference.blurDownGradient(dense(image), dense(smallImage)),
    smallImage,
  ),
  onImage("blurUp", blurUp, () => reference.blurUp(dense(smallImage)), smallImage),
  onImage(
    "blurUpGradient",
    (dy) => blurUpGradientOperator([dy], {}),
    () => reference.blurUpGradient(dense(smallImage), dense(image)),
  ),
];
