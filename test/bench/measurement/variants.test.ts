// Forcing a variant.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withForced } from "../../../bench/measurement/variants.js";
import { testGpu } from "../../support/gpu.js";

test("forcing a kernel ends with the work", async () => {
  const gpu = await testGpu("software");
  withForced(gpu, "conv2d", "tiled", () => assert.is(gpu.variants.forced("conv2d"), "tiled"));
  assert.is(gpu.variants.forced("conv2d"), undefined);
});

test.run();
