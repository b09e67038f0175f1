// A recording keeps dispatches in place of running them; a dry run keeps nothing at all.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { add, record, reshape, square } from "../../../engine/index.js";
import { dryRun, Recording } from "../../../engine/program/recording.js";
import { ownGpu, rejectionOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("what is recorded waits in order, and has promises in place of memory", () => {
  const x = gpu.tensor([1, 2]);
  const before = gpu.memory().liveBuffers;
  const recording = new Recording("nothing");
  const y = gpu.recordInto(recording, () => add(square(x), x));
  assert.is(recording.dispatches.length, 2);
  assert.ok(y.storage.virtual && y.storage.buffer === null);
  assert.ok(recording.dispatches[1].storages.includes(y.storage));
  assert.is(gpu.memory().liveBuffers, before);
  assert.is(gpu.recorder, null);
});

test("constants that are uploaded on the way belong to the recording until it is discarded", () => {
  const before = gpu.memory().liveBuffers;
  const recording = new Recording("nothing");
  gpu.recordInto(recording, () => square(gpu.tensor([1, 2])));
  assert.is(recording.constants.length, 1);
  assert.is(gpu.memory().liveBuffers, before + 1);
  recording.discard(gpu);
  assert.is(gpu.memory().liveBuffers, before);
});

test("a dry run lets observers see the work, and leaves nothing behind, also where the work throws", () => {
  const before = gpu.memory().liveBuffers;
  const operators: string[] = [];
  const remove = gpu.observers.add({ onOperator: ({ operator }) => operators.push(operator) });
  try {
    dryRun(gpu, () => square(add(gpu.tensor([1]), gpu.tensor([2]))));
    assert.throws(() => dryRun(gpu, () => add(gpu.tensor([1, 2]), gpu.tensor([1, 2, 3]))), /do not broadcast/);
  } finally {
    remove();
  }
  assert.equal(operators, ["add", "square"]);
  assert.is(gpu.memory().liveBuffers, before);
  assert.is(gpu.recorder, null);
});

test("what a recording made of tensors from outside, without copying, does not keep their memory", async () => {
  const gpu = await ownGpu();
  const x = gpu.persistent([4]).requireGrad();
  const work = () => square(reshape(x.detach(), [2, 2]));
  const { program, result } = await record(gpu, work);
  x.write([1, 2, 3, 4]);
  program.replay();
  assert.equal([...(await result.read())], [1, 4, 9, 16]);
  await rejectionOf(
    record(gpu, () => {
      work();
      throw new Error("in the midst");
    }),
  );
  program.dispose();
  x.dispose();
  assert.is(gpu.memory().liveBuffers, 0);
  gpu.dispose();
});

test.run();
