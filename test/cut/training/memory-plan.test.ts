// The memory of a training step: planned without a GPU, equal to what the step then takes, within what the method is
// promised to need, and halved by --low_memory without a bit of difference.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { initialWeights, readParameters, writeParameters } from "../../../cut/networks/network.js";
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { planStep } from "../../../cut/training/memory-plan.js";
import { TrainingStep } from "../../../cut/training/training-step.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import type { AdapterTraits } from "../../../engine/device/adapter.js";
import { Random } from "../../../engine/lib/random.js";
import { ownGpu, profiles, testGpu } from "../../support/gpu.js";
import { WatchedStep } from "../../support/watched-step.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

const test = suite("memory plan");

/** One layer more than the other tests tap. */
const nce_layers = [0, 4, 8, 12];

const bytesOf = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");

/** Two steps: everything that a step computes, and the bytes of its program. */
async function train(gpu: Gpu, given: Record<string, unknown>) {
  const options = tinyOptions({ nce_layers, ...given });
  const step = new WatchedStep(gpu, options);
  const random = new Random(5);
  const networks = Object.values(step.method.networks);
  for (const { parameters } of networks) {
    const shapes = new Map([...parameters].map(([key, { shape }]) => [key, shape]));
    writeParameters(parameters, initialWeights(shapes, random, { init_type: "xavier", init_gain: 1 }));
  }
  const outcome: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const picture = () => Float32Array.from({ length: 3 * SIDE * SIDE }, () => Math.tanh(random.normal()));
    const pair = { A: picture(), B: picture(), height: SIDE, width: SIDE };
    const kinds = [step.method.kinds[i] ?? ""];
    await step.run({ ...pair, draw: { ...step.draw(random, pair), kinds }, learningRate: 0.01 });
    outcome.push(await step.losses());
    for (const tensors of Object.values(step.gradients)) {
      for (const tensor of tensors) outcome.push(bytesOf(await tensor.read()));
    }
  }
  for (const { parameters } of networks) {
    for (const values of (await readParameters(parameters)).values()) outcome.push(bytesOf(values));
  }
  const { bytes } = step.size;
  step.dispose();
  return { outcome, bytes };
}

for (const profile of profiles) {
  for (const given of [{ CUT_mode: "CUT" }, { CUT_mode: "FastCUT" }, { gan_mode: "wgangp", lambda_R1: 1 }]) {
    test(`--low_memory changes no bit of two steps with ${JSON.stringify(given)} (${profile})`, async () => {
      const gpu = await testGpu(profile);
      const usual = await train(gpu, given);
      const low = await train(gpu, { ...given, low_memory: true });
      assert.equal(low.outcome, usual.outcome);
      assert.ok(low.bytes < usual.bytes, `${low.bytes} of ${usual.bytes}`);
    });
  }
}

test("a plan counts what training then takes", async () => {
  const gpu = await ownGpu();
  for (const low_memory of [false, true]) {
    const options = tinyOptions({ nce_layers, low_memory });
    const before = gpu.memory().liveBytes;
    const step = new TrainingStep(gpu, options);
    await step.prepare({ batch: 1, height: SIDE, width: SIDE });
    const { bytes } = await planStep(options, { batch: 1, height: SIDE, width: SIDE }, gpu);
    assert.is(bytes, gpu.memory().liveBytes - before);
    step.dispose();
  }
  gpu.dispose();
});

const GIB = 2 ** 30;
const adapters: AdapterTraits[] = [
  { profile: "gpu", subgroupSize: 32 },
  { profile: "software", subgroupSize: 8 },
];
const full = { batch: 1, height: 256, width: 256 };

for (const adapter of adapters) {
  // On software adapters Winograd's transforms of the large layers come on top.
  const least = adapter.profile === "gpu" ? 0.59 : 0.66;
  test(`CUT at 256x256 takes at most 0.9 GiB, and ${least} with --low_memory (${adapter.profile})`, async () => {
    const plan = async (given: Partial<TrainOptions>) =>
      (await planStep(resolveOptions({ dataroot: "none", ...given }), full, adapter)).bytes / GIB;
    const usual = await plan({});
    assert.ok(usual < 0.9, `${usual} GiB`);
    const low = await plan({ low_memory: true });
    assert.ok(low < least, `${low} GiB`);
  });
}

for (const [given, most] of [
  [{ gan_mode: "wgangp", low_memory: true }, 0.75],
  [{ nce_negatives: "both", nce_bank: 16384 }, 1.2],
  [{ model: "cycle_gan", low_memory: true }, 0.9],
  [{ model: "dclgan", low_memory: true }, 1],
  [{ model: "enco", low_memory: true }, 0.6],
] as const) {
  test(`${JSON.stringify(given)} takes at most ${most} GiB at 256x256`, async () => {
    const { bytes } = await planStep(resolveOptions({ dataroot: "none", ...given }), full, adapters[0]);
    assert.ok(bytes / GIB < most, `${bytes / GIB} GiB`);
  });
}

test("SinCUT takes at most 1.05 GiB with 16 crops of 64x64, its published size", async () => {
  const size = { batch: 16, height: 64, width: 64 };
  const { bytes } = await planStep(resolveOptions({ dataroot: "none", model: "sincut" }), size, adapters[0]);
  assert.ok(bytes / GIB < 1.05, `${bytes / GIB} GiB`);
});

test("a plan names what is too large for the adapter", async () => {
  try {
    await planStep(resolveOptions({ dataroot: "none" }), full, adapters[0], 2 ** 25);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /needs 64 MiB in one buffer and this adapter allows 32 MiB/);
  }
});

test("averaged weights are planned as well", async () => {
  const size = { batch: 1, height: SIDE, width: SIDE };
  const plan = (ema_decay: number) => planStep(tinyOptions({ ema_decay }), size, { profile: "gpu", subgroupSize: 32 });
  const [plain, averaged] = [await plan(0), await plan(0.9)];
  assert.ok(averaged.modelBytes > plain.modelBytes && averaged.bytes > plain.bytes);
});

test.run();
