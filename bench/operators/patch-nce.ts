// Rows of the operators of patch losses at one layer of CUT: unit rows, PatchNCE, hDCE and MoNCE, their gradients, and
// fused PatchNCE, which the suite "nce" (bench/suites/nce.ts) compares with plain operators.
import { fusedPatchNce, hdce, l2Normalize, monce, patchNce } from "../../engine/index.js";
import {
  hdceGradientOperator,
  L2_EPS,
  l2NormalizeGradientOperator,
  monceGradientOperator,
  patchNceGradientOperator,
} from "../../engine/operators/patch-nce/index.js";
import * as reference from "../../engine/reference.js";
import { channels, dense, matrix, type OperatorBench, positions, rows, unitRows } from "./lib.js";

const options = { groups: 1, tau: 0.07 };
const related = { ...options, related: rows };
const plan = { ...options, cost: "hard", eps: 1, negTermWeight: 1, rounds: 50, planDetached: false } as const;

export const patchNceBenches: readonly OperatorBench[] = [
  {
    kernel: "l2Normalize",
    shape: "256 rows of 256",
    inputs: [matrix],
    work: (x) => l2Normalize(x),
    reference: () => reference.l2Normalize(dense(matrix)),
  },
  {
    kernel: "l2NormalizeGradient",
    shape: "256 rows of 256",
    inputs: [matrix, unitRows, { shape: [rows], low: 1, high: 2 }],
    work: (dy, y, norms) => l2NormalizeGradientOperator([dy, y, norms], { eps: L2_EPS }),
    reference: () => reference.l2NormalizeGradient(dense(matrix), 1e-7, dense(matrix)),
  },
  {
    kernel: "patchNce",
    shape: "256 rows of 256",
    inputs: [unitRows, unitRows],
    work: (q, k) => patchNce(q, k, options),
    reference: () => reference.patchNce(dense(matrix), dense(matrix), options),
  },
  {
    kernel: "patchNceGradient",
    chooses: "patchNce",
    shape: "256 rows of 256",
    inputs: [
      unitRows,
      unitRows,
      { shape: [rows], low: 0, high: 6 },
      { shape: [rows], low: 0.7, high: 1 },
      [rows],
      [rows, rows],
    ],
    work: (q, k, loss, lse, dloss, s) => patchNceGradientOperator([q, k, loss, lse, dloss, s], options),
    reference: () => reference.patchNceGradient(dense(matrix), dense(matrix), options, dense([rows])),
  },
  {
    kernel: "patchNcePath",
    operator: "fusedPatchNce",
    chooses: "patchNce",
    shape: "256 of 256 channels at 32x32",
    inputs: [[1, channels, 32, 32], matrix, [channels], matrix, [channels], positions, unitRows],
    work: (x, w1, b1, w2, b2, ids, k) => fusedPatchNce(x, ids, { w1, b1, w2, b2 }, k, options),
  },
  {
    kernel: "hdce",
    shape: "256 rows of 256",
    inputs: [unitRows, unitRows, { shape: [1], low: 10, high: 50 }],
    work: (q, k, gamma) => hdce(q, k, gamma, related),
    reference: () => reference.hdce(dense(matrix), dense(matrix), dense([1]), related),
  },
  {
    kernel: "hdceGradient",
    shape: "256 rows of 256",
    inputs: [
      unitRows,
      unitRows,
      { shape: [2 * rows], low: 0, high: 6 },
      { shape: [rows], low: 0.7, high: 1 },
      [2 * rows],
      [rows, rows],
      [rows, rows],
      { shape: [rows, 4], low: 5, high: 6 },
      [rows, rows],
      [rows, rows],
    ],
    work: (q, k, losses, lse, dy, s, weights, statistics, t, r) =>
      hdceGradientOperator([q, k, losses, lse, dy, s, weights, statistics, t, r], related),
    reference: () => reference.hdceGradient(dense(matrix), dense(matrix), dense([1]), related, dense([2 * rows])),
  },
  {
    kernel: "monce",
    shape: "256 rows of 256",
    inputs: [unitRows, unitRows],
    work: (q, k) => monce(q, k, plan),
    reference: () => reference.monce(dense(matrix), dense(matrix), plan),
  },
  {
    kernel: "monceGradient",
    shape: "256 rows of 256",
    inputs: [
      unitRows,
      { shape: [rows], low: 0, high: 6 },
      { shape: [rows], low: 0.7, high: 1 },
      [rows],
      [rows, rows],
      { shape: [1, 2, rows, rows], low: 0.4, high: 2 },
      { shape: [1, 2, plan.rounds + 1, rows], low: 0.05, high: 0.08 },
    ],
    work: (k, loss, lse, dloss, weighted, kernel, scalings) =>
      monceGradientOperator([k, loss, lse, dloss, weighted, kernel, scalings], plan),
    reference: () => reference.monceGradient(dense(matrix), dense(matrix), plan, dense([rows])),
  },
];
