// What the kernels suite runs of every operator but the convolutions (those are in convolutions.ts): work and inputs at a size
// that training has, and the same for the float64 reference where it has the operator.

import type { Shape, Tensor } from "../../engine/core/tensor.js";
import * as batch from "../../engine/operators/batch/index.js";
import { convTranspose2d } from "../../engine/operators/convolution/index.js";
import { instanceNorm, instanceNormGradientOperator } from "../../engine/operators/instance-norm/index.js";
import { linear, matmul } from "../../engine/operators/matmul/index.js";
import * as padding from "../../engine/operators/padding/index.js";
import * as patches from "../../engine/operators/patch-nce/index.js";
import { patchNcePath } from "../../engine/operators/patch-nce/path.js";
import * as elementwise from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";
import * as reference from "../../engine/operators/reference.js";
import * as resample from "../../engine/operators/resample/index.js";
import { type Input, randomDense } from "../inputs/random-data.js";
import type { MatmulJob } from "../peers/jobs.js";

export interface OperatorBench {
  kernel: string;
  shape: string;
  /** The operator whose kernels are forced in turn, where it is not the row's own. */
  chooses?: string;
  job?: MatmulJob;
  inputs: readonly Input[];
  work(...inputs: Tensor[]): unknown;
  reference?(): void;
}

const image: Shape = [1, 64, 64, 64];
const small: Shape = [1, 64, 32, 32];
const padded: Shape = [1, 64, 70, 70];
const [rows, channels] = [256, 256];
const matrix: Shape = [rows, channels];
const units: Input = { unitRows: matrix };
const positions: Input = { positions: rows, below: 1024 };
const nce = { groups: 1, tau: 0.07 };

const imageText = ([, c, h, w]: Shape) => `${c} channels at ${h}x${w}`;
const x = randomDense;

/** An operator on one image. */
const one = (kernel: string, work: (x: Tensor) => unknown, plain?: () => void, input = image): OperatorBench => ({
  ...{ kernel, shape: imageText(input), inputs: [input], work, reference: plain },
});

/** An operator on two images alike, the second positive. */
const two = (kernel: string, work: (a: Tensor, b: Tensor) => unknown, plain?: () => void): OperatorBench => ({
  ...{ kernel, shape: imageText(image), work, reference: plain },
  inputs: [image, { shape: image, low: 0.5, high: 2 }],
});

const elementByElement: OperatorBench[] = [
  one("relu", elementwise.relu, () => reference.relu(x(image))),
  one("leakyRelu", elementwise.leakyRelu, () => reference.leakyRelu(x(image), 0.2)),
  one("tanh", elementwise.tanh, () => reference.tanh(x(image))),
  one("sigmoid", elementwise.sigmoid, () => reference.sigmoid(x(image))),
  one("softplus", elementwise.softplus, () => reference.softplus(x(image))),
  one("square", elementwise.square, () => reference.square(x(image))),
  { ...one("sqrt", elementwise.sqrt), inputs: [{ shape: image, low: 0.5, high: 2 }] },
  one("scale", (a) => elementwise.scale(a, 2, 1)),
  two("gate", (a, b) => elementwise.gate(a, b)),
  two("add", elementwise.add, () => reference.add(x(image), x(image))),
  two("sub", elementwise.sub, () => reference.sub(x(image), x(image))),
  two("mul", elementwise.mul, () => reference.mul(x(image), x(image))),
  two("div", elementwise.div, () => reference.div(x(image), x(image))),
  {
    ...{ kernel: "expand", shape: `[64, 1, 1] to ${imageText(image)}`, inputs: [[1, 64, 1, 1]] },
    work: (a) => elementwise.expand(a, image),
  },
];

const moving: OperatorBench[] = [
  {
    kernel: "concat",
    shape: `two of ${imageText(image)}`,
    inputs: [image, image],
    work: (a, b) => batch.concat([a, b]),
  },
  {
    ...{ kernel: "slice", shape: `one of two of ${imageText(image)}`, inputs: [[2, ...image.slice(1)]] },
    work: (a) => batch.slice(a, 1, 2),
  },
  {
    ...{ kernel: "embed", shape: `as one of two of ${imageText(image)}`, inputs: [image] },
    work: (a) => batch.embedOperator([a], { start: 1, length: 2 }),
  },
  one("flipHorizontal", batch.flipHorizontal, () => reference.flipHorizontal(x(image))),
  one(
    "reflectionPad2d",
    (a) => padding.reflectionPad2d(a, 3),
    () => reference.reflectionPad2d(x(image), 3),
  ),
  one(
    "reflectionPad2dGradient",
    (dy) => padding.reflectionPad2dGradient(dy, [64, 64], 3),
    () => reference.reflectionPad2dGradient(x(image), 3, x(padded)),
    padded,
  ),
  one(
    "replicationPad2d",
    (a) => padding.replicationPad2d(a, 3),
    () => reference.replicationPad2d(x(image), 3),
  ),
  one(
    "replicationPad2dGradient",
    (dy) => padding.replicationPad2dGradientOperator([dy], { padding: 3, size: [64, 64] }),
    () => reference.replicationPad2dGradient(x(image), 3, x(padded)),
    padded,
  ),
  one("blurDown", resample.blurDown, () => reference.blurDown(x(image))),
  one(
    "blurDownGradient",
    (dy) => resample.blurDownGradientOperator([dy], { size: [64, 64] }),
    () => reference.blurDownGradient(x(image), x(small)),
    small,
  ),
  one("blurUp", resample.blurUp, () => reference.blurUp(x(small)), small),
  one(
    "blurUpGradient",
    (dy) => resample.blurUpGradientOperator([dy], {}),
    () => reference.blurUpGradient(x(small), x(image)),
  ),
];

