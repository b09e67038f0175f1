// What the golden runs and operators leave open of the patch losses: gamma by epochs, and banks that a checkpoint
// carries.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { curriculum } from "../../../cut/methods/patch-losses.js";
import { optionConflicts } from "../../../cut/options/conflicts.js";
import { parseCheckpoint, restoreCheckpoint, serializeCheckpoint } from "../../../cut/training/checkpoint.js";
import { TrainingStep } from "../../../cut/training/training-step.js";
import { Random } from "../../../engine/lib/random.js";
import { operatorCases } from "../../support/goldens.js";
import { testGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "../training/tiny-options.js";

for (const { name, parameters } of operatorCases().filter(({ op }) => op === "curriculum")) {
  test(`golden ${name}`, () => {
    const {
      first,
      last,
      epochs,
      step_after: stepAfter,
      epoch,
      gamma,
    } = parameters as unknown as {
      [name: string]: number;
    } & { step_after: number | null; epoch: number[]; gamma: number[] };
    const ours = epoch.map((each) => curriculum(each, { first, last, epochs, stepAfter }));
    assert.ok(
      ours.every((value, i) => Math.abs(value - gamma[i]) < 1e-12),
      `${ours} is not ${gamma}`,
    );
  });
}

test("a bank holds the keys of the last steps, oldest first, and a checkpoint has it with how full it is", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ nce_negatives: "both", nce_bank: 40 });
  const step = new TrainingStep(gpu, options);
  const random = new Random(1);
  for (const { parameters } of Object.values(step.method.networks)) {
    for (const tensor of parameters.values())
      tensor.write(Float32Array.from({ length: tensor.size }, () => random.normal()));
  }
  const bank = step.method.state?.get("bankX.4");
  const banks: Float32Array[] = [];
  for (let i = 0; i < 3; i++) {
    const picture = () => Float32Array.from({ length: 3 * SIDE * SIDE }, () => Math.tanh(random.normal()));
    const pair = { A: picture(), B: picture(), height: SIDE, width: SIDE };
    await step.run({ ...pair, draw: step.draw(random, pair), learningRate: 0 });
    banks.push((await bank?.read()) as Float32Array);
    assert.is(step.counts["bankRows.1"], [16, 32, 40][i]);
  }
  const rows = (of: Float32Array, from: number, to = 40) => [...of.subarray(16 * from, 16 * to)];
  assert.equal(rows(banks[0], 0, 24), Array(24 * 16).fill(0));
  assert.equal(rows(banks[1], 8, 24), rows(banks[0], 24));
  assert.equal(rows(banks[2], 0, 24), rows(banks[1], 16));
  const length = Math.hypot(...rows(banks[2], 39));
  assert.ok(Math.abs(length - 1) < 1e-5, `the last row has length ${length}`);

  const state = { step: 3, epoch: 1, batch: 3, random: random.state(), options };
  const checkpoint = parseCheckpoint(await serializeCheckpoint(step, state), "it");
  const other = new TrainingStep(gpu, options);
  restoreCheckpoint(other, checkpoint, "it");
  assert.equal(other.counts, step.counts);
  assert.equal(await other.method.state?.get("bankX.4")?.read(), banks[2]);
  for (const each of [step, other]) each.dispose();
});

test("what cannot go together says what to change", () => {
  const conflicts = (given: object) => optionConflicts({ ...tinyOptions(), ...given });
  assert.match(conflicts({ nce_negatives: "both" })[0], "give --nce_bank 4096");
  assert.match(conflicts({ nce_bank: 8 })[0], "use external or both");
  assert.match(conflicts({ nce_bank: 8, nce_negatives: "external", patch_loss: "monce" })[0], "needs patch_loss nce");
  assert.match(conflicts({ patch_loss: "hdce", lambda_HDCE: 0 })[0], "raise it");
});

test.run();
