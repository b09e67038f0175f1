// Tuning tables of the user's cache: one per adapter, profile and precision, written by `cutgpu tune` and read wherever
// a command opens the GPU.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { adapterName } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { applyTuning, parseTuning, type TuningTable } from "../../engine/tuning/table.js";
import { makeFolder, withFileErrors, writeFileAtomically } from "../files/atomic-files.js";
import { note } from "./terminal/index.js";

/** The path of the table of this adapter, profile and precision. */
export function userTuningPath(gpu: Gpu): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const slug = adapterName(gpu)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return join(
    cache,
    "cutgpu",
    "tuning",
    `${slug || "adapter"}.${gpu.profile}${gpu.precision === "f16" ? ".f16" : ""}.json`,
  );
}

/**
 * The table of this adapter and profile, or null where there is none. A file that holds none is reported and ignored.
 */
export function readUserTuning(gpu: Gpu): TuningTable | null {
  const path = userTuningPath(gpu);
  if (!existsSync(path)) return null;
  try {
    const text = withFileErrors(path, () => readFileSync(path, "utf8"));
    return parseTuning(text, path);
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    note(`${error.message}, so kernels are chosen by rule. ${error.fix}`);
    return null;
  }
}

/** Activates the user's table, if there is one. */
export function applyUserTuning(gpu: Gpu): void {
  const table = readUserTuning(gpu);
  if (table) applyTuning(gpu, table, note);
}

export function writeUserTuning(gpu: Gpu, table: TuningTable): void {
  const path = userTuningPath(gpu);
  makeFolder(dirname(path));
  writeFileAtomically(path, `${JSON.stringify(table, null, 1)}\n`);
}

/** Removes the table of this adapter and profile; false where there was none. */
export function removeUserTuning(gpu: Gpu): boolean {
  const path = userTuningPath(gpu);
  const existed = existsSync(path);
  withFileErrors(path, () => rmSync(path, { force: true }));
  return existed;
}
