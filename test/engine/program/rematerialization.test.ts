// What a recorded backward pass recomputes is what was there: the same bits, in less memory, and only where it is read.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import * as engine from "../../../engine/index.js";
import { grad, type Rematerialize, record } from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { keepForBackward } from "../../../engine/program/recording.js";
import { profiles, testGpu, uniform, upload } from "../../support/gpu.js";

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

/** Stages of every kind that the networks have; each but the last is kept where everything else is recomputed. */
function stages(gpu: Gpu) {
  const random = new Random(7);
  const weight = () => upload(gpu, uniform(random, [8, 8, 3, 3], -0.3, 0.3)).requireGrad();
  const weights = Array.from({ length: 8 }, weight);
  const input = upload(gpu, uniform(random, [2, 8, 16, 16]));
  const convolve = (x: engine.Tensor, i: number) => engine.conv2d(x, weights[i], undefined, { padding: 1 });
  const loss = () => {
    let x = keepForBackward(engine.blurDown(engine.leakyRelu(convolve(engine.reflectionPad2d(input, 3), 0))));
    for (let block = 0; block < 3; block++) {
      const hidden = engine.instanceNorm(convolve(x, 1 + 2 * block), { activation: "relu" });
      x = keepForBackward(engine.instanceNorm(convolve(hidden, 2 + 2 * block), { residual: x }));
    }
    const y = engine.relu(convolve(engine.blurUp(x), 7));
    const half = engine.reshape(engine.slice(y, 0, 1), [y.size / 2]);
    return engine.mean(engine.square(engine.tanh(engine.mul(half, half))));
  };
  const dispose = () => {
    for (const tensor of [...weights, input]) tensor.dispose();
  };
  return { weights, loss, dispose };
}

async function run(gpu: Gpu, rematerialize: Rematerialize) {
  const { weights, loss, dispose } = stages(gpu);
  const work = () => {
    const value = loss();
    return [value, ...grad(value, weights)];
  };
  const { program, result } = await record(gpu, work, undefined, { rematerialize });
  program.replay();
  const values = await Promise.all(result.map((tensor) => tensor.read()));
  const outcome = { bits: values.flatMap(bits), bytes: program.bytes, length: program.length };
  program.dispose();
  dispose();
  return outcome;
}

for (const profile of profiles) {
  test(`recomputing changes no bit and saves memory (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const nothing = await run(gpu, "nothing");
    const cheap = await run(gpu, "cheap");
    const everything = await run(gpu, "everything");
    assert.equal(cheap.bits, nothing.bits);
    assert.equal(everything.bits, nothing.bits);
    assert.ok(cheap.bytes < 0.9 * nothing.bytes, `${cheap.bytes} of ${nothing.bytes}`);
    assert.ok(everything.bytes < 0.9 * cheap.bytes, `${everything.bytes} of ${cheap.bytes}`);
    assert.ok(nothing.length < cheap.length && cheap.length < everything.length);
  });
}

test("what no gradient reads is not recomputed", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2, 3, 4], [1, 1, 2, 2]).requireGrad();
  const kernels = async (rematerialize: Rematerialize) => {
    // The blur's gradient needs the size of its input only.
    const work = () => grad(engine.sum(engine.blurDown(engine.scale(x, 2))), [x]);
    const { program } = await record(gpu, work, undefined, { rematerialize });
    const names = program.kernels();
    program.dispose();
    return names;
  };
  assert.equal(await kernels("everything"), await kernels("nothing"));
  x.dispose();
});

test("a tensor that is returned is kept beside its recomputed copy", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2, 3]).requireGrad();
  const { program, result } = await record(gpu, () => {
    const y = engine.scale(x, 2);
    return { y, dx: grad(engine.sum(engine.square(y)), [x])[0] };
  });
  for (const start of [1, 5]) {
    x.write(Float32Array.of(start, 2, 3));
    program.replay();
    assert.equal([...(await result.y.read())], [2 * start, 4, 6]);
    assert.equal([...(await result.dx.read())], [8 * start, 16, 24]);
  }
  program.dispose();
  x.dispose();
});

test("a result that is overwritten before the gradient is kept", async () => {
  const gpu = await testGpu("software");
  const [x, beside] = [gpu.tensor([1, 2, 3]).requireGrad(), gpu.tensor([1, 1, 1]).requireGrad()];
  const work = () => {
    const y = engine.square(x);
    const loss = engine.sum(engine.mul(y, beside));
    y.copyFrom(engine.scale(x, 10));
    return grad(loss, [beside])[0];
  };
  const eager = gpu.scope(work);
  assert.equal([...(await eager.read())], [10, 20, 30]);
  for (const rematerialize of ["nothing", "cheap", "everything"] as const) {
    const { program, result } = await record(gpu, work, undefined, { rematerialize });
    program.replay();
    assert.equal([...(await result.read())], [10, 20, 30], rematerialize);
    program.dispose();
  }
  for (const tensor of [x, beside, eager]) tensor.dispose();
});

test("what was made from parameters that are updated before the gradient is kept", async () => {
  const gpu = await testGpu("software");
  const train = async (recorded: boolean) => {
    const [x, beside] = gpu.persistentFlat([[3], [1]]).map((tensor) => tensor.requireGrad());
    x.write(Float32Array.of(1, 2, 3));
    beside.write(Float32Array.of(1));
    // One dispatch updates both.
    const parameters = new Map(Object.entries({ x, beside }));
    const adam = new engine.Adam(gpu, parameters);
    adam.advance(0.5);
    const work = () => {
      const y = engine.square(x);
      const shared = engine.square(y);
      adam.update(grad(engine.sum(engine.mul(y, beside)), [x, beside]));
      return grad(engine.sum(shared), [y])[0];
    };
    const { program, result } = recorded ? await record(gpu, work) : { program: null, result: work() };
    program?.replay();
    const gradient = await result.read();
    program?.dispose();
    adam.dispose();
    for (const tensor of parameters.values()) tensor.dispose();
    return [...gradient];
  };
  assert.equal(await train(true), [2, 8, 18]);
  assert.equal(await train(false), [2, 8, 18]);
});

test.run();
