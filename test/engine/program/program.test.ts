// Recorded programs: the same bits as eager execution, replay after replay, in less memory.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../../engine/core/tensor.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { foldGrid } from "../../../engine/device/kernel.js";
import * as engine from "../../../engine/index.js";
import { Arena, record } from "../../../engine/index.js";
import * as reference from "../../../engine/operators/reference.js";
import { Random } from "../../../engine/random.js";
import { assertClose, download, messageOf, ownGpu, profiles, testGpu, uniform, upload } from "../../support/gpu.js";
import { type SmallNet, smallNet } from "./small-net.js";

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

const inputOf = (step: number, net: SmallNet) => Float32Array.from(uniform(new Random(step), net.input.shape).data);

/** Trains a few steps with another input each, and returns the bits of losses and final parameters. */
async function train(gpu: Gpu, run: (net: SmallNet) => Promise<() => engine.Tensor>): Promise<number[]> {
  const net = smallNet(gpu);
  const step = await run(net);
  const result: number[] = [];
  for (let i = 0; i < 4; i++) {
    net.input.write(inputOf(i, net));
    net.adam.advance(0.01);
    result.push(...bits(await step().read()));
  }
  for (const parameter of net.parameters.values()) result.push(...bits(await parameter.read()));
  net.dispose();
  return result;
}

