// EnCo's choice of positions against sorting, and its identity term, which ends with an epoch. What its patches pass
// through is among the goldens (encoPath, cosineDistance).
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lowestScored } from "../../../cut/methods/attention-sampling.js";
import { TrainingStep } from "../../../cut/training/training-step.js";
import { interpolate } from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { profiles, testGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "../training/tiny-options.js";

const random = new Random(3);

for (const profile of profiles) {
  test(`the positions of lowest score, equal ones in the order of the candidates (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const [height, width] = [9, 14];
    // Few values, so that many are equal: rows of a map two pixels wide stay so when it grows downwards only.
    const steps = Float32Array.from({ length: 2 * height * width }, () => random.integer(6) - 3);
    const coarse = Float32Array.from({ length: 2 * 5 * 6 }, () => random.normal());
    const maps = [gpu.tensor(steps, [2, 1, height, width]), gpu.tensor(coarse, [2, 1, 5, 6])];
    const candidates = [0, 1].map(() => [...random.permutation(height * width, 37)]);
    for (const scores of maps) {
      const at = await interpolate(scores, { size: [height, width], mode: "bilinear" }).read();
      const wanted = candidates.flatMap((places, picture) => {
        const score = (place: number) => at[picture * height * width + place];
        return [...places].sort((a, b) => score(a) - score(b)).slice(0, 11);
      });
      const ids = gpu.tensor(Int32Array.from(candidates.flat()), [2, 37]);
      const chosen = lowestScored(scores, ids, { size: [height, width], count: 11 });
      assert.equal(chosen.shape, [2, 11]);
      assert.equal([...(await chosen.read())], wanted);
    }
  });
}

test("the identity term counts up to its last epoch, and half of the whole while it does", async () => {
  const gpu = await testGpu("software");
  const step = new TrainingStep(gpu, tinyOptions({ model: "enco", stop_idt_epochs: 2, lambda_NCE: 2 }));
  for (const { parameters } of Object.values(step.method.networks)) {
    for (const tensor of parameters.values())
      tensor.write(Float32Array.from({ length: tensor.size }, () => 0.1 * random.normal()));
  }
  const picture = () => Float32Array.from({ length: 3 * SIDE * SIDE }, () => Math.tanh(random.normal()));
  const pair = { A: picture(), B: picture(), height: SIDE, width: SIDE };
  for (const epoch of [2, 3]) {
    await step.run({ ...pair, draw: step.draw(random, pair, epoch), learningRate: 0 });
    const { G, G_GAN, BYOL, idt, ...others } = await step.losses();
    assert.is(idt !== undefined, epoch === 2);
    const content = epoch === 2 ? (BYOL + idt) / 2 : BYOL;
    assert.ok(Math.abs(G - G_GAN - content) < 1e-5, `${G} is not ${G_GAN} + ${content}`);
    const layers = [others["BYOL_3"], others["BYOL_7"], others["BYOL_13"]];
    assert.ok(Math.abs(BYOL - (2 * layers.reduce((sum, each) => sum + each)) / 3) < 1e-5);
    assert.ok(layers.every((each) => each > 0 && each < 4));
  }
  step.dispose();
});

test.run();
