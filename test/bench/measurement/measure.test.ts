// Measurements that can be believed: within their range, longer for more work, and ended when asked to.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { randomTensor } from "../../../bench/inputs/random-data.js";
import { measure, runsFor, tickOf, timingOf } from "../../../bench/measurement/measure.js";
import { DeviceLostError } from "../../../engine/lib/errors.js";
import { openGpu, requestAdapter } from "../../../engine/open/node.js";
import { add, relu } from "../../../engine/operators/pointwise/index.js";
import { ownGpu, rejectionOf, testGpu } from "../../support/gpu.js";

test("a measurement has a median within its range, and counts what it ran", async () => {
  const gpu = await testGpu("software");
  const x = randomTensor(gpu, [64, 64]);
  const { ms, runs, repeats, dispatches } = await measure(gpu, () => relu(add(x, x)), { budget: 30 });
  assert.ok(ms.min > 0 && ms.min <= ms.median && ms.median <= ms.max);
  assert.ok(ms.median < 50, `two dispatches on 4096 elements took ${ms.median} ms`);
  assert.ok(runs >= 5);
  assert.ok(repeats > 1, "work this short is repeated within a pass");
  assert.is(dispatches, 2);
  x.dispose();
});

// Much more, since whatever else the machine does may make a short measurement several times as long.
test("fifty times the work takes longer", async () => {
  const gpu = await testGpu("software");
  const x = randomTensor(gpu, [1 << 18]);
  const times = (count: number) => () => {
    for (let i = 0; i < count; i++) relu(x);
  };
  const [one, fifty] = [await measure(gpu, times(1), { budget: 30 }), await measure(gpu, times(50), { budget: 30 })];
  assert.ok(fifty.ms.min > 2 * one.ms.min, `${one.ms.min} ms and ${fifty.ms.min} ms`);
  x.dispose();
});

test("an aborted measurement throws the signal's reason and gives its memory back", async () => {
  const gpu = await testGpu("software");
  const before = gpu.memory().liveBuffers;
  const x = randomTensor(gpu, [64]);
  const reason = new Error("enough");
  let caught: unknown;
  await measure(gpu, () => relu(x), { signal: AbortSignal.abort(reason) }).catch((error: unknown) => {
    caught = error;
  });
  assert.is(caught, reason);
  x.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("medians, ticks and numbers of runs", () => {
  assert.equal(timingOf([5, 1, 3]), { median: 3, min: 1, max: 5 });
  assert.is(timingOf([1, 2, 4, 8]).median, 3);
  // Dawn's rounding to 2^16 ns, and stamps that are not rounded.
  assert.is(tickOf([65536n * 7n, 65536n * 12n, 65536n * 33n]), 65536);
  assert.is(tickOf([1_000_003n, 2_500_001n]), 1);
  assert.is(runsFor(1, 1000), 50);
  assert.is(runsFor(100, 1000), 10);
  assert.is(runsFor(900, 1000), 5, "at least five");
  assert.is(runsFor(2000, 1000), 2, "or as many as patience allows");
  assert.is(runsFor(60_000, 1000), 1);
});

test("measurements at once do not disturb each other, and leave nothing on an app's device", async () => {
  const adapter = await requestAdapter();
  const requiredFeatures: GPUFeatureName[] = adapter?.features.has("timestamp-query") ? ["timestamp-query"] : [];
  const device = (await adapter?.requestDevice({ requiredFeatures })) as GPUDevice;
  const alive = new Set<GPUBuffer>();
  const { createBuffer } = device;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    alive.add(buffer);
    const { destroy } = buffer;
    buffer.destroy = () => {
      alive.delete(buffer);
      return destroy.call(buffer);
    };
    return buffer;
  };
  const gpu = await openGpu({ device });
  const x = randomTensor(gpu, [64, 64]);
  const options = { budget: 20 };
  const both = await Promise.all([measure(gpu, () => relu(x), options), measure(gpu, () => add(x, x), options)]);
  for (const { ms } of both) assert.ok(ms.median > 0);
  gpu.check();
  gpu.dispose();
  assert.is(alive.size, 0);
  device.destroy();
});

test("a device that is lost during a measurement is said to be", async () => {
  const gpu = await ownGpu();
  const x = randomTensor(gpu, [64, 64]);
  const measuring = measure(gpu, () => relu(x), { budget: 60_000 });
  setTimeout(() => gpu.device.destroy(), 100);
  assert.instance(await rejectionOf(measuring), DeviceLostError);
  gpu.dispose();
});

test.run();
