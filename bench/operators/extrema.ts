// Rows of the largest element of rows, and of its index.
import { argmax, argmin, max, min } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { dense, matrix, type OperatorBench } from "./lib.js";

const shape = `rows of ${matrix[1]}`;

export const extremaBenches: readonly OperatorBench[] = [
  {
    kernel: "max",
    shape,
    inputs: [matrix],
    work: (x) => max(x, 1),
    reference: () => reference.max(dense(matrix), [1]),
  },
  { kernel: "min", shape, inputs: [matrix], work: (x) => min(x, 1) },
  {
    kernel: "argmax",
    shape,
    inputs: [matrix],
    work: (x) => argmax(x, 1),
    reference: () => reference.argmax(dense(matrix), 1),
  },
  { kernel: "argmin", shape, inputs: [matrix], work: (x) => argmin(x, 1) },
];
