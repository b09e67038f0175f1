// The penalties on a discriminator's gradient: their own gradients against finite differences, and R1 every few steps.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DiscriminatorLosses, gradientPenalty, r1Penalty } from "../../../cut/methods/discriminator-loss.js";
import { Discriminator } from "../../../cut/networks/discriminator.js";
import { TrainingStep } from "../../../cut/training/training-step.js";
import { grad } from "../../../engine/autograd.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { Random } from "../../../engine/lib/random.js";
import { profiles, testGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "../training/tiny-options.js";

const pictures = (random: Random, count: number) =>
  Float32Array.from({ length: count * 3 * SIDE * SIDE }, () => Math.tanh(random.normal()));

for (const profile of profiles) {
  for (const penalty_scores of ["mean", "sum"] as const) {
    test(`gradients of the penalties are finite differences, by the ${penalty_scores} (${profile})`, async () => {
      const gpu = await testGpu(profile);
      const options = tinyOptions({ gan_mode: "wgangp", penalty_scores, lambda_R1: 1 });
      const random = new Random(2);
      const D = new Discriminator(gpu, { ...options, n_layers_D: 1 });
      const parameters = [...D.parameters.values()];
      const values = parameters.map(({ shape, size }) => {
        const deviation = shape.length > 1 ? Math.sqrt(2 / (size / shape[0])) : 0.1;
        return Float32Array.from({ length: size }, () => deviation * random.normal());
      });
      const write = (along: readonly Float32Array[], by: number) => {
        for (const [i, tensor] of parameters.entries()) tensor.write(values[i].map((v, j) => v + by * along[i][j]));
      };
      const [real, fake] = [0, 1].map(() => gpu.tensor(pictures(random, 1).slice(0, 192), [1, 3, 8, 8]));
      const alpha = gpu.tensor([0.3], [1, 1, 1, 1]);
      const penalties: Record<string, () => Tensor> = {
        R1: () => r1Penalty(D, real, options),
        GP: () => gradientPenalty(D, [real, fake, alpha], options),
      };
      for (const [name, penalty] of Object.entries(penalties)) {
        write(values, 0);
        const gradients = await Promise.all(
          gpu.scope(() => grad(penalty(), parameters, { allowUnused: true })).map((g) => g.read()),
        );
        const length = Math.sqrt(gradients.reduce((sum, g) => sum + g.reduce((s, v) => s + v * v, 0), 0));
        assert.ok(length > 1e-3, `${name} has a gradient`);
        // Along the gradient, where the penalty changes most. D's slopes jump where an activation changes its sign, so
        // pictures are small and the step is short.
        const along = gradients.map((g) => g.map((v) => v / length));
        const step = 1e-4;
        const at: number[] = [];
        for (const by of [step, -step]) {
          write(along, by);
          at.push(await gpu.scope(penalty).item());
        }
        const difference = (at[0] - at[1]) / (2 * step);
        assert.ok(Math.abs(difference / length - 1) < 0.01, `${name}: ${difference} by differences, ${length} by grad`);
      }
    });
  }
}

test("R1 every third step is an update more, for which Adam is corrected", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ lambda_R1: 1, R1_every: 3 });
  const { beta1, rate } = new DiscriminatorLosses(options, { D: new Discriminator(gpu, options) }).adam["D"];
  assert.is(rate, 3 / 4);
  assert.is(beta1, options.beta1 ** (3 / 4));
  const step = new TrainingStep(gpu, options);
  const random = new Random(1);
  const seen: boolean[] = [];
  for (let i = 0; i < 5; i++) {
    const pair = { A: pictures(random, 1), B: pictures(random, 1), height: SIDE, width: SIDE };
    await step.run({ ...pair, draw: step.draw(random, pair), learningRate: 1e-4 });
    seen.push("D_R1" in (await step.losses()));
  }
  assert.equal(seen, [true, false, false, true, false]);
  assert.equal([step.adam["G"].step, step.adam["D"].step], [5, 7]);
  step.dispose();
});

test.run();
