// The adversarial losses against the float64 reference, value and gradient, for scores of either sign.
import { suite } from "uvu";
import { ganLoss } from "../../../cut/training/gan-loss.js";
import { grad } from "../../../engine/core/autograd.js";
import * as reference from "../../../engine/operators/reference.js";
import { Random } from "../../../engine/random.js";
import { assertClose, download, testGpu, uniform, upload } from "../../support/gpu.js";

const test = suite("adversarial losses");
const gpu = await testGpu("software");

for (const mode of ["lsgan", "vanilla", "nonsaturating"] as const) {
  for (const real of [true, false]) {
    test(`${mode} of scores that should say "${real ? "real" : "fake"}"`, async () => {
      const scores = uniform(new Random(5), [2, 1, 3, 5], -4, 4);
      const x = upload(gpu, scores).requireGrad();
      const loss = ganLoss(mode, x, real);
      const [dx] = grad(loss, [x]);
      const one = reference.fromFloat32([], Float32Array.of(1));
      assertClose(await download(loss), reference.ganLoss(scores, mode, real), 1e-5, "loss");
      assertClose(await download(dx), reference.ganLossGradient(scores, mode, real, one).dx, 1e-5, "gradient");
    });
  }
}

test.run();
