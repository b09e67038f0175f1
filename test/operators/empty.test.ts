// Layers over an empty batch, such as a selection without elements: the gradients of their weights are sums over
// nothing, 0, as PyTorch has them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { abs, conv2d, flatten, grad, linear, max, ones, sum, type Tensor } from "../../engine/index.js";
import { profiles, testGpu } from "../support/gpu.js";

type Layer = (x: Tensor, w: Tensor, b: Tensor) => Tensor;
const reflected = { padding: 3, paddingMode: "reflect" } as const;
const layers: readonly (readonly [x: readonly number[], w: readonly number[], layer: Layer])[] = [
  [[0, 2, 4, 4], [3, 2, 3, 3], conv2d],
  [[0, 2, 4, 4], [3, 2, 1, 1], (x, w, b) => conv2d(x, w, b, { stride: 3 })],
  [[0, 4, 9, 9], [4, 2, 3, 3], (x, w, b) => conv2d(x, w, b, { groups: 2 })],
  [[0, 64, 48, 48], [64, 64, 3, 3], (x, w, b) => conv2d(x, w, b, { padding: 1 })],
  [[0, 3, 48, 48], [8, 3, 7, 7], (x, w, b) => conv2d(x, w, b, reflected)],
  [[0, 3], [4, 3], linear],
];

for (const profile of profiles) {
  test(`gradients of layers over an empty batch (${profile})`, async () => {
    const gpu = await testGpu(profile);
    for (const [x, w, layer] of layers) {
      const largest = gpu.scope(() => {
        const leaves = [x, w, [w[0]]].map((shape) => ones(gpu, shape).requireGrad());
        const [dx, dw, db] = grad(sum(layer(leaves[0], leaves[1], leaves[2])), leaves);
        assert.equal(dx.shape, x);
        return [dw, db].map((gradient) => max(abs(flatten(gradient))));
      });
      for (const tensor of largest) assert.is(await tensor.item(), 0, `${x} by ${w}`);
    }
  });
}

test.run();
