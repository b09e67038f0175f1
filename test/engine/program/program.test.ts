// Recorded programs: the same bits as eager execution, replay after replay, in less memory.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import * as engine from "../../../engine/index.js";
import { Arena, record } from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { messageOf, ownGpu, profiles, rejectionOf, testGpu, uniform } from "../../support/gpu.js";
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

for (const profile of profiles) {
  test(`a tensor is copied into an input between replays, and into one of its own in each, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const [x, kept] = [gpu.persistent([3]), gpu.persistent([3])];
    const before = gpu.memory().liveBuffers;
    const { program } = await record(gpu, () => {
      const y = engine.square(x);
      kept.copyFrom(y);
      return engine.add(y, kept);
    });
    for (const values of [
      [1, 2, 3],
      [4, 5, 6],
    ]) {
      const frame = gpu.tensor(values);
      x.copyFrom(frame);
      frame.dispose();
      program.replay();
      assert.equal(
        [...(await kept.read())],
        values.map((v) => v * v),
      );
    }
    program[Symbol.dispose]();
    assert.is(gpu.memory().liveBuffers, before);
    for (const tensor of [x, kept]) tensor.dispose();
  });
}

test("a tensor inside a recording has no content yet", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1]);
  const { program } = await record(gpu, () => {
    const y = engine.square(x);
    assert.match(
      messageOf(() => y.requireBuffer()),
      /no content until its program is made/,
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

test("a disposed program is not replayed", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2]);
  const { program } = await record(gpu, () => engine.square(x));
  program.dispose();
  assert.is(
    messageOf(() => program.replay()),
    "DisposedError: replay: the program was disposed Record another one.",
  );
});

test("work that is async cannot be recorded, and leaves the device usable", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2]);
  const before = gpu.memory().liveBuffers;
  const half = async () => {
    const y = engine.add(x, gpu.tensor([1, 1]));
    await Promise.resolve();
    return y;
  };
  const error = (await rejectionOf(record(gpu, half))) as engine.ArgumentError;
  assert.instance(error, engine.ArgumentError);
  assert.match(error.message, /^record: what is async runs outside/);
  assert.is(gpu.memory().liveBuffers, before);
  assert.is(gpu.recorder, null);
  assert.equal([...(await engine.square(x).read())], [1, 4]);
});

test("results are found in objects of any class, and in Sets", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([2, 3]);
  class Result {
    squares = engine.square(x);
    others = new Set([engine.scale(x, 10)]);
  }
  const { program, result } = await record(gpu, () => new Result());
  program.replay();
  assert.equal([...(await result.squares.read())], [4, 9]);
  assert.equal([...(await [...result.others][0].read())], [20, 30]);
  program.dispose();
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
  let refusal: Promise<string> = Promise.resolve("");
  const { program } = await record(gpu, () => {
    refusal = record(gpu, () => {}).then(
      () => "",
      (error: Error) => error.message,
    );
  });
  program.dispose();
  assert.match(await refusal, /already being recorded/);
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

// ---- progress and cancellation

/** A kernel that no cache has seen. */
const fresh = (value: number) =>
  engine.kernelFromWgsl(
    `add_${value}`,
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
     @compute @workgroup_size(1) fn main() { x[0] += ${value}.0; }`,
  );

/** Work of one dispatch per value, which adds all of them to x. */
function addTo(gpu: Gpu, values: readonly number[]) {
  const x = gpu.persistent([1]);
  x.write(Float32Array.of(0));
  const work = () => {
    for (const value of values) gpu.dispatch(fresh(value), { bindings: { x }, params: {}, grid: 1 });
    return gpu.empty([1]);
  };
  return { x, work };
}

test("recording tells how many of its kernels are compiled", async () => {
  const gpu = await testGpu("software");
  const { x, work } = addTo(gpu, [1, 2, 3, 4]);
  const fractions: number[] = [];
  const { program } = await record(gpu, work, undefined, { onProgress: (fraction) => fractions.push(fraction) });
  assert.equal(fractions, [0.25, 0.5, 0.75, 1]);
  program.replay();
  assert.is(await x.item(), 10);
  program.dispose();
  x.dispose();
});

test("recording that is called off rejects with the reason and gives its memory back", async () => {
  const gpu = await testGpu("software");
  const { x, work } = addTo(gpu, [5, 6, 7]);
  const before = gpu.memory();
  const reason = new Error("the user went elsewhere");
  const stop = new AbortController();
  const recording = record(gpu, work, undefined, { signal: stop.signal });
  stop.abort(reason);
  assert.is(await rejectionOf(recording), reason);
  assert.is(gpu.memory().liveBuffers, before.liveBuffers);
  assert.is(gpu.memory().liveBytes, before.liveBytes);
  assert.is(gpu.recorder, null);
  const { program } = await record(gpu, work);
  program.replay();
  assert.is(await x.item(), 18);
  program.dispose();
  x.dispose();
});

test("what is called off before it began does nothing", async () => {
  const gpu = await testGpu("software");
  let called = false;
  const error = await rejectionOf(record(gpu, () => (called = true), undefined, { signal: AbortSignal.abort() }));
  assert.is((error as Error).name, "AbortError");
  assert.not.ok(called);
});

test("a program does not touch memory that was given back, which may be another tensor's by now", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2]);
  const weight = gpu.tensor([5, 5]);
  const sgd = new engine.SGD(gpu, [weight]);
  const { program } = await record(gpu, () => sgd.update([engine.mul(x, 2)]));
  sgd.advance(1);
  weight.dispose();
  const other = gpu.tensor([7, 7]); // in the memory of the weight
  assert.match(
    messageOf(() => program.replay()),
    /replay: the program uses \[2\], which was disposed/,
  );
  assert.equal([...(await other.read())], [7, 7]);
  const before = gpu.memory().liveBuffers;
  const error = await rejectionOf(record(gpu, () => sgd.update([engine.mul(x, 2)])));
  assert.instance(error, engine.DisposedError);
  const late = gpu.tensor([1, 2]);
  const recording = rejectionOf(record(gpu, () => engine.square(late)));
  late.dispose();
  assert.instance(await recording, engine.DisposedError);
  assert.is(gpu.memory().liveBuffers, before);
  for (const each of [program, sgd, x, other]) each.dispose();
});

test.run();