const reducing: OperatorBench[] = [
  one(
    "sum",
    (a) => sum(a),
    () => reference.sum(x(image)),
  ),
  one(
    "instanceNorm",
    (a) => instanceNorm(a, { activation: "relu" }),
    () => reference.instanceNorm(x(image), { activation: "relu" }),
  ),
  {
    ...{ kernel: "instanceNormGradient", shape: imageText(image) },
    inputs: [image, image, { shape: [64, 2], low: 0.5, high: 2 }],
    work: (dy, a, statistics) => instanceNormGradientOperator([dy, a, statistics], { slope: 0 }),
    reference: () => reference.instanceNormGradient(x(image), { activation: "relu" }, x(image)),
  },
];

const upsampling = { stride: 2, padding: 1, outputPadding: 1 };
const square: Shape = [512, 512];
const products: OperatorBench[] = [
  {
    ...{ kernel: "matmul", shape: "512x512 by 512x512", inputs: [square, square] },
    job: { id: "matmul 512", kind: "matmul", m: 512, n: 512, k: 512 },
    work: (a, b) => matmul(a, b),
    reference: () => reference.matmul(x(square), x(square)),
  },
  {
    ...{ kernel: "linear", shape: "256 rows 256->256", inputs: [matrix, matrix, [channels]] },
    work: linear,
    reference: () => reference.linear(x(matrix), x(matrix)),
  },
  {
    ...{ kernel: "convTranspose2d", shape: "3x3 stride 2 128->64 at 32x32" },
    inputs: [[1, 128, 32, 32], { shape: [128, 64, 3, 3], low: -0.1, high: 0.1 }],
    work: (a, w) => convTranspose2d(a, w, undefined, upsampling),
    reference: () => reference.convTranspose2d(x([1, 128, 32, 32]), x([128, 64, 3, 3]), undefined, upsampling),
  },
];

const patching: OperatorBench[] = [
  {
    ...{ kernel: "gatherPositions", shape: "256 of 256 channels at 32x32", inputs: [[1, channels, 32, 32], positions] },
    work: patches.gatherPositions,
  },
  {
    ...{ kernel: "scatterPositions", shape: "256 to 256 channels at 32x32", inputs: [matrix, positions] },
    work: (dy, ids) => patches.scatterPositionsOperator([dy, ids], { shape: [1, channels, 32, 32] }),
  },
  {
    ...{ kernel: "l2Normalize", shape: "256 rows of 256", inputs: [matrix] },
    work: (a) => patches.l2Normalize(a),
    reference: () => reference.l2Normalize(x(matrix)),
  },
  {
    ...{ kernel: "l2NormalizeGradient", shape: "256 rows of 256" },
    inputs: [matrix, units, { shape: [rows], low: 1, high: 2 }],
    work: (dy, y, norms) => patches.l2NormalizeGradientOperator([dy, y, norms], { eps: patches.L2_EPS }),
    reference: () => reference.l2NormalizeGradient(x(matrix), 1e-7, x(matrix)),
  },
  {
    ...{ kernel: "patchNce", shape: "256 rows of 256", inputs: [units, units] },
    work: (q, k) => patches.patchNce(q, k, nce),
    reference: () => reference.patchNce(x(matrix), x(matrix), nce),
  },
  {
    ...{ kernel: "patchNceGradient", chooses: "patchNce", shape: "256 rows of 256" },
    inputs: [units, units, { shape: [rows], low: 10, high: 14 }, [rows], [rows, rows]],
    work: (q, k, lse, dloss, s) => patches.patchNceGradientOperator([q, k, lse, dloss, s], nce),
    reference: () => reference.patchNceGradient(x(matrix), x(matrix), nce, x([rows])),
  },
  {
    ...{ kernel: "patchNcePath", chooses: "patchNce", shape: "256 of 256 channels at 32x32" },
    inputs: [[1, channels, 32, 32], matrix, [channels], matrix, [channels], positions, units],
    work: (a, w1, b1, w2, b2, ids, k) => patchNcePath(a, ids, { w1, b1, w2, b2 }, k, nce),
  },
];

export const operatorBenches: readonly OperatorBench[] = [
  ...products,
  ...reducing,
  ...patching,
  ...moving,
  ...elementByElement,
];
