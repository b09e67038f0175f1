// Buffers: counted while they live, handed out again when they are free, refused beyond the adapter's limit.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { roundUpBytes } from "../../../engine/device/memory.js";
import * as engine from "../../../engine/index.js";
import { LimitError } from "../../../engine/lib/errors.js";
import { planningGpu } from "../../../engine/open/planning.js";
import { messageOf, ownGpu, testGpu } from "../../support/gpu.js";
import { smallNet } from "../program/small-net.js";

const gpu = await testGpu("software");

test("a binding takes whole vec4s, and at least one", () => {
  assert.equal([0, 1, 16, 17, 64].map(roundUpBytes), [16, 16, 16, 32, 64]);
});

test("a buffer that was given back serves the next tensor of its size class", async () => {
  const own = await ownGpu();
  const x = own.empty([1000]);
  const buffer = x.requireBuffer();
  assert.equal(own.memory(), {
    liveBuffers: 1,
    liveBytes: buffer.size,
    pooledBuffers: 0,
    pooledBytes: 0,
    peakBytes: buffer.size,
  });
  x.dispose();
  assert.equal([own.memory().liveBuffers, own.memory().pooledBytes], [0, buffer.size]);
  assert.is(own.empty([990]).requireBuffer(), buffer);
  own.empty([2000]).dispose();
  own.trimMemory();
  assert.equal([own.memory().liveBuffers, own.memory().pooledBuffers], [1, 0]);
  assert.is(own.memory().peakBytes, 3 * buffer.size);
  own.dispose();
});

test("what results are read through is counted while it is kept, and given back", async () => {
  const own = await ownGpu();
  const x = own.tensor(new Float32Array(1000).fill(3));
  const destroyed: string[] = [];
  const { createBuffer } = own.device;
  own.device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(own.device, descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      destroyed.push(descriptor.label ?? "");
      return destroy();
    };
    return buffer;
  };
  const { liveBytes } = own.memory();
  for (let i = 0; i < 2; i++) await Promise.all([x.read(), x.read()]);
  assert.equal(own.memory(), { ...own.memory(), liveBytes, pooledBuffers: 2, pooledBytes: 2 * 4096 });
  own.trimMemory();
  assert.equal([own.memory().pooledBuffers, own.memory().pooledBytes, own.memory().liveBytes], [0, 0, liveBytes]);
  assert.equal(destroyed, ["staging", "staging"]);
  const reading = x.read();
  own.trimMemory();
  assert.is((await reading)[999], 3);
  own.dispose();
});

test("a call that is refused leaves no buffer, and a seed that is a number none either", async () => {
  const own = await ownGpu();
  const gone = own.tensor(Int32Array.of(1));
  gone.dispose();
  const many = own.empty([2, 3, 2, 3, 2, 3, 2, 3]);
  const pair = own.empty([2]);
  const refused: [says: RegExp, call: () => unknown][] = [
    [/tensor: 3 numbers for a tensor of shape \[2,2\] \(4\) Give 4 numbers\./, () => own.tensor([1, 2, 3], [2, 2])],
    [/tensor: the shape cannot be \[-1\]/, () => own.tensor([1], [-1])],
    [/was disposed/, () => engine.add(gone, 1)],
    [/rand: the shape|tensor: the shape/, () => engine.rand(own, [-1], 1)],
    [/do not broadcast/, () => engine.add(many, pair)],
    [/needs .* in one buffer/, () => own.persistentFlat([[4], [1e10]])],
    [/could not be made/, () => withBroken(own, () => own.empty([1000]))],
  ];
  for (const [says, call] of refused) {
    const { liveBuffers, liveBytes } = own.memory();
    assert.match(messageOf(call), says);
    const after = own.memory();
    assert.equal([after.liveBuffers, after.liveBytes], [liveBuffers, liveBytes], `${says}`);
  }
  const before = own.memory().liveBuffers;
  engine.rand(own, [4], 1).dispose();
  assert.is(own.memory().liveBuffers, before);
  own.dispose();
});

