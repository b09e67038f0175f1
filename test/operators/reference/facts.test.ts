// Values worked out by hand: what each convention of the reference means, on the smallest example that shows it.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CutgpuError } from "../../../engine/lib/errors.js";
import * as reference from "../../../engine/reference.js";
import { type Dense, dense } from "../../../engine/reference.js";

const values = (x: Dense) => [...x.data];

function near(x: Dense, expected: readonly number[], tolerance = 1e-12): void {
  assert.is(x.data.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(x.data[i] - value) <= tolerance, `element ${i} is ${x.data[i]}, not ${value}`);
  }
}

const square = (data: number[]) => dense([1, 1, Math.sqrt(data.length), Math.sqrt(data.length)], data);

test("reflection does not repeat the edge, replication does", () => {
  const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(values(reference.reflectionPad2d(x, 1)).slice(0, 10), [5, 4, 5, 6, 5, 2, 1, 2, 3, 2]);
  assert.equal(values(reference.replicationPad2d(x, 1)).slice(0, 10), [1, 1, 2, 3, 3, 1, 1, 2, 3, 3]);
});

test("the gradient of a padding counts how often each pixel was copied", () => {
  const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Along an axis of 3, reflection by 2 reads 2 1 0 1 2 1 0: pixels 0, 1, 2 are read 2, 3, 2 times.
  const once = (size: number) => dense([1, 1, size, size], new Float64Array(size * size).fill(1));
  assert.equal(values(reference.reflectionPad2dGradient(x, 2, once(7)).dx), [4, 6, 4, 6, 9, 6, 4, 6, 4]);
  // Replication by 2 reads 0 0 0 1 2 2 2.
  assert.equal(values(reference.replicationPad2dGradient(x, 2, once(7)).dx), [9, 3, 9, 3, 1, 3, 9, 3, 9]);
});

test("reflection must stay inside the image", () => {
  assert.throws(
    () => reference.reflectionPad2d(square([1, 2, 3, 4]), 2),
    (error: Error) => error instanceof CutgpuError && /padding 2 .* axis of 2 pixels/.test(error.message),
  );
});

