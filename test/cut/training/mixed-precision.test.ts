// Training with activations stored as f16: the same bits again and after a stop, checkpoints that fit either precision,
// and an end with a sound checkpoint where gradients overflow at the smallest loss scale.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { parseCheckpoint } from "../../../cut/training/checkpoint.js";
import { type BatchSource, Training } from "../../../cut/training/training-loop.js";
import { LOSS_SCALE } from "../../../cut/training/training-step.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { halfGpu, rejectionOf, testGpu } from "../../support/gpu.js";
import { onHalves } from "../../support/half.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

const source: BatchSource = {
  batchesPerEpoch: 100,
  async *batches({ from }) {
    const picture = (seed: number) =>
      Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => Math.sin(0.1 * i + seed));
    for (let batch = from; batch < 100; batch++) {
      yield { A: picture(batch), B: picture(batch + 0.5), height: SIDE, width: SIDE };
    }
  },
};

/** Trains to a step and gives the losses and the last checkpoint; `begun` is called before the first step. */
async function train(gpu: Gpu, options: TrainOptions, from?: Uint8Array, begun?: (training: Training) => void) {
  const training = from
    ? Training.resume(gpu, options, source, parseCheckpoint(from, "latest"), "latest")
    : Training.start(gpu, options, source);
  begun?.(training);
  const scales: number[] = [];
  let latest = new Uint8Array();
  try {
    await training.run({
      onLosses: (row) => void scales.push(row[LOSS_SCALE]),
      onCheckpoint: (_, bytes) => {
        latest = bytes.slice();
      },
    });
  } finally {
    training.step.dispose();
  }
  return { scales, latest, weights: parseCheckpoint(latest, "latest").tensors, run: parseCheckpoint(latest, "").state };
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(Buffer.from(b));

onHalves(test)(
  "the same seed ends in the same bytes, also after a stop, with the loss scale in the checkpoint",
  async () => {
    const gpu = await halfGpu("software");
    const whole = await train(gpu, tinyOptions({ max_steps: 6 }));
    const half = await train(gpu, tinyOptions({ max_steps: 3 }));
    const rest = await train(gpu, tinyOptions({ max_steps: 6 }), half.latest);
    assert.ok(sameBytes(rest.latest, whole.latest));
    assert.equal([...half.scales, ...rest.scales], whole.scales);
    assert.is(whole.run.lossScale?.scale, whole.scales.at(-1));
  },
);

onHalves(test)("updates that were left out are no updates after a stop, too", async () => {
  const gpu = await halfGpu("software");
  const high = (training: Training) => training.step.scaler?.write({ scale: 2 ** 40, growthTracker: 0 });
  const whole = await train(gpu, tinyOptions({ max_steps: 4 }), undefined, high);
  const half = await train(gpu, tinyOptions({ max_steps: 2 }), undefined, high);
  assert.equal(half.scales, [2 ** 39, 2 ** 38]);
  assert.is(half.run.updates?.["G"], 0);
  const rest = await train(gpu, tinyOptions({ max_steps: 4 }), half.latest);
  assert.ok(sameBytes(rest.latest, whole.latest));
});

onHalves(test)("a checkpoint of either precision goes on with the other", async () => {
  const [half, full] = [await halfGpu("software"), await testGpu("software")];
  const begun = await train(full, tinyOptions({ max_steps: 2 }));
  const mixed = await train(half, tinyOptions({ max_steps: 4 }), begun.latest);
  assert.is(mixed.run.step, 4);
  assert.is(mixed.run.lossScale?.scale, mixed.scales.at(-1));
  const back = await train(full, tinyOptions({ max_steps: 5 }), mixed.latest);
  assert.equal([back.run.step, back.run.lossScale, back.run.updates], [5, undefined, mixed.run.updates]);
});

onHalves(test)("an overflow at the smallest loss scale ends the run, and the last checkpoint is kept", async () => {
  const gpu = await halfGpu("software");
  const sound = await train(gpu, tinyOptions({ max_steps: 2 }));
  const options = tinyOptions({ max_steps: 9, lambda_NCE: 1e30 });
  const atSmallest = (training: Training) => training.step.scaler?.write({ scale: 1, growthTracker: 0 });
  const error = (await rejectionOf(train(gpu, options, sound.latest, atSmallest))) as Error & { fix: string };
  assert.is(
    error.message,
    "gradients overflowed 16-bit floats at step 3, at the smallest loss scale; the last checkpoint is from step 2",
  );
  assert.match(error.fix, /^Go on from it with --precision f32: Training\.resume/);
});

test.run();
