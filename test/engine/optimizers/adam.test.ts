// Adam against the same steps in float64, eagerly and recorded, with a learning rate that changes.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Adam, record } from "../../../engine/index.js";
import { type Dense, zeros } from "../../../engine/operators/reference.js";
import { adam as referenceStep } from "../../../engine/optimizers/reference.js";
import { Random } from "../../../engine/random.js";
import { assertClose, download, ownGpu, profiles, testGpu, uniform, upload } from "../../support/gpu.js";

const options = { beta1: 0.5, beta2: 0.99, eps: 1e-8 };
const rates = [0.1, 0.05, 0.05, 0.01];
/** Sizes with and without a tail beyond whole vec4s. */
const shapes = [[7, 3], [4], [1]];

/** Parameters, m and v after each step, by the reference. */
function expectedSteps(start: readonly Dense[], gradients: readonly Dense[][]) {
  let state = start.map((p) => ({ p, m: zeros(p.shape), v: zeros(p.shape) }));
  return rates.map((lr, i) => {
    state = state.map(({ p, m, v }, k) => referenceStep(p, gradients[i][k], m, v, { lr, ...options, step: i + 1 }));
    return state;
  });
}

for (const profile of profiles) {
  for (const recorded of [false, true]) {
    test(`steps are the reference's, ${recorded ? "recorded" : "eager"} (${profile})`, async () => {
      const gpu = await testGpu(profile);
      const random = new Random(11);
      const start = shapes.map((shape) => uniform(random, shape));
      const gradients = rates.map(() => shapes.map((shape) => uniform(random, shape)));
      const expected = expectedSteps(start, gradients);
      const parameters = new Map(start.map((p, i) => [`p${i}`, upload(gpu, p)]));
      const adam = new Adam(gpu, parameters, options);
      const inputs = shapes.map((shape) => gpu.persistent(shape));
      const program = recorded ? (await record(gpu, () => adam.update(inputs))).program : null;
      for (const [i, lr] of rates.entries()) {
        for (const [k, input] of inputs.entries()) input.write(Float32Array.from(gradients[i][k].data));
        adam.advance(lr);
        if (program) program.replay();
        else adam.update(inputs);
        for (const [k, { p, m, v }] of expected[i].entries()) {
          assertClose(await download(parameters.get(`p${k}`)!), p, 1e-5, `p${k} of step ${i}`);
          assertClose(await download(adam.m.get(`p${k}`)!), m, 1e-5, `m${k} of step ${i}`);
          assertClose(await download(adam.v.get(`p${k}`)!), v, 1e-5, `v${k} of step ${i}`);
        }
      }
      assert.is(adam.step, rates.length);
      program?.dispose();
      adam.dispose();
      for (const tensor of [...parameters.values(), ...inputs]) tensor.dispose();
    });
  }
}

test("disposing gives back the moments, and leaves the parameters", async () => {
  const gpu = await ownGpu();
  const weight = gpu.tensor([1, 2]);
  const adam = new Adam(gpu, new Map([["weight", weight]]));
  assert.is(gpu.memory().liveBuffers, 4);
  adam.dispose();
  assert.is(gpu.memory().liveBuffers, 1);
  assert.equal([...(await weight.read())], [1, 2]);
  gpu.dispose();
});

test.run();
