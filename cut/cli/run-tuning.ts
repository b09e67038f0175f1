// The tuning table of a run, in its folder, and the options that its kernels depend on.
import * as v from "valibot";
import type { Gpu } from "../../engine/core/gpu.js";
import { applyTuning, type TuningTable } from "../../engine/tuning/table.js";
import type { RunFolder } from "../files/run-folder.js";
import { trainSchema } from "../options/train-schema.js";
import { note } from "./terminal/index.js";

/** The options of training that `cutgpu tune` takes, too: the sizes of layers and the form of kernels. */
export const tuningEntries = v.pick(trainSchema, [
  "crop_size",
  "batch_size",
  "CUT_mode",
  "netG",
  "ngf",
  "netD",
  "ndf",
  "n_layers_D",
  "netF_nc",
  "num_patches",
  "profile",
  "precision",
]).entries;

/**
 * Activates the run's table. A new run saves the user's table in its folder, and a resumed one uses the table that it
 * began with, so that it ends in the same bytes as an uninterrupted run.
 */
export function applyRunTuning(gpu: Gpu, folder: RunFolder, continued: boolean): void {
  if (!continued) {
    if (gpu.variants.table) folder.writeTuning(gpu.variants.table);
    return;
  }
  const ofUser = gpu.variants.table;
  const ofRun = folder.readTuning();
  gpu.variants.use(null);
  if (ofRun && !applyTuning(gpu, ofRun, note)) return;
  if (choicesText(ofRun) !== choicesText(ofUser)) {
    const kernels = ofRun ? "the tuned kernels that it began with" : "kernels chosen by rule, as it began";
    note(`this run goes on with ${kernels}; this machine's present tuning is for new runs`);
  }
}

const choicesText = (table: TuningTable | null) => JSON.stringify(Object.entries(table?.choices ?? {}).sort());
