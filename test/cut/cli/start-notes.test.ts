// What `cutgpu train` remarks on before the first step.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { startNotes } from "../../../cut/cli/start-notes.js";
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import type { Gpu } from "../../../engine/core/gpu.js";

const adapter = (architecture: string, table: object | null = null) =>
  ({ info: { architecture }, variants: { table } }) as unknown as Gpu;
const [untuned, tuned, software] = [adapter("hopper"), adapter("hopper", {}), adapter("swiftshader")];
const notes = (gpu: Gpu, given: Partial<TrainOptions> = {}, stepsDone = 0, totalSteps = 100) =>
  startNotes(gpu, resolveOptions({ dataroot: "pictures", ...given }), { stepsDone, totalSteps }).join("; ");

test("on a GPU without a table: how to tune, with the options that differ from the defaults", () => {
  assert.match(notes(untuned), /chosen by rule.*: npx cutgpu tune$/);
  const given = { crop_size: 128, precision: "f16", n_epochs: 3, model: "cycle_gan" } as const;
  assert.match(notes(untuned, given), /: npx cutgpu tune --crop_size 128 --precision f16$/);
});

test("nothing on a tuned GPU, on a software adapter, in a resumed run, and for SinCUT", () => {
  assert.equal(
    [notes(tuned), notes(software), notes(untuned, {}, 1), notes(untuned, { model: "sincut" })],
    ["", "", "", ""],
  );
});

test("averages that a run is too short for", () => {
  assert.match(notes(software, { ema_decay: 0.99 }), /after 100 steps 37 % of the averages by --ema_decay 0.99 are/);
  assert.is(notes(software, { ema_decay: 0.99 }, 0, 300), "");
});

test.run();
