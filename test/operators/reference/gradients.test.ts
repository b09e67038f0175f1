// Every gradient of the reference against central finite differences of its forward, at small odd shapes. The scalar
// that is differentiated is sum(y * dy) for a random dy, so a gradient with a wrong index or factor cannot pass.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reference from "../../../engine/operators/reference.js";
import { type Dense, dense } from "../../../engine/operators/reference.js";
import { relativeError } from "../../support/goldens.js";

const STEP = 1e-5;
const BOUND = 1e-6;

let state = 1;

/** Uniform in (low, high), the same numbers on every run. */
function uniform(shape: readonly number[], low = -1, high = 1): Dense {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * (state + 0.5)) / 2 ** 32;
  });
  return dense(shape, data);
}

/** Values of both signs at a distance from zero, for functions that have a corner there. */
function awayFromZero(shape: readonly number[]): Dense {
  const x = uniform(shape);
  return dense(
    shape,
    x.data.map((value) => value + 0.1 * Math.sign(value)),
  );
}

function numericGradient(forward: () => Dense, input: Dense, dy: Dense): Float64Array {
  const objective = () => forward().data.reduce((total, value, i) => total + value * dy.data[i], 0);
  return input.data.map((value, i) => {
    input.data[i] = value + STEP;
    const above = objective();
    input.data[i] = value - STEP;
    const below = objective();
    input.data[i] = value;
    return (above - below) / (2 * STEP);
  });
}

/** Registers a test: `gradient` must give, in the order of `inputs`, what finite differences of `forward` give. */
function check(
  name: string,
  inputs: readonly Dense[],
  forward: () => Dense,
  gradient: (dy: Dense) => readonly (Dense | undefined)[],
): void {
  test(`gradient of ${name}`, () => {
    const dy = uniform(forward().shape);
    const ours = gradient(dy);
    assert.is(ours.length, inputs.length);
    inputs.forEach((input, i) => {
      assert.equal(ours[i]?.shape, input.shape, `shape of gradient ${i}`);
      const error = relativeError(ours[i]?.data ?? [], numericGradient(forward, input, dy));
      assert.ok(error <= BOUND, `gradient ${i} is off by ${error}`);
    });
  });
}

for (const options of [
  { stride: 1, padding: 0 },
  { stride: 1, padding: 1 },
  { stride: 2, padding: 1 },
  { stride: 2, padding: 2 },
  { stride: 1, padding: 1, paddingMode: "reflect" },
  { stride: 2, padding: 3, paddingMode: "reflect" },
] as const) {
  const [x, w, b] = [uniform([2, 3, 5, 7]), uniform([5, 3, 3, 2]), uniform([5])];
  check(
    `conv2d ${JSON.stringify(options)}`,
    [x, w, b],
    () => reference.conv2d(x, w, b, options),
    (dy) => {
      const { dx, dw, db } = reference.conv2dGradient(x, w, b, options, dy);
      return [dx, dw, db];
    },
  );
}

for (const options of [
  { stride: 1, padding: 0, outputPadding: 0 },
  { stride: 2, padding: 1, outputPadding: 1 },
  { stride: 2, padding: 0, outputPadding: 0 },
  { stride: 3, padding: 2, outputPadding: 1 },
]) {
  const [x, w, b] = [uniform([2, 3, 3, 5]), uniform([3, 5, 3, 4]), uniform([5])];
  check(
    `convTranspose2d ${JSON.stringify(options)}`,
    [x, w, b],
    () => reference.convTranspose2d(x, w, b, options),
    (dy) => {
      const { dx, dw, db } = reference.convTranspose2dGradient(x, w, b, options, dy);
      return [dx, dw, db];
    },
  );
}

type Unary = [name: string, x: Dense, forward: (x: Dense) => Dense, gradient: (x: Dense, dy: Dense) => { dx: Dense }];

