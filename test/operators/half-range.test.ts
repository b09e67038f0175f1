// Squares of f16 numbers are beyond f16 from 256 on and nothing below 2e-4: what sums squares does so in f32.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  batchNorm2d,
  cast,
  clipGradNorm,
  grad,
  groupNorm,
  instanceNorm,
  l2Normalize,
  layerNorm,
  mseLoss,
  mul,
  reshape,
  smoothL1Loss,
  sum,
  type Tensor,
  variance,
} from "../../engine/index.js";
import { halfGpu, testGpu } from "../support/gpu.js";
import { onHalves } from "../support/half.js";

/** Weights of one order of magnitude, but not alike. */
const weighted = (x: Tensor, size: number): Tensor => {
  const weights = Float32Array.from({ length: x.size }, (_, i) => size * Math.cos(i));
  return sum(mul(x, x.gpu.tensor(weights, x.shape)));
};
const slopes = (x: Tensor, y: Tensor, again = false): Tensor => grad(y, [x], { createGraph: again })[0];

/** Numbers of one size, from each [2, 4, 2, 2]. */
const works: { [name: string]: (x: Tensor) => Tensor } = {
  variance: (x) => variance(x, [1, 2, 3]),
  layerNorm: (x) => layerNorm(x, [4, 2, 2], { eps: 0 }),
  groupNorm: (x) => groupNorm(x, 2, { eps: 0 }),
  batchNorm2d: (x) => batchNorm2d(x, { eps: 0 }),
  mseLoss: (x) => mseLoss(x, 0),
  "mseLoss of each": (x) => mseLoss(x, 0, { reduction: "none" }),
  smoothL1Loss: (x) => smoothL1Loss(x, 0, { beta: 1e4 }),
  "the norm of clipGradNorm": (x) => clipGradNorm([x], 5).norm,
  clipGradNorm: (x) => clipGradNorm([x], 1e-5).gradients[0],
};

/** Gradients that can be differentiated, of numbers around 600. */
const derivatives: { [name: string]: (x: Tensor) => Tensor } = {
  l2Normalize: (x) => slopes(x, weighted(l2Normalize(reshape(x, [8, 4])), 1), true),
  instanceNorm: (x) => slopes(x, weighted(slopes(x, weighted(instanceNorm(x), 1000), true), 1)),
};

/** How far an f16 engine is off, relative to the largest number. */
async function distance(size: number, work: (x: Tensor) => Tensor): Promise<number> {
  const [x, expected] = await Promise.all(
    [await halfGpu("software"), await testGpu("software")].map(async (gpu) => {
      const values = Float32Array.from({ length: 32 }, (_, i) => size * (Math.sin(1.7 * i) + 0.2));
      const result = gpu.scope(() => {
        const given = gpu.tensor(values, [2, 4, 2, 2]);
        return work((gpu.precision === "f16" ? cast(given, "f16") : given).requireGrad());
      });
      const read = await result.read();
      result.dispose();
      return read;
    }),
  );
  return Math.max(...expected.map((value, i) => Math.abs(value - x[i]))) / Math.max(...expected.map(Math.abs));
}

for (const [name, work] of Object.entries(works)) {
  onHalves(test)(`${name} of f16 numbers whose squares f16 cannot hold`, async () => {
    for (const size of [600, 1e-5]) {
      const off = await distance(size, work);
      assert.ok(off < 0.02, `${size}: off by ${off}`);
    }
  });
}

for (const [name, work] of Object.entries(derivatives)) {
  onHalves(test)(
    `the gradient of ${name}, to be differentiated, of f16 numbers whose squares f16 cannot hold`,
    async () => {
      const off = await distance(600, work);
      assert.ok(off < 0.02, `off by ${off}`);
    },
  );
}

test.run();
