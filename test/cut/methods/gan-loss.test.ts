// Every adversarial loss that --gan_mode takes, for both verdicts, against the float64 reference.
import { test } from "uvu";
import { ganLoss } from "../../../cut/methods/gan-loss.js";
import { describeOptions } from "../../../cut/options/schema.js";
import { type TrainOptions, trainSchema } from "../../../cut/options/train-schema.js";
import * as reference from "../../../engine/operators/reference.js";
import { unary, values } from "../../operators/support/case.js";
import { checkCase } from "../../operators/support/check.js";
import { testGpu } from "../../support/gpu.js";

const described = describeOptions(trainSchema).find(({ name }) => name === "gan_mode");
const modes = described?.placeholder.split("|") as TrainOptions["gan_mode"][];

for (const mode of modes) {
  test(`${mode}: the loss of what should be real, and fake`, async () => {
    const gpu = await testGpu("software");
    for (const real of [true, false]) {
      const [given] = unary(
        (x) => ganLoss(mode, x, real),
        (x) => reference.ganLoss(x, mode, real),
        (x, dy) => reference.ganLossGradient(x, mode, real, dy),
        values([2, 1, 3, 5], -3, 3),
      );
      await checkCase(gpu, given, `${mode}, ${real ? "real" : "fake"}`);
    }
  });
}

test.run();