const r = reference;
const image = uniform([2, 3, 5, 7]);
const ids = Int32Array.of(3, 34, 3, 0, 11);
const idsPerImage = Int32Array.of(3, 34, 3, 0, 0, 12);
const targets = uniform([3, 5], 0, 1);
const unary: Unary[] = [
  ["reflectionPad2d 1", image, (x) => r.reflectionPad2d(x, 1), (x, dy) => r.reflectionPad2dGradient(x, 1, dy)],
  ["reflectionPad2d 3", image, (x) => r.reflectionPad2d(x, 3), (x, dy) => r.reflectionPad2dGradient(x, 3, dy)],
  ["replicationPad2d 2", image, (x) => r.replicationPad2d(x, 2), (x, dy) => r.replicationPad2dGradient(x, 2, dy)],
  ["blurDown odd", image, r.blurDown, r.blurDownGradient],
  ["blurDown even", uniform([1, 2, 4, 6]), r.blurDown, r.blurDownGradient],
  ["blurUp", image, r.blurUp, r.blurUpGradient],
  ["blurUp of one row", uniform([1, 2, 1, 3]), r.blurUp, r.blurUpGradient],
  ["l2Normalize", uniform([5, 7]), (x) => r.l2Normalize(x, 0.1), (x, dy) => r.l2NormalizeGradient(x, 0.1, dy)],
  ["relu", awayFromZero([3, 5]), r.relu, r.reluGradient],
  ["leakyRelu", awayFromZero([3, 5]), (x) => r.leakyRelu(x, 0.2), (x, dy) => r.leakyReluGradient(x, 0.2, dy)],
  ["tanh", uniform([3, 5], -3, 3), r.tanh, r.tanhGradient],
  ["softplus", uniform([3, 5], -3, 3), r.softplus, r.softplusGradient],
  ["sigmoid", uniform([3, 5], -3, 3), r.sigmoid, r.sigmoidGradient],
  ["scale", uniform([3, 5]), (x) => r.scale(x, -1.5, 2), (x, dy) => r.scaleGradient(x, -1.5, 2, dy)],
  ["square", uniform([3, 5]), r.square, r.squareGradient],
  ["sqrt", uniform([3, 5], 0.5, 2), r.sqrt, r.sqrtGradient],
  ["sum of all", image, (x) => r.sum(x), (x, dy) => r.sumGradient(x, [0, 1, 2, 3], false, dy)],
  ["sum, two axes", image, (x) => r.sum(x, [0, 2]), (x, dy) => r.sumGradient(x, [0, 2], false, dy)],
  ["mean, kept axes", image, (x) => r.mean(x, [3, 1], true), (x, dy) => r.meanGradient(x, [3, 1], true, dy)],
  ["slice", image, (x) => r.slice(x, 1, 2), (x, dy) => r.sliceGradient(x, 1, 2, dy)],
  ["flipHorizontal", image, r.flipHorizontal, r.flipHorizontalGradient],
  ["reshape", image, (x) => r.reshape(x, [6, 35]), (x, dy) => r.reshapeGradient(x, [6, 35], dy)],
  [
    "gatherPositions, one list with duplicates",
    image,
    (x) => r.gatherPositions(x, ids),
    (x, dy) => r.gatherPositionsGradient(x, ids, {}, dy),
  ],
  [
    "gatherPositions, a list an image",
    image,
    (x) => r.gatherPositions(x, idsPerImage, { perImage: true }),
    (x, dy) => r.gatherPositionsGradient(x, idsPerImage, { perImage: true }, dy),
  ],
  ["mseLoss to a number", uniform([3, 5]), (x) => r.mseLoss(x, 1), (x, dy) => r.mseLossGradient(x, 1, dy)],
  ["mseLoss to a tensor", uniform([3, 5]), (x) => r.mseLoss(x, targets), (x, dy) => r.mseLossGradient(x, targets, dy)],
  [
    "bceWithLogits to a tensor",
    uniform([3, 5], -3, 3),
    (x) => r.bceWithLogits(x, targets),
    (x, dy) => r.bceWithLogitsGradient(x, targets, dy),
  ],
];
for (const [name, x, forward, gradient] of unary) {
  check(
    name,
    [x],
    () => forward(x),
    (dy) => [gradient(x, dy).dx],
  );
}

