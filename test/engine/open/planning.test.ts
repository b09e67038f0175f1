// Plans: an engine without a GPU counts the memory that the same work takes on one, and refuses what would not fit.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import { LimitError, RecordingError } from "../../../engine/lib/errors.js";
import { planningGpu } from "../../../engine/open/planning.js";
import { fromImage, toCanvas, toImageData } from "../../../engine/operators/pictures/index.js";
import { square } from "../../../engine/operators/pointwise/index.js";
import { record } from "../../../engine/program/program.js";
import { runChild } from "../../support/child.js";
import { ownGpu, profiles, rejectionOf } from "../../support/gpu.js";
import { smallNet } from "../program/small-net.js";

/** Memory and dispatches of a recorded training step. */
async function measure(gpu: Gpu) {
  const net = smallNet(gpu);
  const { program } = await record(gpu, () => net.step());
  return { memory: gpu.memory(), bytes: program.bytes, length: program.length };
}

for (const profile of profiles) {
  test(`a plan counts what the work then takes (${profile})`, async () => {
    const gpu = await ownGpu(profile);
    const planned = planningGpu({ profile, subgroupSize: gpu.subgroupSize });
    assert.equal([planned.profile, planned.subgroupSize], [gpu.profile, gpu.subgroupSize]);
    assert.equal(await measure(planned), await measure(gpu));
    gpu.dispose();
  });
}

test("a tensor beyond the largest buffer is refused", () => {
  const gpu = planningGpu({ profile: "gpu", subgroupSize: 0 }, 1024);
  assert.is(gpu.empty([256]).size, 256);
  assert.throws(
    () => gpu.empty([257]),
    (error: unknown) => error instanceof LimitError,
  );
});

test("work that is not recorded and copies compute nothing, and reads say so", async () => {
  const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 });
  const x = gpu.tensor([1, 2, 3]);
  const y = square(x);
  y.copyFrom(x);
  await gpu.finish();
  const refused = await Promise.race([rejectionOf(y.read()), new Promise((settle) => setTimeout(settle, 100))]);
  assert.instance(refused, RecordingError);
  assert.match((refused as RecordingError).message, /^a tensor of shape \[3\] has no content: it is of a planningGpu/);
  for (const tensor of [x, y]) tensor.dispose();
  assert.is(gpu.memory().liveBytes, 0);
});

test("kernels whose WGSL is not loaded are chosen all the same", async () => {
  assert.is((await runChild("engine/open/children/planning.js")).stdout, "matmul_broadcast_vec4 8,8\n");
});

test("pictures in and out are refused, and a canvas stays as it was", async () => {
  const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 });
  const x = gpu.empty([1, 3, 2, 4]);
  const canvas = { width: 1, height: 1 } as OffscreenCanvas;
  const pixels = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  const texture = { width: 1, height: 1, createView: () => ({}) } as unknown as GPUTexture;
  for (const [what, work] of [
    ["toCanvas", () => toCanvas(x, canvas)],
    ["fromImage", () => fromImage(gpu, pixels)],
    ["fromImage", () => fromImage(gpu, texture)],
  ] as const) {
    assert.throws(work, (error: unknown) => {
      const { message } = error as Error;
      return error instanceof RecordingError && message.startsWith(`${what} cannot be done on a planningGpu`);
    });
  }
  assert.is(canvas.width, 1);
  assert.instance(await rejectionOf(toImageData(x)), RecordingError);
  x.dispose();
  assert.is(gpu.memory().liveBytes, 0);
});

test.run();
