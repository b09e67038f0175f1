// Rows of random numbers.
import { rand, randn } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { image, imageText, type OperatorBench } from "./lib.js";

const inputs = [{ positions: 1, below: 1 }];

export const creationBenches: readonly OperatorBench[] = [
  {
    kernel: "rand",
    shape: imageText(image),
    inputs,
    work: (seed) => rand(seed.gpu, image, seed),
    reference: () => reference.rand(image, 1),
  },
  { kernel: "randn", shape: imageText(image), inputs, work: (seed) => randn(seed.gpu, image, seed) },
];
