// The command that `cutgpu train` proposes on a GPU on which nothing has been measured.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { missingTuning } from "../../../cut/cli/run-tuning.js";
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { Gpu } from "../../../engine/device/gpu.js";

const adapter = (architecture: string, table: object | null = null) =>
  ({ info: { architecture }, variants: { table } }) as unknown as Gpu;
const usual = { dataroot: "pictures" };

test("a GPU without a table: the options that differ from the defaults are in the command", () => {
  assert.is(missingTuning(adapter("ampere"), resolveOptions(usual)), "cutgpu tune");
  const options = resolveOptions({ ...usual, crop_size: 128, precision: "f16", n_epochs: 3, model: "cycle_gan" });
  assert.is(missingTuning(adapter("ampere"), options), "cutgpu tune --crop_size 128 --precision f16");
});

test("none on a tuned GPU, on a software adapter, and for SinCUT", () => {
  assert.is(missingTuning(adapter("ampere", {}), resolveOptions(usual)), undefined);
  assert.is(missingTuning(adapter("swiftshader"), resolveOptions(usual)), undefined);
  assert.is(missingTuning(adapter("ampere"), resolveOptions({ ...usual, model: "sincut" })), undefined);
});

test.run();
