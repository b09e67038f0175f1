// Every adversarial loss that --gan_mode takes, for both verdicts, against the float64 reference.
import { test } from "uvu";
import { ganLoss } from "../../../cut/methods/gan-loss.js";
import { describeOptions } from "../../../cut/options/schema.js";
import { type TrainOptions, trainSchema } from "../../../cut/options/train-schema.js";
import { reshape } from "../../../engine/core/reshape.js";
import { concat } from "../../../engine/index.js";
import * as reference from "../../../engine/operators/reference.js";
import { unary, values } from "../../operators/support/case.js";
import { checkCase } from "../../operators/support/check.js";
import { ganLossGradient, ganLoss as referenceLoss } from "../../support/gan-loss.js";
import { assertClose, download, testGpu, upload } from "../../support/gpu.js";

const described = describeOptions(trainSchema).find(({ name }) => name === "gan_mode");
const modes = described?.placeholder.split("|") as TrainOptions["gan_mode"][];

for (const mode of modes) {
  test(`${mode}: the loss of what should be real, and fake`, async () => {
    const gpu = await testGpu("software");
    for (const real of [true, false]) {
      const [given] = unary(
        (x) => reshape(ganLoss(mode, x, [real]), []),
        (x) => referenceLoss(x, mode, real),
        (x, dy) => ganLossGradient(x, mode, real, dy),
        values([2, 1, 3, 5], -3, 3),
      );
      await checkCase(gpu, given, `${mode}, ${real ? "real" : "fake"}`);
    }
    const [fake, real] = [values([2, 1, 3, 5], -3, 3), values([2, 1, 3, 5], -3, 3)];
    const both = ganLoss(mode, concat([upload(gpu, fake), upload(gpu, real)]), [false, true]);
    const expected = [referenceLoss(fake, mode, false), referenceLoss(real, mode, true)];
    assertClose(await download(both), reference.concat(expected.map((x) => reference.reshape(x, [1]))), 1e-5, "both");
  });
}

test.run();
