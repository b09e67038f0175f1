// The optimizers against the float64 reference, step by step, on both kernel profiles.
import { test } from "uvu";
import { Adam } from "../../engine/index.js";
import * as reference from "../../engine/operators/reference.js";
import { zeros } from "../../engine/operators/reference.js";
import { assertClose, download, profiles, testGpu, upload } from "../support/gpu.js";
import { adamCases } from "./optimizers.js";

const BOUND = 1e-6;

for (const profile of profiles) {
  for (const { title, parameters, gradients, options, learningRates } of adamCases) {
    test(`Adam on ${profile}: ${title}`, async () => {
      const gpu = await testGpu(profile);
      const p = upload(gpu, parameters);
      const adam = new Adam(gpu, new Map([["p", p]]), options);
      let expected = { p: parameters, m: zeros(parameters.shape), v: zeros(parameters.shape) };
      for (const [i, gradient] of gradients.entries()) {
        const lr = learningRates[i];
        const g = upload(gpu, gradient);
        adam.advance(lr);
        adam.update([g]);
        expected = reference.adam(expected.p, gradient, expected.m, expected.v, { ...options, lr, step: i + 1 });
        assertClose(await download(p), expected.p, BOUND, `the parameters after step ${i + 1}`);
        g.dispose();
      }
      adam.dispose();
      p.dispose();
    });
  }
}

test.run();
