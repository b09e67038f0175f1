// A U-Net in small: skip connections join channels of two images, pooling and interpolation lead down and up, and the
// whole learns to take noise away.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Adam,
  concat,
  conv2d,
  grad,
  interpolate,
  kaimingUniform,
  maxPool2d,
  mseLoss,
  Random,
  record,
  relu,
  type Tensor,
} from "../../engine/index.js";
import { testGpu } from "../support/gpu.js";

test("a network with skip connections learns to denoise two images", async () => {
  const gpu = await testGpu("software");
  const random = new Random(4);
  const sizes = [
    [4, 1, 3, 3],
    [4, 4, 3, 3],
    [1, 8, 3, 3],
  ];
  const weights = sizes.map((shape) => kaimingUniform(gpu, shape, random).requireGrad());
  const padded = { padding: 1 };
  const denoise = (x: Tensor) => {
    const fine = relu(conv2d(x, weights[0], undefined, padded));
    const coarse = relu(conv2d(maxPool2d(fine, 2), weights[1], undefined, padded));
    const joined = concat([fine, interpolate(coarse, { scaleFactor: 2, mode: "bilinear" })], 1);
    assert.equal(joined.shape, [2, 8, 8, 8]);
    return conv2d(joined, weights[2], undefined, padded);
  };
  const clean = Float32Array.from({ length: 128 }, (_, i) => ((i >> 2) % 2 ? 1 : -1));
  const target = gpu.persistent([2, 1, 8, 8]);
  target.write(clean);
  const noisy = gpu.persistent([2, 1, 8, 8]);
  const adam = new Adam(gpu, weights);
  const { program, result: loss } = await record(gpu, () => {
    const loss = mseLoss(denoise(noisy), target);
    adam.update(grad(loss, weights));
    return loss.detach();
  });
  let identity = 0;
  let learnt = 0;
  for (let step = 0; step < 120; step++) {
    noisy.write(clean.map((value) => value + 0.5 * random.normal()));
    adam.advance(0.01);
    program.replay();
    if (step < 110) continue;
    learnt += await loss.item();
    identity += await gpu.scope(() => mseLoss(noisy, target)).item();
  }
  assert.ok(learnt < 0.4 * identity, `mean squares of ${learnt / 10}, and of ${identity / 10} if nothing is done`);
  program.dispose();
  adam.dispose();
});

test.run();