for (const mode of ["lsgan", "vanilla", "nonsaturating", "wgangp"] as const) {
  for (const real of [true, false]) {
    const x = uniform([2, 1, 3, 5], -3, 3);
    check(
      `ganLoss ${mode}, ${real ? "real" : "fake"}`,
      [x],
      () => r.ganLoss(x, mode, real),
      (dy) => [r.ganLossGradient(x, mode, real, dy).dx],
    );
  }
}

for (const activation of ["none", "relu", "leakyRelu"] as const) {
  // An offset far above the spread, and a map for which eps is not negligible.
  const x = dense(
    [2, 3, 3, 5],
    uniform([2, 3, 3, 5]).data.map((value, i) => (i < 45 ? value + 20 : value * 0.01)),
  );
  const residual = uniform(x.shape);
  const options = { activation, slope: 0.3, residual };
  check(
    `instanceNorm, ${activation}, with residual`,
    [x, residual],
    () => r.instanceNorm(x, options),
    (dy) => {
      const { dx, dresidual } = r.instanceNormGradient(x, options, dy);
      return [dx, dresidual];
    },
  );
}

for (const [shapeA, shapeB] of [
  [
    [3, 5],
    [3, 5],
  ],
  [
    [2, 3, 1, 5],
    [3, 4, 1],
  ],
  [
    [3, 1],
    [1, 5],
  ],
  [[], [2, 3]],
  [[2, 1, 3], [1]],
]) {
  const a = uniform(shapeA, 0.5, 2);
  const b = uniform(shapeB, 0.5, 2);
  for (const [name, forward, gradient] of [
    ["add", r.add, r.addGradient],
    ["sub", r.sub, r.subGradient],
    ["mul", r.mul, r.mulGradient],
    ["div", r.div, r.divGradient],
  ] as const) {
    check(
      `${name} [${shapeA}] with [${shapeB}]`,
      [a, b],
      () => forward(a, b),
      (dy) => {
        const { da, db } = gradient(a, b, dy);
        return [da, db];
      },
    );
  }
}

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    for (const batch of [[], [2]]) {
      const a = uniform([...batch, ...(transposeA ? [3, 5] : [5, 3])]);
      const b = uniform([...batch, ...(transposeB ? [7, 3] : [3, 7])]);
      const options = { transposeA, transposeB };
      check(
        `matmul [${a.shape}] [${b.shape}] ${JSON.stringify(options)}`,
        [a, b],
        () => r.matmul(a, b, options),
        (dy) => {
          const { da, db } = r.matmulGradient(a, b, options, dy);
          return [da, db];
        },
      );
    }
  }
}

{
  const [x, w, b] = [uniform([5, 3]), uniform([7, 3]), uniform([7])];
  check(
    "linear",
    [x, w, b],
    () => r.linear(x, w, b),
    (dy) => {
      const { dx, dw, db } = r.linearGradient(x, w, b, dy);
      return [dx, dw, db];
    },
  );
}

{
  const xs = [uniform([2, 3]), uniform([1, 3]), uniform([3, 3])];
  check(
    "concat",
    xs,
    () => r.concat(xs),
    (dy) => r.concatGradient(xs, dy).dxs,
  );
}

for (const groups of [1, 2]) {
  const q = uniform([6, 5]);
  const k = uniform([6, 5]);
  check(
    `patchNce in ${groups} groups`,
    [q],
    () => r.patchNce(q, k, { groups, tau: 0.3 }),
    (dy) => [r.patchNceGradient(q, k, { groups, tau: 0.3 }, dy).dq],
  );
}

test.run();
