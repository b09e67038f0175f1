// The rows of a chain of elementwise operators and its gradient: GELU by tanh as one composes it (Hendrycks and Gimpel,
// 2016), of an image and a bias that broadcasts. Recorded with its operators fused, and one by one.
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { add, gelu } from "../../engine/operators/pointwise/index.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase } from "../measurement/case.js";
import { measure, SHORT_BUDGET_MS } from "../measurement/measure.js";
import { observeDryRun, totalCost } from "../measurement/observe.js";
import { image, imageText } from "./lib.js";

const [, channels, size] = image;
const shape = imageText(image);

const chainCase = (variant: "fused" | "one by one"): BenchCase => ({
  suite: "kernels",
  kernel: "biasGelu.backward",
  variant,
  shape,
  job: { id: `biasGelu.backward ${shape}`, kind: "biasGelu.backward", channels, size },
  async run({ gpu, signal }) {
    const { work, dispose } = chainWork(gpu);
    try {
      // Of all that operators read and write, a chain needs the image, the bias, dy, y and the image's gradient.
      const { flops } = totalCost(await observeDryRun(gpu, work));
      const bytes = 4 * channels * (4 * size * size + 1);
      const options = { budget: SHORT_BUDGET_MS, signal, fusePointwise: variant === "fused" };
      const measurement = await measure(gpu, work, options);
      return { measurement, flops, bytes, figures: { dispatches: measurement.dispatches } };
    } finally {
      dispose();
    }
  },
});

function chainWork(gpu: Gpu) {
  const [x, bias, dy] = [image, [channels, 1, 1], image].map((each) => randomTensor(gpu, each));
  x.requireGrad();
  const work = () => {
    const y = gelu(add(x, bias), "tanh");
    return [y, ...grad(y, [x], { dy })];
  };
  const dispose = () => {
    for (const tensor of [x, bias, dy]) tensor.dispose();
  };
  return { work, dispose };
}

export const chainCases: readonly BenchCase[] = [chainCase("fused"), chainCase("one by one")];
