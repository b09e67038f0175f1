// The goldens on both kernel profiles: operators, whole training runs, generators, and the formula of the weights. The profiles
// choose the direct kernels at these small sizes, tiled and broadcast, so they are walked once more with Winograd's forced:
// operators and generators on both profiles, runs on one. The run without antialiasing is left out there: at its third step an
// activation lies within 1e-6 of ReLU's kink, and Winograd's rounding (5e-7 of a convolution's norm) puts it on the other side.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { profiles, testGpu, withForced } from "../support/gpu.js";
import { goldenJobs } from "./all.js";

const jobs = goldenJobs();
const runs = new Set(jobs.filter(({ training }) => training).map(({ name }) => name));
const winograd = { conv2d: "winograd", convTranspose2d: "winograd", conv2dWeightGradient: "winograd" };

for (const profile of profiles) {
  for (const [choice, forced] of [
    ["its own choice of kernels", {}],
    ["Winograd's convolutions", winograd],
  ] as const) {
    const test = suite(`goldens on ${profile} with ${choice}`);
    test("there are golden files", () => {
      assert.ok(jobs.length > 0);
    });
    const served = (name: string) =>
      forced !== winograd || !runs.has(name) || (profile === "software" && name !== "cut-no-antialias.safetensors");
    for (const { name, run } of jobs.filter(({ name }) => served(name))) {
      test(name, async () => {
        const gpu = await testGpu(profile);
        const cases = await withForced(gpu, forced, () => run(gpu));
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
