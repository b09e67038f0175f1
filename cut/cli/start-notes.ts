// What `cutgpu train` remarks on before the first step: what would make the run faster, or spoil its result.
import * as v from "valibot";
import type { Gpu } from "../../engine/core/gpu.js";
import { profileOf } from "../../engine/device/adapter.js";
import { describeOptions } from "../options/schema.js";
import { commandLine } from "../options/shell-words.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { Training } from "../training/training-loop.js";
import { tuningEntries } from "./run-tuning.js";

/** The share of the first weights that averages may keep to the end of a run. */
const MAX_SHARE = 0.05;

/** A sentence for each remark. */
export function startNotes(
  gpu: Pick<Gpu, "info" | "variants">,
  options: TrainOptions,
  { stepsDone, totalSteps }: Pick<Training, "stepsDone" | "totalSteps">,
): string[] {
  const notes: string[] = [];
  // A resumed run keeps the kernels that it began with, and SinCUT's layers are none of those that are measured.
  if (stepsDone === 0 && options.model !== "sincut" && profileOf(gpu.info) === "gpu" && !gpu.variants.table) {
    notes.push(`kernels are chosen by rule; this measures which are faster on this GPU: ${tuneCommand(options)}`);
  }
  const { ema_decay } = options;
  const share = ema_decay > 0 ? ema_decay ** totalSteps : 0;
  if (share > MAX_SHARE) {
    const percent = `${Math.round(100 * share)} %`;
    notes.push(
      `after ${totalSteps} steps ${percent} of the averages by --ema_decay ${ema_decay} are still the weights that ` +
        "training begins with; lower it, or train longer",
    );
  }
  return notes;
}

/** The command that tunes for a training with these options; those that have their defaults are left out. */
function tuneCommand(options: TrainOptions): string {
  const value = (name: string) => options[name as keyof TrainOptions];
  const others = describeOptions(v.strictObject(tuningEntries)).filter(
    ({ name, default: usual }) => value(name) !== usual,
  );
  return commandLine("tune", ...others.flatMap(({ name }) => [`--${name}`, String(value(name))]));
}
