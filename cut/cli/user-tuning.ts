// Tuning tables of the user's cache: one per adapter, profile and precision, written by `cutgpu tune` and read wherever
// a command opens the GPU.
import { existsSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Gpu } from "../../engine/core/gpu.js";
import { adapterName } from "../../engine/device/adapter.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { applyTuning, parseTuning, type TuningTable } from "../../engine/tuning/table.js";
import { makeFolder, withFileErrors, writeFileAtomically } from "../files/atomic-files.js";
import { readText } from "../files/read-whole.js";
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
function readUserTuning(gpu: Gpu, notify = note): TuningTable | null {
  const path = userTuningPath(gpu);
  if (!existsSync(path)) return null;
  try {
    return parseTuning(readText(path), path);
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    notify(`${error.message}, so kernels are chosen by rule. ${error.fix}`);
    return null;
  }
}

/** Activates the user's table, if there is one. */
export function applyUserTuning(gpu: Gpu): void {
  const table = readUserTuning(gpu);
  if (table) applyTuning(gpu, table, note);
}

/**
 * Writes measured choices, null for the rule's, into the table as it is by now: those that another process has written
 * meanwhile stay. Those of a table that does not fit this adapter do not.
 */
export function updateUserTuning(gpu: Gpu, measured: ReadonlyMap<string, string | null>): void {
  const path = userTuningPath(gpu);
  const own = { version: 1, adapter: adapterName(gpu), profile: gpu.profile } as const;
  const found = readUserTuning(gpu, () => {});
  const fits = found?.adapter === own.adapter && found.profile === own.profile;
  const choices: Record<string, string> = fits ? { ...found.choices } : {};
  for (const [key, variant] of measured) {
    if (variant === null) delete choices[key];
    else choices[key] = variant;
  }
  makeFolder(dirname(path));
  writeFileAtomically(path, `${JSON.stringify({ ...own, choices } satisfies TuningTable, null, 1)}\n`);
}

/** Removes the table of this adapter and profile; false where there was none. */
export function removeUserTuning(gpu: Gpu): boolean {
  const path = userTuningPath(gpu);
  const existed = existsSync(path);
  withFileErrors(path, () => rmSync(path, { force: true }));
  return existed;
}
