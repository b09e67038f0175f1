// Scopes: what is made in one goes with it, except what it returns, what is made outside and what is persistent.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

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

test("what a scope returns is kept alike, in whatever it is held", () => {
  class Layer {
    weight = gpu.tensor([1]);
  }
  const kept = gpu.scope(() => {
    const [a, b, c] = [gpu.tensor([1]), gpu.tensor([2]), gpu.tensor([3])];
    return { layer: new Layer(), set: new Set([a]), map: new Map([["b", b]]), list: [[c]] };
  });
  const tensors = [kept.layer.weight, ...kept.set, ...kept.map.values(), ...kept.list.flat()];
  assert.equal(
    tensors.map(({ disposed }) => disposed),
    [false, false, false, false],
  );
  for (const tensor of tensors) tensor.dispose();
});

test("work that is async, or returns a promise, is refused, and its tensors go", async () => {
  const before = gpu.memory().liveBuffers;
  const later = async () => {
    const x = gpu.tensor([1]);
    await Promise.resolve();
    return engine.square(x);
  };
  for (const [name, work] of [
    ["scope", () => gpu.scope(later)],
    ["scope", () => gpu.scope(() => gpu.tensor([1]).read())],
    ["noGrad", () => gpu.scope(() => gpu.noGrad(later))],
  ] as const) {
    assert.is(messageOf(work), `ArgumentError: ${name}: what is async runs outside of it Await before it or after it.`);
  }
  assert.ok(gpu.tape.recording);
  // What comes of the promises, here errors, is nobody's unhandled rejection.
  await new Promise((resolve) => setTimeout(resolve));
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
