// `cutgpu tune`: measures which kernels are the fastest on this machine's adapter for one size of training, and stores
// those that differ from the rule in the user's cache, where all later commands find them.
import * as v from "valibot";
import { describeKernels } from "../../cut/cli/gpu-text.js";
import { tuningEntries } from "../../cut/cli/run-tuning.js";
import { type CommandContext, defineCommand, print, printAbove, startProgress } from "../../cut/cli/terminal/index.js";
import { removeUserTuning, updateUserTuning, userTuningPath } from "../../cut/cli/user-tuning.js";
import { nearestMultipleOf4 } from "../../cut/data/rounding.js";
import { checkOutput } from "../../cut/files/output.js";
import { completeOptions, flag, type GivenOptions, OptionError, option } from "../../cut/options/schema.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { adapterName } from "../../engine/device/adapter.js";
import { choicesOf, type TunedChoice, tuneChoice } from "../kernel-tuner.js";
import { openBenchGpu } from "../node/open-gpu.js";
import { digits } from "../report/format.js";
import { measureRates } from "../winograd-model.js";

const group = "The table";

const schema = v.strictObject({
  ...tuningEntries,
  list: option(group, flag(), false, "show the active table and measure nothing"),
  forget: option(group, flag(), false, "remove the table: kernels are chosen by rule again"),
});

export default defineCommand({
  usage: "[options of the training to tune for]",
  options: schema,
  run: tune,
});

async function tune(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const { list, forget, profile, precision, ...training } = completeOptions(schema, given);
  if (list && forget) throw new OptionError("--list shows the table and --forget removes it;", "give one of them.");
  const gpu = await openBenchGpu(profile, precision);
  try {
    print(`${adapterName(gpu)}, ${describeKernels(gpu)}\n`);
    if (forget) printLine(removeUserTuning(gpu) ? `removed ${userTuningPath(gpu)}` : "there was no tuning table");
    else if (list) listTable(gpu);
    else await makeTable(gpu, { ...training, crop_size: nearestMultipleOf4(training.crop_size) }, signal);
  } finally {
    gpu.dispose();
  }
}

const printLine = (line: string) => print(`${line}\n`);

function listTable(gpu: Gpu): void {
  const entries = Object.entries(gpu.variants.table?.choices ?? {});
  if (!gpu.variants.table) printLine("there is no tuning table");
  else printLine(`${userTuningPath(gpu)}: ${entries.length} choices`);
  for (const [key, variant] of entries) printLine(`${key}  ${variant}`);
}

async function makeTable(gpu: Gpu, size: Parameters<typeof choicesOf>[1], signal: AbortSignal): Promise<void> {
  const path = userTuningPath(gpu);
  checkOutput({ what: "the tuning table", paths: [path] }, []);
  const choices = await choicesOf(gpu, size);
  // These predict where Winograd's convolutions could be faster; on software adapters they are measured everywhere.
  const rates = gpu.profile === "gpu" ? await measureRates(gpu, signal) : null;
  if (rates) printLine(`at most ${digits(rates.gflops)} GFLOP/s, ${digits(rates.gbps)} GB/s`);
  const progress = startProgress({ label: "tuning", total: choices.length });
  const winners = new Map<string, string | null>();
  try {
    for (const choice of choices) {
      progress.update(winners.size, choice.operator);
      const tuned = await tuneChoice(gpu, choice, rates, signal);
      winners.set(tuned.key, tuned.winner === tuned.rule ? null : tuned.winner);
      printAbove(progress, row(tuned));
    }
    progress.update(winners.size, "");
  } finally {
    progress.stop();
    // Measurements are kept, whatever ended the rest.
    if (winners.size > 0) {
      updateUserTuning(gpu, winners);
      const changed = [...winners.values()].filter((winner) => winner !== null).length;
      printLine(`another kernel is faster for ${changed} of ${winners.size} choices: ${path}`);
    }
  }
}

/** The choice, each kernel's milliseconds, and the result. */
function row({ key, ms, rule, winner }: TunedChoice): string {
  const times = [...ms].map(([variant, time]) => `${variant} ${digits(time)} ms`).join("  ");
  const gain = (ms.get(rule) ?? 0) / (ms.get(winner) ?? 1);
  return `${key}\n    ${times}  -> ${winner}${winner === rule ? "" : ` (${gain.toFixed(2)}x)`}`;
}
