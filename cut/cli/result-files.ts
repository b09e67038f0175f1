// The files of a command's figures, by --json and --report.
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { firstBytes, makeFolder, withFileErrors, writeFileAtomically } from "../files/atomic-files.js";
import { checkOutput, type NamedFiles, realPath } from "../files/output.js";
import { OptionError } from "../options/schema.js";

/** What a file of each kind begins with. */
const KINDS = { "--json": /^(\s*[[{]|$)/, "--report": /^(\s*<!doctype html|$)/i };

/**
 * Throws an OptionError where a file would replace an input or a file of another kind, such as a picture, or both are
 * the same, and a CutgpuError where one cannot be written.
 */
export function checkResults(json: string | null, report: string | null, reading: readonly NamedFiles[]): void {
  if (json !== null) checkResult("--json", json, reading);
  if (report !== null) checkResult("--report", report, reading);
  if (json !== null && report !== null && realPath(json) === realPath(report)) {
    throw new OptionError("--json and --report name the same file;", "give two.");
  }
}

function checkResult(option: keyof typeof KINDS, path: string, reading: readonly NamedFiles[]): void {
  checkOutput({ what: `${option} ${path}`, paths: [path] }, reading);
  if (existsSync(path) && statSync(path).isFile() && !KINDS[option].test(beginningOf(path))) {
    throw new OptionError(`${option} ${path} would write over a file of another kind;`, "choose another place.");
  }
}

const beginningOf = (path: string): string =>
  withFileErrors(path, () => new TextDecoder().decode(firstBytes(path, 64)));

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
