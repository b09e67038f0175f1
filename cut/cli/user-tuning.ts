// Tuning tables on disk: one a user, adapter and profile, written by `cutgpu tune` and read wherever a command opens the GPU.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { adapterName } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { applyTuning, parseTuning, type TuningTable } from "../../engine/tuning/table.js";
import { makeFolder, withFileErrors, writeFileAtomically } from "../files/atomic-files.js";
import type { RunFolder } from "../files/run-folder.js";

/** Tells people one line on standard error. */
export const note = (message: string): void => void process.stderr.write(`note: ${message}\n`);

/** Where the table of this adapter and profile is kept. */
export function tuningPath(gpu: Gpu): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const slug = adapterName(gpu)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return join(cache, "cutgpu", "tuning", `${slug || "adapter"}.${gpu.profile}.json`);
}

/** The table of this adapter and profile, or null where there is none. A file that holds no table is noted and passed over. */
export function readMachineTuning(gpu: Gpu): TuningTable | null {
  const path = tuningPath(gpu);
  if (!existsSync(path)) return null;
  try {
    return parseTuning(
      withFileErrors(path, () => readFileSync(path, "utf8")),
      path,
    );
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    note(`${error.message}, so kernels are chosen by rule. ${error.fix}`);
    return null;
  }
}

/** Puts the machine's table in force, if there is one. */
export function useMachineTuning(gpu: Gpu): void {
  const table = readMachineTuning(gpu);
  if (table) applyTuning(gpu, table, note);
}

export function writeMachineTuning(gpu: Gpu, table: TuningTable): void {
  const path = tuningPath(gpu);
  makeFolder(dirname(path));
  writeFileAtomically(path, `${JSON.stringify(table, null, 1)}\n`);
}

/** Removes the table of this adapter and profile; false where there was none. */
export function forgetMachineTuning(gpu: Gpu): boolean {
  const path = tuningPath(gpu);
  const there = existsSync(path);
  withFileErrors(path, () => rmSync(path, { force: true }));
  return there;
}

/**
 * The kernels of a run: a new one keeps the table in force in its folder, and one that goes on takes what it began with, so
 * that it ends in the bytes of a run that was not stopped.
 */
export function settleRunTuning(gpu: Gpu, folder: RunFolder, continued: boolean): void {
  if (!continued) {
    if (gpu.variants.table) folder.writeTuning(gpu.variants.table);
    return;
  }
  const machine = gpu.variants.table;
  const own = folder.readTuning();
  gpu.variants.use(null);
  if (own && !applyTuning(gpu, own, note)) return;
  if (choicesText(own) !== choicesText(machine)) {
    const kernels = own ? "the tuned kernels that it began with" : "kernels chosen by rule, as it began";
    note(`this run goes on with ${kernels}; this machine's present tuning is for new runs`);
  }
}

const choicesText = (table: TuningTable | null) => JSON.stringify(Object.entries(table?.choices ?? {}).sort());

/** "software kernels", and how many choices of a tuning table are in force. */
export function describeKernels({ profile, variants: { table } }: Gpu): string {
  const count = Object.keys(table?.choices ?? {}).length;
  return `${profile} kernels${table ? `, tuned (${count} choices)` : ""}`;
}
