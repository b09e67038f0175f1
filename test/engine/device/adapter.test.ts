// What adapters are called in files.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { adapterName } from "../../../engine/device/adapter.js";

const nameOf = (given: Partial<GPUAdapterInfo>) =>
  adapterName({
    info: { vendor: "", architecture: "", device: "", description: "", ...given } as GPUAdapterInfo,
  });

test("an adapter is called by its device, then by what the driver says of itself", () => {
  assert.is(nameOf({ vendor: "mesa", device: "llvmpipe", description: "Mesa 25" }), "llvmpipe, Mesa 25");
});

test("where there is no device, vendor and architecture stand for it", () => {
  assert.is(nameOf({ vendor: "nvidia", architecture: "ampere" }), "nvidia ampere");
  assert.is(nameOf({ vendor: "apple", description: "Metal" }), "apple, Metal");
});

test("blanks and dashes around the parts are dropped", () => {
  assert.is(nameOf({ device: " -GPU 0- ", description: " " }), "GPU 0");
  assert.is(nameOf({}), "");
});

test.run();
