// An open engine: the profile that suits an adapter, scopes and places, and what is heard when the device goes or
// complains.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DeviceLostError } from "../../../engine/core/errors.js";
import { profileOf } from "../../../engine/device/gpu.js";
import * as engine from "../../../engine/index.js";
import { runChild } from "../../support/child.js";
import { ownGpu, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("software drivers and fallback adapters get the software profile, all others that of GPUs", () => {
  const info = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };
  const profile = (given: Partial<GPUAdapterInfo>) => profileOf({ ...info, ...given } as GPUAdapterInfo);
  assert.is(profile({ architecture: "ampere" }), "gpu");
  assert.is(profile({}), "gpu");
  assert.is(profile({ architecture: "swiftshader" }), "software");
  assert.is(profile({ architecture: "software" }), "software");
  assert.is(profile({ isFallbackAdapter: true }), "software");
});

test("places nest, and end with the work, also where it throws", () => {
  assert.is(
    gpu.at("G", () => gpu.at("model.1", () => gpu.place())),
    "G.model.1: ",
  );
  assert.throws(() =>
    gpu.at("G", () => {
      throw new Error("inside");
    }),
  );
  assert.is(gpu.place(), "");
});

test("what is made outside of scopes or is persistent outlives them", () => {
  const before = gpu.memory().liveBuffers;
  let outside: engine.Tensor | undefined;
  let persistent: engine.Tensor | undefined;
  gpu.scope(() => {
    outside = gpu.outsideScopes(() => gpu.tensor([1]));
    persistent = gpu.persistent([1]);
    gpu.tensor([2]);
  });
  assert.is(gpu.memory().liveBuffers, before + 2);
  for (const tensor of [outside, persistent]) tensor?.dispose();
});

test("a scope disposes what it does not return, also where it throws", () => {
  const before = gpu.memory().liveBuffers;
  const kept = gpu.scope(() => {
    const x = gpu.tensor([1, 2, 3]);
    return { deep: [gpu.scope(() => engine.square(engine.add(x, x)))], map: new Map([["x", engine.scale(x, 2)]]) };
  });
  assert.is(gpu.memory().liveBuffers, before + 2);
  kept.deep[0].dispose();
  kept.map.get("x")?.dispose();
  assert.throws(() =>
    gpu.scope(() => {
      engine.square(gpu.tensor([1]));
      throw new Error("inside");
    }),
  );
  assert.is(gpu.memory().liveBuffers, before);
});

test("noGrad ends with an error inside too", () => {
  assert.throws(() =>
    gpu.noGrad(() => {
      throw new Error("inside");
    }),
  );
  assert.ok(gpu.gradEnabled);
});

test("losing the device rejects reads under way and later ones", async () => {
  const own = await ownGpu();
  const x = own.tensor([1, 2]);
  const under = x.read().catch((error: unknown) => error);
  own.device.destroy();
  const errors = [await under, await x.read().catch((error: unknown) => error)];
  await own.device.lost;
  errors.push(await own.finish().catch((error: unknown) => error));
  for (const error of errors) assert.instance(error, DeviceLostError);
});

test("an error that WebGPU reports on its own surfaces at the next read, and nothing is printed", async () => {
  const { status, stdout } = await runChild("engine/device/children/uncaptured.js");
  assert.is(status, 0);
  assert.match(stdout, /^GpuError: WebGPU reported: .*\n$/);
});

test.run();