/** Runs `work` while the device makes no buffers. */
function withBroken(own: engine.Gpu, work: () => unknown): void {
  const { createBuffer } = own.device;
  own.device.createBuffer = () => {
    throw new Error("out of memory");
  };
  try {
    work();
  } finally {
    own.device.createBuffer = createBuffer;
  }
}

test("a persistent buffer is no larger than it must be, another one at most a quarter larger", async () => {
  const own = await ownGpu();
  for (const size of [300, 5000, 70_001, 1_000_003]) {
    assert.ok(own.persistent([size]).requireBuffer().size < 4 * size + 256);
    assert.ok(own.empty([size]).requireBuffer().size <= 1.25 * (4 * size + 16) + 1024);
  }
  own.dispose();
});

test("tensors in a flat buffer share it, and the last of them frees it", async () => {
  const own = await ownGpu();
  const tensors = own.persistentFlat([[5], [70], [3, 4]]);
  assert.equal([own.memory().liveBuffers, own.memory().liveBytes], [1, 1024]);
  assert.equal(
    tensors.map(({ storage }) => storage.offset),
    [0, 256, 768],
  );
  tensors.forEach((tensor, i) => {
    tensor.write(new Float32Array(tensor.size).fill(i + 1));
  });
  const doubled = await Promise.all(tensors.map((tensor) => engine.scale(tensor, 2).read()));
  assert.equal(
    doubled.map((values) => [...new Set(values)]),
    [[2], [4], [6]],
  );
  const view = tensors[1].alias([7, 10]);
  for (const tensor of tensors) tensor.dispose();
  assert.is((await view.read())[69], 2);
  view.dispose();
  assert.is(own.memory().liveBuffers - 3, 0, "the three results");
  own.dispose();
});

test("what does not fit one flat buffer takes several", () => {
  const small = planningGpu({ profile: "gpu", subgroupSize: 0 }, 1024);
  const tensors = small.persistentFlat([[100], [100], [256], [1]]);
  assert.is(small.memory().liveBuffers, 3);
  assert.is(new Set(tensors.map(({ storage }) => storage.root)).size, 3);
  assert.throws(() => small.persistentFlat([[257]]), /\[257\] needs/);
});

test("a tensor beyond the adapter's limit is refused by place and size, before the driver sees it", () => {
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  const rows = Math.floor(limit / 4 / 1024) + 1;
  const row = gpu.empty([1, 1024]);
  assert.throws(
    () => gpu.labels.within("G", () => gpu.labels.within("model.12", () => engine.expand(row, [rows, 1024]))),
    (error: Error) => {
      assert.instance(error, LimitError);
      const { message, fix } = error as LimitError;
      assert.ok(message.startsWith(`G.model.12: [${rows},1024] needs `), message);
      assert.match(message, `${(limit / 2 ** 20).toFixed(0)} MiB`);
      assert.match(fix, /smaller tensors/);
      return true;
    },
  );
  // The label ends with the call.
  assert.is(gpu.labels.prefix, "");
});

test("memory stays flat over 200 eager steps", async () => {
  const own = await ownGpu();
  const net = smallNet(own);
  const losses: number[] = [];
  const memory: unknown[] = [];
  for (let step = 1; step <= 200; step++) {
    net.adam.advance(1e-3);
    const loss = own.scope(() => net.step());
    if (step % 20 === 0) losses.push(await loss.item());
    loss.dispose();
    if (step === 20 || step === 200) memory.push(own.memory());
  }
  assert.equal(memory[1], memory[0]);
  // And it learns.
  assert.ok(losses.at(-1)! < losses[0] - 0.1, `losses ${losses}`);
  net.dispose();
  assert.is(own.memory().liveBuffers, 0);
  own.dispose();
});

test("buffers beyond what the pool keeps are destroyed only after the work that reads them", async () => {
  const own = await ownGpu();
  const large = Array.from({ length: 6 }, () => own.empty([1 << 19, 60]));
  const parts = large.map((x) => engine.slice(x, 0, 1));
  for (const x of large) x.dispose();
  for (const part of parts) assert.is((await part.read()).length, 60);
  assert.ok(own.memory().pooledBytes < 6 * large[0].size * 4);
  own.dispose();
});

test.run();
