// Random shapes and options (fast-check, seeded): forward and gradients against the reference on both kernel profiles.
// The properties of a family stand in test/operators/<family>.ts. Kernel sizes are few, because every size is another
// shader to compile; shapes are free.
import fc from "fast-check";
import { test } from "uvu";
import { grad } from "../../engine/autograd.js";
import { Random } from "../../engine/lib/random.js";
import { zeros } from "../../engine/reference.js";
import { assertClose, download, profiles, testGpu, uniform, upload } from "../support/gpu.js";
import type { FamilyTests, Property, Trial } from "./support/case.js";
import { familyTests } from "./support/cases.js";

const BOUND = 3e-5;
const RUNS = 15;

async function checkTrial({ inputs, forward, expected, gradients }: Trial, random: Random): Promise<void> {
  const dy = uniform(random, expected.shape);
  for (const profile of profiles) {
    const gpu = await testGpu(profile);
    const tensors = gpu.scope(() => {
      const tracked = inputs.map((x) => upload(gpu, x).requireGrad());
      const y = forward(...tracked);
      return [y, ...grad(y, tracked, { dy: upload(gpu, dy) })];
    });
    const [y, ...ours] = await Promise.all(tensors.map(download));
    for (const tensor of tensors) tensor.dispose();
    assertClose(y, expected, BOUND, `the output on ${profile}`);
    gradients(dy).forEach((gradient, i) => {
      assertClose(ours[i], gradient ?? zeros(inputs[i].shape), BOUND, `gradient ${i} on ${profile}`);
    });
  }
}

function check({ name, trials }: Property): void {
  test(name, async () => {
    const run = fc.asyncProperty(trials, fc.nat(1e6), async (make, seed) => {
      const random = new Random(seed);
      await checkTrial(make(random), random);
    });
    await fc.assert(run, { seed: 20, numRuns: RUNS });
  });
}

for (const { properties = [] } of Object.values(familyTests) as FamilyTests[]) properties.forEach(check);

test.run();
