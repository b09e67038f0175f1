// How the scripts in this folder run: errors that a user can fix give one line and exit status 1.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";

export async function runScript(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    process.stderr.write(`${error.message}. ${error.fix}\n`);
    process.exitCode = 1;
  }
}

/** As runScript, with a folder that is removed afterwards. */
export async function runScriptInFolder(prefix: string, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  try {
    await runScript(() => work(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
