// The files of a command's figures, by --json and --report.
import { dirname } from "node:path";
import { makeFolder, writeFileAtomically } from "../files/atomic-files.js";
import { checkOutput, type NamedFiles, realPath } from "../files/output.js";
import { OptionError } from "../options/schema.js";

/**
 * Throws an OptionError where one of the files would replace an input, or both are the same, and a CutgpuError where
 * one cannot be written.
 */
export function checkResults(json: string | null, report: string | null, reading: readonly NamedFiles[]): void {
  if (json !== null) checkOutput({ what: `--json ${json}`, paths: [json] }, reading);
  if (report !== null) checkOutput({ what: `--report ${report}`, paths: [report] }, reading);
  if (json !== null && report !== null && realPath(json) === realPath(report)) {
    throw new OptionError("--json and --report name the same file;", "give two.");
  }
}

/** As JSON, with infinite values, which it does not have, as texts. */
export function jsonText(content: unknown): string {
  const infinite = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return `${JSON.stringify(content, infinite, 1)}\n`;
}

/** Writes a file, and the folders that it lies in. */
export function writeResult(path: string, content: string | Uint8Array): void {
  makeFolder(dirname(path));
  writeFileAtomically(path, content);
}
