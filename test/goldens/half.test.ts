// The golden runs with activations stored as f16: losses within 2e-2 of PyTorch's in float32. Three of them;
// `npm run test:half` walks all, on both profiles.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { halfGpu, profiles } from "../support/gpu.js";
import { onHalves } from "../support/half.js";
import { goldenJobs } from "./all.js";

const all = process.env["HALF"] === "all";
const USUAL = ["cut.safetensors", "fastcut.safetensors", "cyclegan.safetensors"];

for (const profile of profiles.filter((name) => all || name === "software")) {
  const test = suite(`golden runs in f16 on ${profile}`);
  for (const { name, run } of goldenJobs().filter(({ name, training }) => training && (all || USUAL.includes(name)))) {
    onHalves(test)(name, async () => {
      const cases = await run(await halfGpu(profile));
      assert.ok(cases.length > 0);
      const beyond = cases.filter(({ error, bound }) => !(error <= bound));
      assert.equal(
        beyond.map((c) => `${c.name}: ${c.error.toExponential(2)}`),
        [],
      );
    });
  }
  test.run();
}
