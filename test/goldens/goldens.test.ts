// The goldens on both kernel profiles: operators, whole training runs, generators, and the formula of the weights. At
// these small sizes the profiles choose the direct kernels, tiled and broadcast, so all files are walked once more with
// Winograd's convolutions, and operators and generators with the largest tiles.
// With Winograd's convolutions the runs are held to step 0 alone: its losses, images and gradients. Their roundings
// (1e-6 of the images) change all later steps, because Adam's first update follows the sign of a gradient whatever its
// size: a weight whose gradient is mostly rounding moves by a whole learning rate either way. Direct kernels leave the
// golden run of batch 2 as well if noise of 1e-6 is added to its pictures.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Profile } from "../../engine/device/adapter.js";
import { everywhere } from "../operators/support/variants.js";
import { profiles, testGpu } from "../support/gpu.js";
import { goldenJobs } from "./all.js";

const jobs = goldenJobs();

interface Walk {
  readonly choice: string;
  readonly forced: { readonly [operator: string]: string };
  /** How many steps of the training runs belong to it. */
  readonly steps: number;
}

const walks: { readonly [profile in Profile]: readonly Walk[] } = {
  software: [
    { choice: "its own choice of kernels", forced: {}, steps: Number.POSITIVE_INFINITY },
    { choice: "Winograd's convolutions", forced: everywhere("winograd"), steps: 1 },
  ],
  gpu: [
    { choice: "its own choice of kernels", forced: {}, steps: Number.POSITIVE_INFINITY },
    { choice: "Winograd's convolutions", forced: everywhere("winograd"), steps: 1 },
    { choice: "the largest tiles", forced: everywhere("tiled_128x128"), steps: 0 },
  ],
};

const files = suite("golden files");
files("there are some", () => {
  assert.ok(jobs.length > 0);
});
files.run();

for (const profile of profiles) {
  for (const { choice, forced, steps } of walks[profile]) {
    const test = suite(`goldens on ${profile} with ${choice}`);
    for (const { name, run } of jobs.filter(({ training }) => steps > 0 || !training)) {
      test(name, async () => {
        const gpu = await testGpu(profile);
        const cases = await gpu.variants.force(forced, () => run(gpu, steps));
        const beyond = cases.filter(({ error, bound }) => !(error <= bound));
        assert.equal(
          beyond.map((c) => `${c.name}: ${c.error.toExponential(2)}`),
          [],
        );
      });
    }
    test.run();
  }
}
