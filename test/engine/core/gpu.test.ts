// An open engine: the tensors that it makes, what it dispatches, and what is heard when its device goes or complains.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kernelFromWgsl } from "../../../engine/device/kernel-from-wgsl.js";
import { DeviceLostError } from "../../../engine/lib/errors.js";
import { square } from "../../../engine/operators/public.js";
import { record } from "../../../engine/program/program.js";
import { runChild } from "../../support/child.js";
import { ownGpu, rejectionOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("tensors are made with content, without, and integers from integers", async () => {
  assert.equal([...gpu.empty([2, 3]).shape], [2, 3]);
  assert.equal([...gpu.tensor([1, 2, 3]).shape], [3]);
  assert.is(gpu.tensor(Int32Array.of(1)).dtype, "i32");
  assert.is(gpu.empty([1], "i32").dtype, "i32");
  assert.is(await gpu.tensor([5], []).item(), 5);
});

test("a dispatch has a grid, or a number of invocations, rounded up to whole workgroups", async () => {
  const kernel = kernelFromWgsl(
    "count",
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
     @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] += 1.0; }`,
  );
  const x = gpu.tensor(new Float32Array(12));
  gpu.dispatch(kernel, { bindings: { x }, params: {}, invocations: 5 });
  gpu.dispatch(kernel, { bindings: { x }, params: {}, grid: 1 });
  gpu.dispatch(kernel, { bindings: { x }, params: {}, grid: 0 });
  assert.equal([...(await x.read())], [2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0]);
});

test("losing the device rejects reads under way and later ones, and operators throw", async () => {
  const own = await ownGpu();
  const x = own.tensor([1, 2]);
  const under = x.read().catch((error: unknown) => error);
  own.device.destroy();
  const errors = [await under, await x.read().catch((error: unknown) => error)];
  await own.device.lost;
  errors.push(await own.finish().catch((error: unknown) => error));
  errors.push(await x.read().catch((error: unknown) => error));
  for (const error of errors) {
    assert.instance(error, DeviceLostError);
    assert.is((error as DeviceLostError).fix, "Begin again with a new device.");
  }
  assert.throws(
    () => square(x),
    (error: unknown) => error instanceof DeviceLostError,
  );
});

test("a program recorded on a lost device, or on one that is lost meanwhile, is none", async () => {
  for (const when of ["before", "meanwhile"]) {
    const own = await ownGpu();
    const x = own.tensor([1, 2]);
    if (when === "before") {
      own.device.destroy();
      await own.device.lost;
    }
    const { liveBuffers } = own.memory();
    const recording = rejectionOf(record(own, () => square(x)));
    own.device.destroy();
    assert.instance(await recording, DeviceLostError, when);
    assert.is(own.memory().liveBuffers, liveBuffers);
  }
});

test("an error that WebGPU reports on its own surfaces at the next read, and nothing is printed", async () => {
  const { status, stdout } = await runChild("engine/core/children/uncaptured.js");
  assert.is(status, 0);
  assert.match(stdout, /^GpuError: WebGPU reported: .*\n$/);
});

test.run();
