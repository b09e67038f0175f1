// Tensors without elements, such as a batch that a selection left empty, by PyTorch's rules: gradients of weights are
// sums over nothing, 0, and there is no largest element.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  abs,
  argmax,
  argmin,
  conv2d,
  flatten,
  grad,
  linear,
  max,
  min,
  ones,
  softmax,
  sum,
  type Tensor,
} from "../../engine/index.js";
import { messageOf, profiles, testGpu } from "../support/gpu.js";

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

test("there is no largest of no elements, but of no rows", async () => {
  const gpu = await testGpu("software");
  const none = gpu.empty([0, 2]);
  for (const reduce of [max, min, argmax, argmin])
    assert.match(
      messageOf(() => reduce(none, 0)),
      /^ShapeError: \w+: \[0,2\] has no elements along axes \[0\]/,
    );
  assert.match(
    messageOf(() => argmax(none)),
    /ShapeError/,
  );
  assert.equal([max(none, 1).shape, argmin(none, 1).shape, softmax(gpu.empty([2, 0]), 1).shape], [[0], [0], [2, 0]]);
});

test.run();
