// The tape: what goes on it, in order, and what is kept off it.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("what depends on a tensor that wants a gradient is on the tape, later work under a greater number", () => {
  const x = gpu.tensor([1, 2]).requireGrad();
  const y = engine.square(x);
  const z = engine.add(y, gpu.tensor([1, 1]));
  assert.equal([y.node?.operator, z.node?.operator], ["square", "add"]);
  assert.is(z.node?.inputs[0], y);
  assert.ok(z.node!.order > y.node!.order);
  assert.is(engine.square(gpu.tensor([1])).node, null);
});

test("a pause in a pause ends with the outer one", () => {
  gpu.noGrad(() => {
    gpu.noGrad(() => {});
    assert.not(gpu.tape.recording);
  });
  assert.ok(gpu.tape.recording);
});

test("noGrad ends with an error inside too", () => {
  assert.throws(() =>
    gpu.noGrad(() => {
      throw new Error("inside");
    }),
  );
  assert.ok(gpu.tape.recording);
});

test.run();
