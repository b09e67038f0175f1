// The goldens on both kernel profiles: operators, whole training runs, generators, and the formula of the weights.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { profiles, testGpu } from "../support/gpu.js";
import { goldenJobs } from "./all.js";

const jobs = goldenJobs();

for (const profile of profiles) {
  const test = suite(`goldens on ${profile} kernels`);
  test("there are golden files", () => {
    assert.ok(jobs.length > 0);
  });
  for (const { name, run } of jobs) {
    test(name, async () => {
      const cases = await run(await testGpu(profile));
      const beyond = cases.filter(({ error, bound }) => !(error <= bound));
      assert.equal(
        beyond.map((c) => `${c.name}: ${c.error.toExponential(2)}`),
        [],
      );
    });
  }
  test.run();
}
