// The goldens on both kernel profiles: operators, whole training runs, generators, and the formula of the weights. The profiles
// choose the direct kernels at these small sizes, tiled and broadcast, so they are walked once more with Winograd's forced:
// operators and generators on both profiles, runs on one; and with the largest tiles. The run without antialiasing is left out there: at its third step an
// activation lies within 1e-6 of ReLU's kink, and Winograd's rounding (5e-7 of a convolution's norm) puts it on the other side.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { operatorTable } from "../../engine/operators/table.js";
import { profiles, testGpu } from "../support/gpu.js";
import { goldenJobs } from "./all.js";

const jobs = goldenJobs();
const runs = new Set(jobs.filter(({ training }) => training).map(({ name }) => name));
const several = [...operatorTable.values()].filter(({ variants }) => variants.length > 0);
/** The variant forced on every operator that has it. */
const everywhere = (variant: string) =>
  Object.fromEntries(several.filter(({ variants }) => variants.includes(variant)).map(({ name }) => [name, variant]));
const isRun = (name: string) => runs.has(name);

/** Choices of kernels, and the files that are walked with each. */
const walks: readonly [
  choice: string,
  forced: { [operator: string]: string },
  served: (profile: string, name: string) => boolean,
][] = [
  ["its own choice of kernels", {}, () => true],
  [
    "Winograd's convolutions",
    everywhere("winograd"),
    (profile, name) => !isRun(name) || (profile === "software" && name !== "cut-no-antialias.safetensors"),
  ],
  ["the largest tiles", everywhere("tiled_128x128"), (profile, name) => profile === "gpu" && !isRun(name)],
];

const files = suite("golden files");
files("there are some", () => {
  assert.ok(jobs.length > 0);
});
files.run();

for (const profile of profiles) {
  for (const [choice, forced, served] of walks) {
    const test = suite(`goldens on ${profile} with ${choice}`);
    for (const { name, run } of jobs.filter(({ name }) => served(profile, name))) {
      test(name, async () => {
        const gpu = await testGpu(profile);
        const cases = await gpu.variants.force(forced, () => run(gpu));
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
