// Rows of the instance norm with the ReLU that follows it in the generator, and of its gradient.
import { instanceNorm } from "../../engine/index.js";
import { instanceNormGradientOperator } from "../../engine/operators/instance-norm/index.js";
import * as reference from "../../engine/reference.js";
import { dense, image, imageText, type OperatorBench, onImage } from "./lib.js";

export const instanceNormBenches: readonly OperatorBench[] = [
  onImage(
    "instanceNorm",
    (x) => instanceNorm(x, { activation: "relu" }),
    () => reference.instanceNorm(dense(image), { activation: "relu" }),
  ),
  {
    kernel: "instanceNormGradient",
    shape: imageText(image),
    inputs: [image, image, { shape: [64, 2], low: 0.5, high: 2 }],
    work: (dy, x, statistics) => instanceNormGradientOperator([dy, x, statistics], { eps: 1e-5, slope: 0 }),
    reference: () => reference.instanceNormGradient(dense(image), { activation: "relu" }, dense(image)),
  },
];
