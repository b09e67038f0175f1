// The row of Adam's update of one parameter, the largest of the generator. It is no operator, so its cost is stated
// here: it reads g, p, m and v and writes p, m and v, with 13 nominal FLOPs per value (shaders/optimizers/adam.wgsl).
import { Adam } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase } from "../measurement/case.js";
import { measure, SHORT_BUDGET_MS } from "../measurement/measure.js";
import { dense } from "./lib.js";

/** The weight of a residual block's convolution at ngf 64. */
const shape = [256, 256, 3, 3];
const count = 256 * 256 * 3 * 3;
const FLOPS_PER_VALUE = 13;
const options = { beta1: 0.5, beta2: 0.999, eps: 1e-8 };
const lr = 2e-4;

const adamCase: BenchCase = {
  suite: "kernels",
  kernel: "adam",
  variant: "default",
  shape: "a parameter 256x256x3x3",
  async run({ gpu, signal, reference: time }) {
    const [parameter, gradient] = [randomTensor(gpu, shape), randomTensor(gpu, shape)];
    const adam = new Adam(gpu, new Map([["weight", parameter]]), options);
    try {
      adam.advance(lr);
      const measurement = await measure(gpu, () => adam.update([gradient]), { budget: SHORT_BUDGET_MS, signal });
      const [p, g, m, v] = [0, 1, 2, 3].map(() => dense(shape));
      return {
        measurement,
        flops: FLOPS_PER_VALUE * count,
        bytes: 7 * 4 * count,
        reference_ms: time("adam", () => reference.adam(p, g, m, v, { ...options, lr, step: 1 })),
      };
    } finally {
      for (const owner of [adam, parameter, gradient]) owner.dispose();
    }
  },
};

export const optimizerCases: readonly BenchCase[] = [adamCase];
