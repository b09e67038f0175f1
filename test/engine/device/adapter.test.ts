// Adapters: the profile that suits one, its subgroups, and its name in files.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { adapterName, fixedSubgroupSize, profileOf } from "../../../engine/device/adapter.js";

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

test("software drivers and fallback adapters get the software profile, all others that of GPUs", () => {
  const info = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };
  const profile = (given: Partial<GPUAdapterInfo>) => profileOf({ ...info, ...given } as GPUAdapterInfo);
  assert.is(profile({ architecture: "ampere" }), "gpu");
  assert.is(profile({}), "gpu");
  assert.is(profile({ architecture: "swiftshader" }), "software");
  assert.is(profile({ architecture: "software" }), "software");
  assert.is(profile({ isFallbackAdapter: true }), "software");
});

test("subgroups count where they are there and of one size", () => {
  const lanes = (features: string[], subgroupMinSize?: number, subgroupMaxSize?: number) =>
    fixedSubgroupSize(new Set(features), { subgroupMinSize, subgroupMaxSize } as GPUAdapterInfo);
  assert.is(lanes(["subgroups"], 32, 32), 32);
  assert.is(lanes(["subgroups"], 4, 32), 0);
  assert.is(lanes([], 32, 32), 0);
  assert.is(lanes(["subgroups"]), 0);
});

test.run();
