// Several users of one engine: what each computes is to the bit what it computes alone, whichever of them waits while
// another goes on.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { type BatchSource, Training } from "../../../cut/training/training-loop.js";
import { TiledTranslator } from "../../../cut/translation/tiled-translator.js";
import { Translator } from "../../../cut/translation/translator.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { ownGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

type Work = (gpu: Gpu) => Promise<Uint8Array[]>;

const planes = (seed: number) => Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => Math.sin(0.3 * i + seed));

/** Batches that take other times to come, so that runs overtake one another. */
const sourceOf = (seed: number): BatchSource => ({
  batchesPerEpoch: 10,
  async *batches({ from }) {
    for (let i = from; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, (seed + 7 * i) % 3));
      yield { A: planes(seed + i), B: planes(seed + i + 0.5), height: SIDE, width: SIDE };
    }
  },
});

const trained =
  (options: Partial<TrainOptions>, seed: number): Work =>
  async (gpu) => {
    const training = Training.start(gpu, tinyOptions({ max_steps: 5, ...options, seed }), sourceOf(seed));
    const saved: Uint8Array[] = [];
    await training.run({ onCheckpoint: (_, bytes) => void saved.push(bytes.slice()) });
    training.step.dispose();
    return saved;
  };

const translated: Work = async (gpu) => {
  const { generator } = Training.start(gpu, tinyOptions(), sourceOf(0)).step.method;
  const translators = [new Translator(gpu, generator), new TiledTranslator(gpu, generator as never, { tile: 16 })];
  const results: Uint8Array[] = [];
  for (const [i, width] of [24, 24, 40].entries()) {
    const data = Uint8Array.from({ length: 3 * width * 20 }, (_, k) => (k * (i + 3)) % 256);
    for (const each of translators) results.push((await each.translate({ width, height: 20, channels: 3, data })).data);
  }
  (translators[0] as Translator).dispose();
  return results;
};

test("trainings and translations at once on one engine are those of each alone", async () => {
  const works = [
    trained({}, 1),
    trained({ CUT_mode: "FastCUT" }, 2),
    trained({ ema_decay: 0.5, nce_negatives: "both", nce_bank: 32 }, 3),
    trained({ model: "cycle_gan" }, 4),
    translated,
  ];
  const alone: Uint8Array[][] = [];
  for (const work of works) {
    const gpu = await ownGpu();
    alone.push(await work(gpu));
    gpu.dispose();
  }
  const gpu = await ownGpu();
  assert.equal(await Promise.all(works.map((work) => work(gpu))), alone);
  gpu.dispose();
});

test.run();