for (const profile of profiles) {
  test(`training recorded equals training eagerly, bit for bit, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const eager = await train(gpu, async (net) => () => gpu.scope(() => net.step()));
    const recorded = await train(gpu, async (net) => {
      const { program, result } = await record(gpu, () => net.step());
      // Buffers given back since the recording must not be ones that the program still reads.
      for (let i = 0; i < 20; i++) gpu.tensor([i]);
      return () => {
        program.replay();
        return result;
      };
    });
    assert.equal(recorded, eager);
  });
}

test("results that are returned keep their memory; everything else shares", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor(new Float32Array(4096).fill(0.5));
  let sum = 0;
  const { program, result } = await record(gpu, () => {
    let y = x;
    const kept = [];
    for (let i = 0; i < 10; i++) {
      y = engine.scale(y, 1, 1);
      sum += y.size * 4;
      if (i === 4) kept.push(y);
    }
    return { first: kept[0], last: y };
  });
  // Two kept and two that take turns, in place of ten.
  assert.is(program.bytes, (4 * sum) / 10);
  assert.is(program.length, 10);
  for (const start of [0.5, 7]) {
    x.write(new Float32Array(4096).fill(start));
    program.replay();
    assert.is((await result.first.read())[4095], start + 5);
    assert.is((await result.last.read())[0], start + 10);
  }
  program.dispose();
  x.dispose();
});

test("a tensor inside a recording has no content yet", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1]);
  const { program } = await record(gpu, () => {
    const y = engine.square(x);
    assert.match(
      messageOf(() => y.requireBuffer()),
      /no content yet: its program is still being recorded/,
    );
  });
  program.dispose();
});

test("memory stays flat over 200 replays, and is given back by dispose", async () => {
  const gpu = await ownGpu();
  const net = smallNet(gpu);
  const outside = gpu.memory().liveBuffers;
  const { program, result } = await record(gpu, () => net.step());
  const memory: unknown[] = [];
  for (let step = 1; step <= 200; step++) {
    net.adam.advance(1e-3);
    program.replay();
    if (step === 20 || step === 200) {
      await result.item();
      memory.push(gpu.memory());
    }
  }
  assert.equal(memory[1], memory[0]);
  program.dispose();
  program.dispose();
  assert.is(gpu.memory().liveBuffers, outside);
  gpu.dispose();
});

test("two programs take turns on one arena, and one outlives the other", async () => {
  const gpu = await ownGpu();
  const arena = new Arena();
  const x = gpu.tensor(new Float32Array(1000).fill(3));
  const chain = (factor: number) => () => engine.sum(engine.square(engine.scale(engine.square(x), factor)));
  const first = await record(gpu, chain(1), arena);
  const alone = gpu.memory().liveBytes;
  const second = await record(gpu, chain(2), arena);
  // Only the second's result is new.
  assert.is(gpu.memory().liveBytes, alone + 64);
  first.program.replay();
  second.program.replay();
  assert.is(await first.result.item(), 81_000);
  first.program.dispose();
  // What the pool has to give now must not be memory of the second.
  for (let i = 0; i < 5; i++) gpu.tensor(new Float32Array(1000).fill(9));
  second.program.replay();
  assert.is(await second.result.item(), 324_000);
  second.program.dispose();
  assert.is(arena.buffers.length, 0);
  gpu.dispose();
});

test("an error inside record leaves the device usable", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2]);
  const before = gpu.memory().liveBuffers;
  const failing = record(gpu, () => engine.add(engine.add(x, gpu.tensor([1, 1])), engine.concat([x, gpu.tensor([5])])));
  try {
    await failing;
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /^add: shapes \[2\] and \[3\] do not broadcast/);
  }
  assert.is(gpu.recorder, null);
  assert.is(gpu.memory().liveBuffers, before);
  const { program, result } = await record(gpu, () => engine.square(x));
  program.replay();
  assert.equal([...(await result.read())], [1, 4]);
  program.dispose();
});

test("a program is not recorded inside another", async () => {
  const gpu = await testGpu("software");
  let inner: Promise<unknown> = Promise.resolve();
  const { program } = await record(gpu, () => {
    inner = record(gpu, () => {});
  });
  program.dispose();
  try {
    await inner;
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /already being recorded/);
  }
});

test("the kernels of a program are compiled side by side, each once", async () => {
  const gpu = await ownGpu();
  const compile = gpu.device.createComputePipelineAsync.bind(gpu.device);
  let [running, most, count] = [0, 0, 0];
  gpu.device.createComputePipelineAsync = async (descriptor) => {
    count++;
    most = Math.max(most, ++running);
    const pipeline = await compile(descriptor);
    running--;
    return pipeline;
  };
  const x = gpu.tensor([1, 2]);
  const { program } = await record(gpu, () =>
    engine.sum(engine.mul(engine.square(engine.square(x)), engine.tanh(engine.sigmoid(x)))),
  );
  assert.is(program.length, 6);
  assert.is(count, new Set(program.kernels()).size);
  assert.is(most, count);
  program.dispose();
  gpu.dispose();
});

// ---- grids beyond 65535 workgroups

test("a grid of many workgroups is folded into two dimensions that cover it", () => {
  for (const groups of [1, 65535, 65536, 65537, 70001, 1_000_003, 65535 * 65535]) {
    const [x, y, z] = foldGrid(groups);
    assert.ok(x <= 65535 && y <= 65535 && z === 1);
    assert.ok(x * y >= groups && x * y - groups < x, `${groups} become ${x} x ${y}`);
  }
  assert.throws(() => foldGrid([65536, 1, 1]), /too large/);
});

test("element by element over more than 65535 workgroups", async () => {
  const gpu = await testGpu("gpu");
  // 64 invocations of one vec4 each, and a tail.
  const size = 65537 * 64 * 4 + 3;
  const x = gpu.empty([size]);
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = i % 1009;
  x.write(numbers);
  const y = engine.scale(x, 2, 1);
  const values = await y.read();
  let wrong = 0;
  for (let i = 0; i < size; i++) if (values[i] !== 2 * (i % 1009) + 1) wrong++;
  assert.is(wrong, 0);
  x.dispose();
  y.dispose();
  gpu.trimMemory();
});

test("a workgroup for each of more than 65535 planes and rows", async () => {
  const gpu = await testGpu("software");
  const shape = [1, 65539, 1, 3];
  const x = uniform(new Random(4), shape);
  const dy = uniform(new Random(5), shape);
  const work = () => {
    const input = upload(gpu, x).requireGrad();
    const y = engine.instanceNorm(input);
    const [dx] = engine.grad(y, [input], { dy: upload(gpu, dy) });
    return [y, dx, engine.sum(input, [3]), engine.l2Normalize(engine.reshape(input, [65539, 3]))];
  };
  const tensors = gpu.variants.force({ reduce: "rows" }, () => gpu.scope(work));
  const [y, dx, sums, units] = await Promise.all(tensors.map(download));
  assertClose(y, reference.instanceNorm(x), 2e-5, "instanceNorm");
  assertClose(dx, reference.instanceNormGradient(x, {}, dy).dx, 1e-3, "its gradient");
  assertClose(sums, reference.sum(x, [3]), 2e-5, "sums");
  assertClose(units, reference.l2Normalize(reference.reshape(x, [65539, 3])), 2e-5, "unit rows");
  for (const tensor of tensors) tensor.dispose();
  assert.is(sizeOf(sums.shape), 65539);
});

test.run();
