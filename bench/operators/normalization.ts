// Rows of softmax and its logarithm, of patches' rows. Norms dispatch nothing but operators of other families: the
// instance norm, reductions and pointwise ones.
import { logSoftmax, softmax } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { dense, matrix, type OperatorBench } from "./lib.js";

export const normalizationBenches: readonly OperatorBench[] = [
  {
    kernel: "softmax",
    shape: `[${matrix}]`,
    inputs: [matrix],
    work: (x) => softmax(x, 1),
    reference: () => reference.softmax(dense(matrix), 1),
  },
  {
    kernel: "logSoftmax",
    shape: `[${matrix}]`,
    inputs: [matrix],
    work: (x) => logSoftmax(x, 1),
    reference: () => reference.logSoftmax(dense(matrix), 1),
  },
];
