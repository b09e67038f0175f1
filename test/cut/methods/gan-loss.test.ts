// Every adversarial loss that --gan_mode takes, for both verdicts, against the float64 reference.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ganLoss } from "../../../cut/methods/gan-loss.js";
import { describeOptions } from "../../../cut/options/schema.js";
import { type TrainOptions, trainSchema } from "../../../cut/options/train-schema.js";
import { reshape } from "../../../engine/core/reshape.js";
import { cast, concat, type Gpu, grad, sum } from "../../../engine/index.js";
import * as reference from "../../../engine/reference.js";
import { unary, values } from "../../operators/support/case.js";
import { checkCase } from "../../operators/support/check.js";
import { ganLossGradient, ganLoss as referenceLoss } from "../../support/gan-loss.js";
import { assertClose, download, halfGpu, testGpu, upload } from "../../support/gpu.js";
import { onHalves } from "../../support/half.js";

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

for (const mode of modes) {
  onHalves(test)(`${mode}: f16 scores whose squares f16 cannot hold, and their gradients`, async () => {
    const [full, half] = [await testGpu("software"), await halfGpu("software")];
    const scores = Float32Array.from({ length: 32 }, (_, i) => Math.round(600 * Math.sin(1.7 * i)));
    const read = async (gpu: Gpu) => {
      const [losses, gradient] = gpu.scope(() => {
        const given = gpu.tensor(scores, [2, 16]);
        const x = (gpu === half ? cast(given, "f16") : given).requireGrad();
        const losses = ganLoss(mode, x, [false, true]);
        return [losses, ...grad(sum(losses), [x])];
      });
      const values = [...(await losses.read()), ...(await gradient.read())];
      for (const tensor of [losses, gradient]) tensor.dispose();
      return values;
    };
    const [expected, ours] = [await read(full), await read(half)];
    for (const [i, value] of expected.entries()) {
      const off = Math.abs(value - ours[i]);
      assert.ok(off <= 2e-3 * Math.abs(value) + 1e-6, `number ${i} is ${ours[i]} in place of ${value}`);
    }
  });
}

test.run();
