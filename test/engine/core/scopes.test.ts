// Scopes: what is made in one goes with it, except what it returns, what is made outside and what is persistent.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

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

test("what is made outside of scopes or is persistent outlives them", () => {
  const before = gpu.memory().liveBuffers;
  let outside: engine.Tensor | undefined;
  let persistent: engine.Tensor | undefined;
  gpu.scope(() => {
    outside = gpu.scopes.outside(() => gpu.tensor([1]));
    persistent = gpu.persistent([1]);
    gpu.tensor([2]);
  });
  assert.is(gpu.memory().liveBuffers, before + 2);
  for (const tensor of [outside, persistent]) tensor?.dispose();
});

test.run();
