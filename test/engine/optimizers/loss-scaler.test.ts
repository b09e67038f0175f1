// Loss scaling: Adam with gradients of a scaled loss takes the steps of the reference, leaves those out whose gradients
// overflow, and the scale falls and grows as PyTorch's does.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import { Adam, Arena, div, LossScaler, mul, record, type Tensor } from "../../../engine/index.js";
import { adam as referenceStep } from "../../../engine/optimizers/reference.js";
import { zeros } from "../../../engine/reference.js";
import { adamCases } from "../../operators/optimizers.js";
import { assertClose, download, profiles, testGpu } from "../../support/gpu.js";

/** Adam on one weight [2], which starts at 0, with a scaler; `take` does a step with these gradients. */
async function small(gpu: Gpu, options: ConstructorParameters<typeof LossScaler>[1]) {
  const scaler = new LossScaler(gpu, options);
  const weight = gpu.tensor([0, 0]);
  const adam = new Adam(gpu, [weight], {}, scaler);
  const take = async (...gradient: number[]) => {
    adam.advance(0.5);
    const g = gpu.tensor(Float32Array.from(gradient));
    adam.update([g]);
    scaler.update();
    g.dispose();
    const [m] = adam.m.values();
    return { ...(await scaler.read()), weight: [...(await weight.read())], m: [...(await m.read())] };
  };
  const dispose = () => {
    for (const each of [adam, scaler, weight]) each.dispose();
  };
  return { adam, scaler, take, dispose };
}

for (const profile of profiles) {
  for (const { title, parameters: start, gradients, options, learningRates, bound } of adamCases) {
    test(`gradients of a scaled loss: ${title} (${profile})`, async () => {
      const gpu = await testGpu(profile);
      const scaler = new LossScaler(gpu, { initScale: 256 });
      const parameters = gpu.persistentFlat(start.map(({ shape }) => shape));
      for (const [i, { data }] of start.entries()) parameters[i].write(Float32Array.from(data));
      const adam = new Adam(gpu, parameters, options, scaler);
      const inputs = start.map(({ shape }) => gpu.persistent(shape));
      const work = () => {
        adam.update(inputs.map((input) => mul(input, 256)));
        scaler.update();
      };
      const { program } = await record(gpu, work);
      let state = start.map((p) => ({ p, m: zeros(p.shape), v: zeros(p.shape) }));
      for (const [step, lr] of learningRates.entries()) {
        for (const [k, input] of inputs.entries()) input.write(Float32Array.from(gradients[step][k].data));
        adam.advance(lr);
        program.replay();
        state = state.map(({ p, m, v }, k) =>
          referenceStep(p, gradients[step][k], m, v, { ...options, lr, step: step + 1 }),
        );
      }
      for (const [k, { p }] of state.entries()) assertClose(await download(parameters[k]), p, 3 * bound, `p${k}`);
      assert.is(await adam.updates(), learningRates.length);
      for (const each of [program, adam, scaler, ...parameters, ...inputs]) each.dispose();
    });
  }
}

test("an update with a gradient that overflowed is left out, and the scale halved", async () => {
  const gpu = await testGpu("gpu");
  for (const bad of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
    const { adam, take, dispose } = await small(gpu, { initScale: 1024 });
    const first = await take(1024, -1024);
    assert.equal([first.scale, first.growthTracker], [1024, 1]);
    const second = await take(5, bad);
    assert.equal(second, { ...first, scale: 512, growthTracker: 0 });
    assert.is(await adam.updates(), 1);
    const third = await take(512, -512);
    assert.equal([third.scale, third.growthTracker], [512, 1]);
    assert.ok(Math.abs(third.weight[0] + 1) < 1e-5, `two steps of 0.5 and not ${third.weight[0]}`);
    dispose();
  }
});

test("after so many steps without overflow the scale is doubled", async () => {
  const { take, dispose } = await small(await testGpu("software"), { initScale: 4, growthInterval: 3 });
  const states = [];
  for (const bad of [0, 0, Number.NaN, 0, 0, 0, 0]) states.push(await take(bad, 1));
  assert.equal(
    states.map(({ scale, growthTracker }) => [scale, growthTracker]),
    [[4, 1], [4, 2], [2, 0], [2, 1], [2, 2], [4, 0], [4, 1]], // biome-ignore format: a row
  );
  dispose();
});

test("an overflow at the smallest scale makes it 0, and nothing is updated any more", async () => {
  const { take, scaler, dispose } = await small(await testGpu("software"), { initScale: 2 });
  const { weight } = await take(Number.POSITIVE_INFINITY, 0);
  assert.equal(await scaler.read(), { scale: 1, growthTracker: 0 });
  await take(Number.POSITIVE_INFINITY, 0);
  assert.equal(await scaler.read(), { scale: 0, growthTracker: 0 });
  assert.equal((await take(1, 1)).weight, weight);
  dispose();
});

test("what lies between gradients in memory is no overflow", async () => {
  const gpu = await testGpu("gpu");
  const scaler = new LossScaler(gpu);
  const parameters = gpu.persistentFlat([[3], [70], [5]]);
  for (const parameter of parameters) parameter.write(new Float32Array(parameter.size));
  const adam = new Adam(gpu, parameters, {}, scaler);
  const [nothing, ...inputs] = [
    gpu.tensor(new Float32Array(4096)),
    ...parameters.map(({ shape }) => gpu.persistent(shape)),
  ];
  for (const input of inputs) input.write(new Float32Array(input.size).fill(1));
  const arena = new Arena();
  // Of the arena's memory nothing is left that is a number.
  const dirty = await record(gpu, () => void mul(div(nothing, nothing), 2), arena);
  const update = (gradients: Tensor[]) => {
    adam.update(gradients);
    scaler.update();
  };
  const clean = await record(gpu, () => update(inputs.map((input) => mul(input, 1))), arena);
  dirty.program.replay();
  adam.advance(0.1);
  clean.program.replay();
  assert.equal(await scaler.read(), { scale: 2 ** 16, growthTracker: 1 });
  inputs[2].write([1, 1, 1, 1, Number.NaN]);
  adam.advance(0.1);
  clean.program.replay();
  assert.equal(await scaler.read(), { scale: 2 ** 15, growthTracker: 0 });
  for (const each of [dirty.program, clean.program, adam, scaler, nothing, ...parameters, ...inputs]) each.dispose();
});

test("a loss of several elements has no scaled gradient", async () => {
  const gpu = await testGpu("gpu");
  const scaler = new LossScaler(gpu);
  const loss = gpu.tensor([1, 2]);
  assert.throws(() => scaler.lossGradient(loss), /the loss has shape \[2\]/);
  for (const each of [loss, scaler]) each.dispose();
});

test.run();
