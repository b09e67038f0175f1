// The table that the tests of operators walk: for every operator, cases of inputs with the engine's forward, the
// reference's forward and the reference's gradient. Shapes are odd on purpose: tails that fill no tile, channel counts of
// 1, 3, 5 and 33, batches of 2 and 3, non-square images and kernels, kernels smaller than the stride.
import * as engine from "../../../engine/index.js";
import { broadcastTo, sumTo } from "../../../engine/operators/lib/reference/broadcast.js";
import type { Dense } from "../../../engine/operators/reference.js";
import * as reference from "../../../engine/operators/reference.js";
import {
  at,
  binary,
  conv2d,
  convTranspose2d,
  gather,
  instanceNorm,
  l2Normalize,
  linear,
  matmul,
  type OperatorRow,
  padded,
  patchNce,
  patchNcePath,
  reduction,
  rowOf,
  signed,
  unary,
  values,
} from "./case-builders.js";

// Kernel sizes are few: for every number of taps, and of taps that a stride leaves of them, another shader is compiled.
const convolutions = [
  conv2d([2, 3, 9, 11], [5, 3, 3, 3], { padding: 1 }),
  conv2d([1, 5, 8, 9], [33, 5, 3, 3], { padding: 1, paddingMode: "reflect" }),
  conv2d([3, 1, 7, 5], [3, 1, 1, 1], {}, false),
  conv2d([2, 3, 13, 10], [8, 3, 4, 4], { stride: 2, padding: 1 }),
  conv2d([3, 5, 9, 8], [1, 5, 4, 4], { padding: 1 }),
  conv2d([1, 3, 17, 15], [5, 3, 7, 7], { padding: 3, paddingMode: "reflect" }, false),
  conv2d([1, 2, 10, 9], [3, 2, 2, 2], { stride: 3 }),
  conv2d([2, 3, 11, 6], [4, 3, 1, 2], { padding: 1 }),
  conv2d([2, 3, 6, 11], [4, 3, 2, 1], {}),
  conv2d([2, 3, 10, 11], [5, 3, 3, 3], { stride: 3, padding: 1 }, false),
  conv2d([1, 33, 6, 35], [9, 33, 3, 3], { padding: 1 }),
  // Long enough that the sum over pixels of the weights' gradient is cut into several runs.
  conv2d([2, 2, 40, 30], [2, 2, 3, 3], { padding: 1 }),
];

const transposedConvolutions = [
  convTranspose2d([2, 3, 5, 7], [3, 5, 3, 3], { stride: 2, padding: 1, outputPadding: 1 }),
  convTranspose2d([1, 4, 4, 3], [4, 2, 4, 4], { stride: 2, padding: 1 }, false),
  convTranspose2d([2, 3, 6, 5], [3, 9, 4, 4], {}),
  convTranspose2d([1, 2, 3, 4], [2, 3, 2, 2], { stride: 3, outputPadding: 2 }),
  convTranspose2d([1, 33, 3, 4], [33, 1, 2, 1], { stride: 2, padding: 0, outputPadding: 1 }),
  convTranspose2d([1, 3, 3, 4], [3, 5, 3, 3], { stride: 3, padding: 1, outputPadding: 2 }),
];

// ---- moving images

const concat = at("three of different lengths", [values([2, 3, 5]), values([1, 3, 5]), values([3, 3, 5])], {
  forward: (...xs) => engine.concat(xs),
  reference: (...xs) => reference.concat(xs),
  gradient: (dy, ...xs) => reference.concatGradient(xs, dy).dxs,
});
const slice = at("[5, 3, 7] from 1 to 4", [values([5, 3, 7])], {
  forward: (x) => engine.slice(x, 1, 4),
  reference: (x) => reference.slice(x, 1, 4),
  gradient: (dy, x) => [reference.sliceGradient(x, 1, 4, dy).dx],
});
const expand = at("[3, 1, 5] to [2, 3, 4, 5]", [values([3, 1, 5])], {
  forward: (x) => engine.expand(x, [2, 3, 4, 5]),
  reference: (x) => broadcastTo(x, [2, 3, 4, 5]),
  gradient: (dy, x) => [sumTo(dy, x.shape)],
});

const smooth = [values([2, 3, 5, 7], -3, 3), values([1]), values([3, 1111], -3, 3)];
const kinked = [signed([2, 3, 5, 7]), signed([1]), signed([3, 1111])];
const positive = [values([2, 3, 5, 7], 0.5, 2)];
const r = reference;

