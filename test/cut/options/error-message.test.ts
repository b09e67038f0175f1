// Error messages for users: one sentence of what happened and what to do.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { errorMessage } from "../../../cut/options/error-message.js";
import { CutgpuError, DeviceLostError, LimitError, OutOfMemoryError } from "../../../engine/lib/errors.js";
import { planningGpu } from "../../../engine/open/planning.js";

test("what happened and what to do are one sentence", () => {
  const of = (message: string, fix?: string) => errorMessage(new CutgpuError("FILE", message, fix));
  assert.is(of("there is no x"), "there is no x");
  assert.is(of("there is no x", "Give another."), "there is no x; give another.");
  assert.is(of("there is no x;", "give another."), "there is no x; give another.");
  assert.is(of("there is no x.", "Give another."), "there is no x. Give another.");
});

test("where a tensor is too large for the adapter, the options to lower are named", () => {
  const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 }, 2 ** 20);
  let refused: unknown;
  try {
    gpu.empty([1, 64, 4096, 4096]);
  } catch (error) {
    refused = error;
  }
  const advice = "lower --crop_size, --batch_size or --ngf (for translation: --size).";
  const said = "[1,64,4096,4096] needs 4096 MiB in one buffer and this adapter allows 1 MiB";
  assert.is(errorMessage(refused as LimitError), `${said}; ${advice}`);
});

test("where the GPU has no memory left, so is what trains with less", () => {
  const error = new OutOfMemoryError("the GPU is out of memory", "Use smaller tensors, or dispose others.");
  const advice = "train with --low_memory, or lower --crop_size, --batch_size or --ngf (for translation: --size).";
  assert.is(errorMessage(error), `the GPU is out of memory; ${advice}`);
});

test("a lost device's advice to programs is none to users, but their own is", () => {
  assert.is(errorMessage(new DeviceLostError("the GPU device was lost")), "the GPU device was lost; try again.");
  assert.is(errorMessage(new DeviceLostError("the GPU was lost", "Run it.")), "the GPU was lost; run it.");
});

test("a limit of something else keeps its own advice", () => {
  assert.is(
    errorMessage(new LimitError("cliffs.jpg is large", "Make it smaller.")),
    "cliffs.jpg is large; make it smaller.",
  );
});

test.run();
