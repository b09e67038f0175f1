// A GPU that has no memory left: record() says so, as it does of a tensor that is too large, and the engine can still
// be used, with all memory that it had.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Arena, concat, type Gpu, OutOfMemoryError, openGpu, record, slice, square } from "../../../engine/index.js";
import { requestAdapter } from "../../../engine/open/node.js";
import { ownGpu } from "../../support/gpu.js";
import { limitMemory } from "../../support/small-memory.js";

const MIB = 2 ** 20;

/** Engines with 8 MiB: on a device of their own, and on one of the app's. */
const engines: { [device: string]: () => Promise<Gpu> } = {
  "its own device": async () => {
    const gpu = await ownGpu();
    limitMemory(gpu.device, 8 * MIB);
    return gpu;
  },
  "a device of the app's": async () => {
    const device = (await (await requestAdapter())?.requestDevice()) as GPUDevice;
    limitMemory(device, 8 * MIB);
    return openGpu({ device });
  },
};

for (const [device, open] of Object.entries(engines)) {
  test(`a program that is too large for the memory left is refused, and the next one runs (${device})`, async () => {
    const gpu = await open();
    const x = gpu.tensor(new Float32Array(MIB / 4).fill(3));
    const arena = new Arena();
    const kept = await record(gpu, () => square(square(x)), arena);
    const before = gpu.memory();
    const arenaBefore = [...arena.buffers];
    // Results have memory of their own, and the eight of them take 8 MiB; what is between them lies in the arena.
    const work = () => Array.from({ length: 8 }, () => square(square(square(x))));
    try {
      await record(gpu, work, arena);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, OutOfMemoryError);
      assert.is((error as OutOfMemoryError).message, "the GPU is out of memory (no memory is left)");
      assert.is((error as OutOfMemoryError).fix, "Use smaller tensors, or dispose others.");
    }
    const { peakBytes: _, ...left } = gpu.memory();
    assert.equal({ ...left, peakBytes: before.peakBytes }, before);
    assert.equal([...arena.buffers], arenaBefore);
    assert.is(gpu.failure, null);
    const next = await record(gpu, () => square(square(square(x))), arena);
    for (const { program, result, wanted } of [
      { ...kept, wanted: 81 },
      { ...next, wanted: 3 ** 8 },
    ]) {
      program.replay();
      assert.is((await result.read())[0], wanted);
    }
    gpu.dispose();
    gpu.device.destroy();
  });

  test(`what is kept for reuse makes room for a program (${device})`, async () => {
    const gpu = await open();
    const x = gpu.tensor(new Float32Array(MIB / 4).fill(3));
    for (const unused of Array.from({ length: 6 }, () => gpu.empty([MIB / 4]))) unused.dispose();
    assert.is(gpu.memory().pooledBytes, 6 * MIB);
    // Programs have buffers of no more than they need, and none of the pool's sizes.
    const { program, result } = await record(gpu, () => concat([x, x, slice(x, 0, 100)]));
    assert.is(gpu.memory().pooledBytes, 0);
    program.replay();
    assert.is((await result.read()).at(-1), 3);
    gpu.dispose();
    gpu.device.destroy();
  });

  test(`a program is not laid in buffers for which another one finds no memory (${device})`, async () => {
    const gpu = await open();
    const x = gpu.tensor(new Float32Array(MIB / 4).fill(3));
    const arena = new Arena();
    const [tooLarge, next] = await Promise.allSettled([
      record(gpu, () => Array.from({ length: 8 }, () => square(square(square(x)))), arena),
      record(gpu, () => square(square(square(x))), arena),
    ]);
    assert.is(tooLarge.status, "rejected");
    if (next.status === "rejected") throw next.reason;
    next.value.program.replay();
    assert.is((await next.value.result.read())[0], 3 ** 8);
    gpu.dispose();
    gpu.device.destroy();
  });

  test(`outside of programs it is the engine's end, and said likewise (${device})`, async () => {
    const gpu = await open();
    gpu.empty([3 * MIB]);
    try {
      await gpu.finish();
      await gpu.finish();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, OutOfMemoryError);
      assert.is((error as OutOfMemoryError).message, "the GPU is out of memory (no memory is left)");
    }
    assert.instance(gpu.failure, OutOfMemoryError);
    gpu.dispose();
    gpu.device.destroy();
  });
}

test.run();