test("conv2d is cross-correlation: the kernel is not flipped", () => {
  const x = square([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const w = square([1, 10, 100, 1000]);
  assert.equal(values(reference.conv2d(x, w, dense([1], [0.5]))), [5421.5, 6532.5, 8754.5, 9865.5]);
});

test("convTranspose2d stamps the kernel once per pixel, and outputPadding adds rows below", () => {
  const x = square([1, 2, 3, 4]);
  const w = square([1, 10, 100, 1000]);
  const y = reference.convTranspose2d(x, w, undefined, { stride: 2, outputPadding: 1 });
  assert.equal(y.shape, [1, 1, 5, 5]);
  const rows = [
    [1, 10, 2, 20, 0],
    [100, 1000, 200, 2000, 0],
    [3, 30, 4, 40, 0],
    [300, 3000, 400, 4000, 0],
    [0, 0, 0, 0, 0],
  ];
  assert.equal(values(y), rows.flat());
});

test("blurDown weighs 1 2 1 around every second pixel of the mirrored image", () => {
  const column = dense([1, 1, 5, 1], [0, 4, 8, 0, 16]);
  const wide = dense(
    [1, 1, 5, 3],
    values(column).flatMap((v) => [v, v, v]),
  );
  const y = reference.blurDown(wide);
  assert.equal(y.shape, [1, 1, 3, 2]);
  // (4 + 2*0 + 4) / 4, (4 + 2*8 + 0) / 4, (0 + 2*16 + 0) / 4
  assert.equal(values(y), [2, 2, 5, 5, 8, 8]);
});

test("blurUp takes three quarters of the nearest pixel, clamped at the edge", () => {
  near(reference.blurUp(dense([1, 1, 1, 3], [0, 4, 8])), [0, 1, 3, 5, 7, 8, 0, 1, 3, 5, 7, 8]);
});

test("instanceNorm uses the biased variance, and the residual comes after the activation", () => {
  const x = square([1, 3, 1, 3]);
  near(reference.instanceNorm(x, { eps: 0 }), [-1, 1, -1, 1]);
  near(reference.instanceNorm(x, { eps: 3 }), [-0.5, 0.5, -0.5, 0.5]);
  const residual = square([10, 20, 30, 40]);
  near(reference.instanceNorm(x, { eps: 0, activation: "relu", residual }), [10, 21, 30, 41]);
});

test("l2Normalize adds eps to the norm, and a row of zeros stays zero with a finite gradient", () => {
  near(reference.l2Normalize(dense([2, 2], [3, 4, 0, 0]), 5), [0.3, 0.4, 0, 0]);
  near(reference.l2NormalizeGradient(dense([1, 2], [0, 0]), 0.5, dense([1, 2], [1, -1])).dx, [2, -2]);
});

test("the ReLUs take the negative side's slope at zero", () => {
  const x = dense([3], [-1, 0, 1]);
  const dy = dense([3], [1, 1, 1]);
  assert.equal(values(reference.reluGradient(x, dy).dx), [0, 0, 1]);
  assert.equal(values(reference.leakyReluGradient(x, 0.2, dy).dx), [0.2, 0.2, 1]);
});

test("tanh, softplus and sigmoid are finite far out", () => {
  const x = dense([2], [-800, 800]);
  const dy = dense([2], [1, 1]);
  assert.equal(values(reference.tanh(x)), [-1, 1]);
  assert.equal(values(reference.tanhGradient(x, dy).dx), [0, 0]);
  assert.equal(values(reference.softplus(x)), [0, 800]);
  assert.equal(values(reference.sigmoid(x)), [0, 1]);
  assert.equal(values(reference.sigmoidGradient(x, dy).dx), [0, 0]);
});

test("broadcasting aligns shapes at the last axis and repeats extents of 1", () => {
  const a = dense([2, 3, 1], [0, 10, 20, 30, 40, 50]);
  const b = dense([2], [1, 2]);
  const y = reference.add(a, b);
  assert.equal(y.shape, [2, 3, 2]);
  assert.equal(values(y), [1, 2, 11, 12, 21, 22, 31, 32, 41, 42, 51, 52]);
  const c = dense([2, 1, 2], [100, 200, 300, 400]);
  assert.equal(values(reference.sub(c, a)), [100, 200, 90, 190, 80, 180, 270, 370, 260, 360, 250, 350]);
  const { da, db } = reference.addGradient(a, b, y);
  assert.equal(values(da), [3, 23, 43, 63, 83, 103]);
  assert.equal(values(db), [156, 162]);
});

test("sums over axes keep the order of the axes that stay", () => {
  const x = dense([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.equal(reference.sum(x, [0, 2]), dense([2], [30, 48]));
  assert.equal(reference.mean(x, [1], true), dense([2, 1, 3], [2.5, 3.5, 4.5, 8.5, 9.5, 10.5]));
  assert.equal(reference.sum(x), dense([], [78]));
});

test("concat, slice, permute and flip move values and change none", () => {
  const a = dense([1, 2, 2], [1, 2, 3, 4]);
  const b = dense([2, 2, 2], [5, 6, 7, 8, 9, 10, 11, 12]);
  const joined = reference.concat([a, b]);
  assert.equal(joined, dense([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
  assert.equal(reference.slice(joined, 1, 3), b);
  assert.equal(reference.flip(a, [2]), dense([1, 2, 2], [2, 1, 4, 3]));
  assert.equal(reference.permute(a, [2, 1, 0]), dense([2, 2, 1], [1, 3, 2, 4]));
});

test("shapes that do not broadcast are an error that names both", () => {
  assert.throws(
    () => reference.add(dense([2], [1, 2]), dense([3], [1, 2, 3])),
    (error: Error) => error instanceof CutgpuError && error.message.includes("[2] and [3]"),
  );
});

test("matmul of each storage order gives the same product", () => {
  const product = [58, 64, 139, 154];
  const a = dense([2, 3], [1, 2, 3, 4, 5, 6]);
  const b = dense([3, 2], [7, 8, 9, 10, 11, 12]);
  const aT = dense([3, 2], [1, 4, 2, 5, 3, 6]);
  const bT = dense([2, 3], [7, 9, 11, 8, 10, 12]);
  assert.equal(values(reference.matmul(a, b)), product);
  assert.equal(values(reference.matmul(aT, b, { transposeA: true })), product);
  assert.equal(values(reference.matmul(aT, bT, { transposeA: true, transposeB: true })), product);
});

test("matmul is exact past the blocks it works in", () => {
  // All ones: each element is the length of the sum. 300 crosses a block along k, 5 and 6 leave edges of 1 and 2.
  const ones = (shape: number[]) => dense(shape, new Float64Array(shape[0] * shape[1]).fill(1));
  assert.equal(values(reference.matmul(ones([5, 300]), ones([300, 6]))), new Array(30).fill(300));
});

test("gathered rows come image by image, ids row by row", () => {
  const x = dense([2, 2, 1, 3], [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32]);
  assert.equal(values(reference.gatherPositions(x, Int32Array.of(2, 0))), [2, 12, 0, 10, 22, 32, 20, 30]);
  assert.equal(values(reference.gatherPositions(x, Int32Array.of(2, 0), { perImage: true })), [2, 12, 20, 30]);
});

test("patchNce of features that are all alike is the logarithm of their number", () => {
  const alike = dense([8, 2], new Float64Array(16).fill(Math.SQRT1_2));
  near(reference.patchNce(alike, alike, { groups: 1, tau: 0.07 }), new Array(8).fill(Math.log(8)));
  near(reference.patchNce(alike, alike, { groups: 2, tau: 0.07 }), new Array(8).fill(Math.log(4)));
});

test("patchNce masks the positive by -10 among the negatives", () => {
  // One row, q . k = 0: logits 0 and -10 at tau = 1.
  const loss = reference.patchNce(dense([1, 2], [1, 0]), dense([1, 2], [0, 1]), { groups: 1, tau: 1 });
  near(loss, [Math.log1p(Math.exp(-10))]);
});

test("the first step of Adam is lr in the direction of the gradient", () => {
  const zero = dense([3], [0, 0, 0]);
  const gradient = dense([3], [5, -0.001, 0]);
  const { p } = reference.adam(zero, gradient, zero, zero, { lr: 0.1, beta1: 0.5, beta2: 0.999, eps: 1e-12, step: 1 });
  near(p, [-0.1, 0.1, 0], 1e-9);
});

test.run();
