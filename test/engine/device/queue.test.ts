// The queue: writes, work and reads take effect in the order in which they were given, however they are batched.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { record, scale, square, sum } from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("a write takes effect after the work that was given before it", async () => {
  const x = gpu.tensor([1]);
  const before = scale(x, 2);
  x.write(Float32Array.of(5));
  const after = scale(x, 2);
  assert.equal([await before.item(), await after.item()], [2, 10]);
});

test("more dispatches than one submit holds run in order", async () => {
  const y = gpu.scope(() => {
    let x = gpu.tensor([0]);
    for (let i = 0; i < 300; i++) x = scale(x, 1, 1);
    return x;
  });
  assert.is(await y.item(), 300);
  y.dispose();
});

test("several reads are under way at a time, and each has what it was asked for", async () => {
  const x = gpu.tensor([0, 0, 0]);
  const reads = [1, 2, 3].map((value) => {
    x.write(Float32Array.of(value, value, value));
    return x.read();
  });
  assert.equal(
    (await Promise.all(reads)).map((values) => [...values]),
    [
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ],
  );
});

test("eager work and replays take turns in the order in which they were given", async () => {
  const x = gpu.tensor([1, 2]);
  const { program, result } = await record(gpu, () => sum(square(x)));
  program.replay();
  const first = scale(result, 10);
  x.write(Float32Array.of(3, 4));
  program.replay();
  const second = scale(result, 10);
  assert.equal([await first.item(), await second.item()], [50, 250]);
  program.dispose();
});

test("finish resolves when all work is done", async () => {
  const x = gpu.tensor([1]);
  square(x);
  assert.is(await gpu.finish(), undefined);
});

test.run();
