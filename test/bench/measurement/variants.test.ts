// The variants that are measured, and forcing one.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { callsOf, variantsOf, withForced } from "../../../bench/measurement/variants.js";
import { conv2d, relu } from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

test("forcing a kernel ends with the work", async () => {
  const gpu = await testGpu("software");
  withForced(gpu, "conv2d", "tiled", () => assert.is(gpu.variants.forced("conv2d"), "tiled"));
  assert.is(gpu.variants.forced("conv2d"), undefined);
});

test("variants that cannot compute one of the calls are not measured", () => {
  const adapter = { profile: "software", subgroupSize: 8 } as const;
  const calls = (...taps: number[]) =>
    callsOf(adapter, "conv2d", (gpu) => {
      for (const size of taps) relu(conv2d(gpu.empty([1, 8, 9, 9]), gpu.empty([8, 8, size, size])));
    });
  assert.is(calls(3, 7).length, 2);
  assert.equal(variantsOf(adapter, "conv2d", calls(3)), ["tiled", "broadcast", "winograd"]);
  assert.equal(variantsOf(adapter, "conv2d", calls(3, 7)), ["tiled", "broadcast"]);
  assert.equal(variantsOf({ profile: "software", subgroupSize: 0 }, "conv2d", calls(7)), ["tiled"]);
  assert.equal(variantsOf(adapter, "relu", []), ["default"]);
});

test.run();
