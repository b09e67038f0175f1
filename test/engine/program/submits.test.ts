// The submits of much work: several where one would keep a GPU busy for long, which timestamps do not show.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { between, Timestamps } from "../../../bench/measurement/timestamps.js";
import { type Gpu, record, scale } from "../../../engine/index.js";
import { ownGpu } from "../../support/gpu.js";

function countSubmits({ device: { queue } }: Gpu): { count: number } {
  const submits = { count: 0 };
  const { submit } = queue;
  queue.submit = (commands) => {
    submits.count++;
    return submit.call(queue, commands);
  };
  return submits;
}

test("operators are submitted early where they bind much", async () => {
  const gpu = await ownGpu();
  let y = gpu.tensor(new Float32Array(2 ** 24).fill(2));
  const submits = countSubmits(gpu);
  // The first has a submit of its own, which compiles the kernel; each binds 128 MiB.
  y = scale(y, 0.5);
  await gpu.finish();
  submits.count = 0;
  for (let i = 1; i < 20; i++) {
    const next = scale(y, i % 2 === 0 ? 0.5 : 2);
    y.dispose();
    y = next;
  }
  assert.is(submits.count, 2);
  assert.is((await y.read())[0], 2);
  gpu.dispose();
});

test("a replay that would keep a GPU busy for long is several submits, timed as one", async () => {
  const gpu = await ownGpu();
  const x = gpu.tensor(new Float32Array(2 ** 24).fill(2));
  // Each binds 128 MiB.
  const { program, result } = await record(gpu, () => {
    let y = x;
    for (let i = 0; i < 20; i++) y = scale(y, i % 2 === 0 ? 0.5 : 2);
    return y;
  });
  const submits = countSubmits(gpu);
  const timestamps = Timestamps.of(gpu, 1);
  program.replay(timestamps?.writes(0));
  assert.is(submits.count, 3);
  const values = await result.read();
  assert.equal([values[0], values.at(-1)], [2, 2]);
  const all = (await timestamps?.read())?.map(between)[0] ?? Number.NaN;
  const each = Timestamps.of(gpu, program.length);
  submits.count = 0;
  program.replay((dispatch) => each?.writes(dispatch) as GPUComputePassTimestampWrites);
  assert.is(submits.count, 3);
  const parts = (await each?.read())?.map(between) ?? [];
  assert.is(parts.length, 20);
  assert.ok(parts.every((part) => part > 0 && part < all));
  gpu.dispose();
});

test.run();
