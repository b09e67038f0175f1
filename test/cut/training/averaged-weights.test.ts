// With ema_decay a checkpoint has averages of the generator's weights beside them, from the first weights on, and what
// reads a generator from it, and translations during the training, get the averages.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseCheckpoint } from "../../../cut/training/checkpoint.js";
import { loadGenerator, parseGenerator } from "../../../cut/training/generator-file.js";
import { type BatchSource, Training } from "../../../cut/training/training-loop.js";
import { Translator } from "../../../cut/translation/translator.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { type StoredTensor, toFloat32 } from "../../../engine/formats/state-dict.js";
import { testGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

const DECAY = 0.75;
const STEPS = 3;
const KEY = "model.1.weight";

const planes = (seed: number) => Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => Math.sin(0.3 * i + seed));

test("checkpoints and translations have the averaged generator", async () => {
  const gpu = await testGpu("software");
  // The weights before each step: a batch is asked for when the step before is done.
  const weights: Float32Array[] = [];
  const source: BatchSource = {
    batchesPerEpoch: STEPS,
    async *batches() {
      for (let i = 0; i < STEPS; i++) {
        weights.push(await (generator.parameters.get(KEY) as Tensor).read());
        yield { A: planes(i), B: planes(i + 0.5), height: SIDE, width: SIDE };
      }
    },
  };
  const training = Training.start(gpu, tinyOptions({ ema_decay: DECAY, lr: 0.01, max_steps: STEPS }), source);
  const { generator } = training.step.method;
  let latest = new Uint8Array();
  await training.run({
    onCheckpoint: (_, bytes) => {
      latest = bytes.slice();
    },
  });

  const stored = (key: string) => toFloat32(parseCheckpoint(latest, "latest").tensors.get(key) as StoredTensor);
  weights.push(stored(`G.${KEY}`));
  const expected = weights[0].map((first, i) =>
    weights.slice(1).reduce((average, of) => DECAY * average + (1 - DECAY) * of[i], first),
  );
  const averages = stored(`ema.G.${KEY}`);
  assert.ok(averages.every((average, i) => Math.abs(average - expected[i]) < 1e-6));
  assert.ok(averages.some((average, i) => Math.abs(average - weights[STEPS][i]) > 1e-3));
  assert.equal(parseGenerator(latest, "latest").weights.get(KEY), averages);

  const picture = { width: SIDE, height: SIDE, channels: 3 as const, data: new Uint8Array(3 * SIDE * SIDE).fill(90) };
  const averaged = loadGenerator(gpu, latest, "latest");
  const translators = [
    new Translator(gpu, generator, training.step.weights),
    new Translator(gpu, averaged),
    new Translator(gpu, generator),
  ];
  const [during, after, unaveraged] = await Promise.all(translators.map((translator) => translator.translate(picture)));
  assert.equal(during.data, after.data);
  assert.not.equal(during.data, unaveraged.data);
  for (const owner of [...translators, training.step, ...averaged.parameters.values()]) owner.dispose();
});

test("before the first step the averages are the weights, also those of another run", async () => {
  const gpu = await testGpu("software");
  const source: BatchSource = { batchesPerEpoch: 1, async *batches() {} };
  const start = (seed: number) => Training.start(gpu, tinyOptions({ ema_decay: DECAY, seed }), source);
  const of = async ({ step }: Training, which: "weights" | "parameters") => {
    const { weights, method } = step;
    return (which === "weights" ? weights : method.generator.parameters).get(KEY)!.read();
  };
  const [ours, theirs] = [start(1), start(2)];
  assert.equal(await of(ours, "weights"), await of(ours, "parameters"));
  ours.adoptWeights(parseCheckpoint(await theirs.checkpoint(), "latest"), "latest");
  assert.equal(await of(ours, "weights"), await of(theirs, "parameters"));
  for (const { step } of [ours, theirs]) step.dispose();
});

test.run();
