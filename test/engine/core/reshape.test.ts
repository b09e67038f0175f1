// Reshaping: the same memory under another shape, and a gradient of the old one.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../../engine/autograd.js";
import { reshape } from "../../../engine/core/reshape.js";
import { mul, sum } from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("the elements stay in their order, and nothing is copied", async () => {
  const x = gpu.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const before = gpu.memory().liveBuffers;
  const y = reshape(x, [3, 2]);
  assert.equal([...y.shape], [3, 2]);
  assert.equal([...(await y.read())], [1, 2, 3, 4, 5, 6]);
  assert.is(gpu.memory().liveBuffers, before);
  assert.is(y.requireBuffer(), x.requireBuffer());
});

test("the gradient has the shape of the input", async () => {
  const x = gpu.tensor([1, 2, 3, 4], [2, 2]).requireGrad();
  const [dx] = grad(sum(mul(reshape(x, [4]), gpu.tensor([5, 6, 7, 8]))), [x]);
  assert.equal([...dx.shape], [2, 2]);
  assert.equal([...(await dx.read())], [5, 6, 7, 8]);
});

test("without a gradient wanted it leaves no trace on the tape", () => {
  const x = gpu.tensor([1, 2]).requireGrad();
  assert.not(gpu.noGrad(() => reshape(x, [2, 1])).tracked);
  assert.not(reshape(x.detach(), [2, 1]).tracked);
});

test("one size can be left open", () => {
  const x = gpu.empty([2, 3, 2]);
  assert.equal(reshape(x, [-1]).shape, [12]);
  assert.equal(reshape(x, [3, -1, 2]).shape, [3, 2, 2]);
  for (const shape of [
    [5, -1],
    [-1, -1],
    [0, -1],
  ]) {
    assert.match(
      messageOf(() => reshape(x, shape)),
      /reshape: the shape cannot be/,
    );
  }
});

test("a shape of another size is refused", () => {
  assert.match(
    messageOf(() => reshape(gpu.empty([2, 3]), [4])),
    "reshape: [2,3] holds 6 numbers and [4] would hold 4",
  );
});

test.run();
