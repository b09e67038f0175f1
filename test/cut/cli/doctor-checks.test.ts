// The training of two steps that `cutgpu doctor` checks an adapter by: right on this one, and wrong where a kernel is.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkTraining } from "../../../cut/cli/doctor-checks.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Profile } from "../../../engine/device/adapter.js";
import { ownGpu, profiles, testGpu } from "../../support/gpu.js";

const test = suite("doctor's checks");

for (const profile of profiles) {
  test(`the losses of the two steps agree with the table (${profile})`, async () => {
    const report = await checkTraining(await testGpu(profile));
    assert.ok(report.ok);
    assert.ok(report.worst.difference < 1e-4, `off by ${report.worst.difference} in ${report.worst.name}`);
  });
}

/** A device whose kernels of that name get a wrong value in their uniform. */
async function faulty(kernel: string, change: Record<string, number>, profile: Profile = "software"): Promise<Gpu> {
  const gpu = await ownGpu(profile);
  const { dispatch } = gpu;
  gpu.dispatch = (source, run) => {
    const params = source.name === kernel ? { ...run.params, ...change } : run.params;
    dispatch.call(gpu, source, { ...run, params });
  };
  return gpu;
}

const faults: [kernel: string, change: Record<string, number>][] = [
  ["adam", { beta1: 0.6 }],
  ["instance_norm_vec4", { eps: 0.01 }],
  ["l2_normalize", { eps: 0.1 }],
];

for (const [kernel, change] of faults) {
  test(`an adapter whose ${kernel} computes wrongly is found`, async () => {
    const gpu = await faulty(kernel, change);
    const { ok, worst } = await checkTraining(gpu);
    gpu.dispose();
    assert.not.ok(ok, `the worst loss is off by ${worst.difference}`);
  });
}

test("losses that are not finite are found", async () => {
  const gpu = await faulty("adam", { eps: Number.NaN });
  const { ok, worst, losses } = await checkTraining(gpu);
  gpu.dispose();
  assert.not.ok(ok);
  // D's update comes before the losses of G, so that already the first step is spoilt.
  assert.is(losses.length, 0);
  assert.equal([worst.step, worst.difference], [1, Number.POSITIVE_INFINITY]);
});

test.run();
