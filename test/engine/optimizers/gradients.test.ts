// Gradients clipped by their common norm.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { clipGradNorm } from "../../../engine/index.js";
import { profiles, testGpu } from "../../support/gpu.js";

const near = (ours: number, expected: number) =>
  assert.ok(Math.abs(ours - expected) <= 1e-6 * Math.abs(expected), `${ours} instead of ${expected}`);

test("long gradients are scaled down to the norm together, and short ones are left", async () => {
  const gpu = await testGpu("software");
  const given = [gpu.tensor([3, 0]), gpu.tensor([[0], [4]])];
  const { gradients, norm } = clipGradNorm(given, 1);
  near(await norm.item(), 5);
  near((await gradients[0].read())[0], 0.6);
  near((await gradients[1].read())[1], 0.8);
  assert.equal(gradients[1].shape, [2, 1]);
  assert.equal([...(await clipGradNorm(given, 10).gradients[1].read())], [0, 4]);
});

// python3 -c "import torch
// p = torch.zeros(2); p.grad = torch.tensor([3., 4.])
// print(torch.nn.utils.clip_grad_norm_([p], float('inf')), p.grad)" # tensor(5.) tensor([3., 4.])
test("an infinite norm clips nothing: the norm is measured", async () => {
  for (const profile of profiles) {
    const gpu = await testGpu(profile);
    for (const given of [
      [3, 4],
      [0, 0],
    ]) {
      const { gradients, norm } = clipGradNorm([gpu.tensor(given)], Number.POSITIVE_INFINITY);
      assert.equal([...(await gradients[0].read())], given);
      assert.is(await norm.item(), Math.hypot(...given));
    }
  }
});

test.run();
