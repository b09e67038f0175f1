// Rows of the matrix products: a square one, which other engines do too, and a layer of PatchNCE's head.
import { linear, matmul } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { channels, dense, matrix, type OperatorBench } from "./lib.js";

const square = [512, 512];

export const matmulBenches: readonly OperatorBench[] = [
  {
    kernel: "matmul",
    shape: "512x512 by 512x512",
    inputs: [square, square],
    job: { id: "matmul 512", kind: "matmul", m: 512, n: 512, k: 512 },
    work: (a, b) => matmul(a, b),
    reference: () => reference.matmul(dense(square), dense(square)),
  },
  {
    kernel: "linear",
    shape: "256 rows 256->256",
    inputs: [matrix, matrix, [channels]],
    work: linear,
    reference: () => reference.linear(dense(matrix), dense(matrix)),
  },
];