/** Every operator that users call. */
export const operatorCases: ReadonlyMap<string, OperatorRow> = new Map([
  ["conv2d", rowOf(convolutions, "conv2dWeightGradient", "reflectionPad2dGradient")],
  ["convTranspose2d", rowOf(transposedConvolutions, "conv2dWeightGradient")],
  ["relu", { ...unary(engine.relu, r.relu, r.reluGradient, ...kinked), exercises: ["gate"] }],
  [
    "leakyRelu",
    unary(
      (x) => engine.leakyRelu(x, 0.3),
      (x) => r.leakyRelu(x, 0.3),
      (x, dy) => r.leakyReluGradient(x, 0.3, dy),
      ...kinked,
    ),
  ],
  ["tanh", unary(engine.tanh, r.tanh, r.tanhGradient, ...smooth)],
  ["sigmoid", unary(engine.sigmoid, r.sigmoid, r.sigmoidGradient, ...smooth)],
  ["softplus", unary(engine.softplus, r.softplus, r.softplusGradient, ...smooth)],
  ["square", unary(engine.square, r.square, r.squareGradient, ...smooth)],
  ["sqrt", unary(engine.sqrt, r.sqrt, r.sqrtGradient, ...positive)],
  [
    "scale",
    unary(
      (x) => engine.scale(x, -1.5, 2),
      (x) => r.scale(x, -1.5, 2),
      (x, dy) => r.scaleGradient(x, -1.5, 2, dy),
      ...smooth,
    ),
  ],
  ["add", binary(engine.add, r.add, r.addGradient)],
  ["sub", binary(engine.sub, r.sub, r.subGradient)],
  ["mul", binary(engine.mul, r.mul, r.mulGradient)],
  ["div", binary(engine.div, r.div, r.divGradient)],
  ["expand", rowOf([expand], "sum")],
  [
    "matmul",
    rowOf([
      matmul([], [], false, false),
      matmul([], [], true, true),
      matmul([3], [3], false, true),
      matmul([3], [3], true, false),
      matmul([], [2], false, false),
      matmul([2], [], true, true),
    ]),
  ],
  ["linear", rowOf([linear(5, 33, 3, true), linear(67, 20, 130, false)], "matmul")],
  [
    "instanceNorm",
    rowOf(
      [
        instanceNorm([2, 3, 5, 7], "none", false),
        instanceNorm([1, 5, 3, 3], "relu", true),
        instanceNorm([2, 1, 33, 17], "leakyRelu", false),
        instanceNorm([1, 3, 2, 3], "none", true),
      ],
      "instanceNormGradient",
    ),
  ],
  [
    "sum",
    rowOf(
      [
        reduction([2, 3, 5, 7], undefined),
        reduction([2, 3, 5, 7], [0, 2]),
        reduction([2, 3, 5, 7], [1, 3], true),
        reduction([3, 200], [1]),
        reduction([2, 3, 1, 5], [2]),
        reduction([2, 3, 2, 5, 3], [1, 3], false, true),
        reduction([2, 3, 2, 5, 3], [0, 2, 4]),
        reduction([33, 70, 3], [0, 1], false, true),
      ],
      "expand",
    ),
  ],
  [
    "reflectionPad2d",
    rowOf(
      padded(
        engine.reflectionPad2d,
        r.reflectionPad2d,
        r.reflectionPad2dGradient,
        [[2, 3, 4, 7], 3],
        [[1, 1, 2, 3], 1],
      ),
      "reflectionPad2dGradient",
    ),
  ],
  [
    "replicationPad2d",
    rowOf(
      padded(
        engine.replicationPad2d,
        r.replicationPad2d,
        r.replicationPad2dGradient,
        [[2, 3, 5, 4], 2],
        [[1, 1, 1, 3], 3],
      ),
      "replicationPad2dGradient",
    ),
  ],
  [
    "blurDown",
    {
      ...unary(engine.blurDown, r.blurDown, r.blurDownGradient, values([2, 3, 5, 8]), values([1, 1, 2, 3])),
      exercises: ["blurDownGradient"],
    },
  ],
  [
    "blurUp",
    {
      ...unary(engine.blurUp, r.blurUp, r.blurUpGradient, values([2, 3, 5, 4]), values([1, 1, 1, 2])),
      exercises: ["blurUpGradient"],
    },
  ],
  ["concat", rowOf([concat], "slice")],
  ["slice", rowOf([slice], "embed")],
  [
    "flipHorizontal",
    unary(engine.flipHorizontal, r.flipHorizontal, r.flipHorizontalGradient, values([2, 3, 5, 7]), values([2, 8])),
  ],
  ["gatherPositions", rowOf([gather([2, 3, 5, 7], 9, false), gather([3, 33, 2, 3], 5, true)], "scatterPositions")],
  ["l2Normalize", rowOf([l2Normalize(values([9, 33]), 1e-7), l2Normalize(withZeroRow(), 0.1)], "l2NormalizeGradient")],
  [
    "patchNce",
    rowOf(
      [
        ...[patchNce(14, 5, 2), patchNce(33, 33, 1), patchNce(70, 130, 1)],
        // Many channels; more keys a group than are in memory at a time.
        ...[patchNce(6, 260, 3), patchNce(5, 521, 1), patchNce(300, 9, 1), patchNce(520, 7, 2)],
      ],
      "patchNceGradient",
    ),
  ],
  ["patchNcePath", rowOf([patchNcePath([2, 3, 5, 7], 11, 9, 2), patchNcePath([3, 5, 4, 4], 7, 33, 1)])],
]);

/** The norm has no slope at a row of zeros; its gradient there is taken as zero. */
function withZeroRow(): Dense {
  const x = values([3, 70]);
  x.data.fill(0, 70, 140);
  return x;
}
