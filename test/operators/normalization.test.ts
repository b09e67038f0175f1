// Softmax along rows of any length, few and many. Batch norm's running averages, which training moves in place and
// inference reads, also when it is recorded.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { batchNorm2d, logSoftmax, logsumexp, record, softmax } from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import * as reference from "../../engine/reference.js";
import { messageOf, profiles, testGpu, uniform, upload } from "../support/gpu.js";

function near(ours: ArrayLike<number>, expected: ArrayLike<number>): void {
  const errors = Array.from(ours, (value, i) => Math.abs(value - expected[i]));
  assert.ok(Math.max(...errors) < 1e-5, `${ours}, ${expected}`);
}

test("training moves the running averages at every replay, and inference goes by them", async () => {
  const gpu = await testGpu("software");
  const x = uniform(new Random(3), [4, 2, 3, 1]);
  const [runningMean, runningVar] = [gpu.persistent([2]), gpu.persistent([2])];
  runningMean.write([1, -1]);
  runningVar.write([1, 2]);
  const input = upload(gpu, x);
  const { program } = await record(gpu, () => batchNorm2d(input, { runningMean, runningVar, momentum: 0.5 }));
  const [mean, spread] = [reference.mean(x, [0, 2, 3]).data, reference.variance(x, [0, 2, 3]).data];
  let [m, v] = [Float64Array.of(1, -1), Float64Array.of(1, 2)];
  for (let step = 0; step < 2; step++) {
    program.replay();
    m = m.map((value, c) => 0.5 * value + 0.5 * mean[c]);
    v = v.map((value, c) => 0.5 * value + 0.5 * spread[c]);
    near(await runningMean.read(), m);
    near(await runningVar.read(), v);
  }
  const y = batchNorm2d(input, { runningMean, runningVar, training: false });
  const channel = (i: number) => Math.floor(i / 3) % 2;
  near(
    await y.read(),
    x.data.map((value, i) => (value - m[channel(i)]) / Math.sqrt(v[channel(i)] + 1e-5)),
  );
  program.dispose();
});

test("averages of other channels, or of no variance, are refused; an empty batch leaves them", async () => {
  const gpu = await testGpu("software");
  const [runningMean, runningVar] = [gpu.tensor([1, 2]), gpu.tensor([3, 4])];
  const averages = { runningMean, runningVar };
  const two = gpu.empty([2, 2]);
  for (const [wrong, says] of [
    [() => batchNorm2d(two, { runningMean, runningVar: gpu.empty([3]) }), /batchNorm2d: \[3\] does not fit \[2,2\]/],
    [() => batchNorm2d(gpu.empty([1, 2, 1, 1]), averages), /\[1,2,1,1\] has one number per channel/],
  ] as const) {
    assert.match(messageOf(wrong), says);
  }
  assert.equal(batchNorm2d(gpu.empty([0, 2, 4, 4]), averages).shape, [0, 2, 4, 4]);
  assert.equal([...(await runningMean.read()), ...(await runningVar.read())], [1, 2, 3, 4]);
});

test("logsumexp of infinities is the largest of them", async () => {
  const gpu = await testGpu("software");
  const [none, all] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const x = gpu.tensor([
    [none, none],
    [none, 1],
    [1, all],
  ]);
  assert.equal([...(await logsumexp(x, 1).read())], [none, 1, all]);
});

test("inference without averages is refused", async () => {
  const gpu = await testGpu("software");
  const x = gpu.empty([1, 2, 1, 1]);
  assert.match(
    messageOf(() => batchNorm2d(x, { training: false })),
    /no running mean and variance.*Give runningMean/,
  );
});

for (const profile of profiles) {
  test(`softmax of rows of any length, few and many, along any axis (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const random = new Random(5);
    for (const [shape, axis] of [
      [[2, 5000], 1],
      [[1, 70, 3], 1],
      [[40, 65], 1],
      [[40, 9], 1],
      [[2, 5, 2100], 1],
      [[4100, 3], 0],
      [[3, 1], 1],
    ] as const) {
      const x = uniform(random, shape, -80, 80);
      const input = upload(gpu, x);
      near(await softmax(input, axis).read(), reference.softmax(x, axis).data);
      const ofLog = reference.logSoftmax(x, axis).data;
      // Relative to the largest, about 160.
      near(
        Float64Array.from(await logSoftmax(input, axis).read(), (v) => v / 160),
        ofLog.map((v) => v / 160),
      );
    }
  });
}

test("exponents that are all far below zero, or -Infinity but for one, have a softmax", async () => {
  const gpu = await testGpu("software");
  const lowest = Number.NEGATIVE_INFINITY;
  assert.equal([...(await softmax(gpu.tensor([-1e30, -1e30]), 0).read())], [0.5, 0.5]);
  assert.equal([...(await softmax(gpu.tensor([lowest, -5, lowest]), 0).read())], [0, 1, 0]);
  // The lowest f32, with which masks are made.
  const masked = gpu.tensor([-3.4028234663852886e38, -3.4028234663852886e38]);
  assert.equal([...(await softmax(masked, 0).read())], [0.5, 0.5]);
  near(await logSoftmax(masked, 0).read(), [-Math.LN2, -Math.LN2]);
});

test.run();
