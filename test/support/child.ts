// Runs a compiled file of the tests in a Node process of its own, for what one process cannot show twice: another
// driver, a forced garbage collection, an empty standard output.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface ChildResult {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** `file` is a compiled file by its path below those of the tests. */
export function runChild(
  file: string,
  flags: string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<ChildResult> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, [...flags, path], { env: { ...process.env, ...environment } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}
