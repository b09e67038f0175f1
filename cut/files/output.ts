// Checks of a command's outputs before its work (Node only): no output may replace a file that the command reads or
// that a run keeps, and a place that cannot be written is reported at once, not after an hour. Files are compared by
// device and inode, since the same file has many paths: links, other case, other mounts.
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { OptionError } from "../options/schema.js";
import { fileError } from "./atomic-files.js";
import { isRunFile } from "./run-folder.js";

/** Files, and their name in error messages, such as "the pictures of --in DIR" or "--out DIR". */
export interface NamedFiles {
  what: string;
  paths: readonly string[];
}

/** An identity that all paths of one file share; null where there is no file. */
function identity(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** The nearest existing path: the path itself or a folder above it. */
function nearestExisting(path: string): string {
  const whole = resolve(path);
  return existsSync(whole) || dirname(whole) === whole ? whole : nearestExisting(dirname(whole));
}

/** A path with its links resolved, also for a file that does not exist yet. */
export function realPath(path: string): string {
  const nearest = nearestExisting(path);
  return join(realpathSync(nearest), resolve(path).slice(nearest.length));
}

/** Whether a path is that of a folder that exists. */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Whether a path is in a folder, or is the folder, with links resolved. */
export function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [realPath(path), realPath(folder)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/**
 * Throws where one of the files cannot be written: its folder, or the nearest existing one above it, is not writable.
 */
function refuseUnwritable({ paths }: NamedFiles): void {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    const nearest = nearestExisting(folder);
    if (!statSync(nearest).isDirectory()) refuse("ENOTDIR", folder);
    try {
      accessSync(nearest, constants.W_OK | constants.X_OK);
    } catch (error) {
      refuse((error as NodeJS.ErrnoException).code, folder);
    }
  }
  for (const path of paths) if (isFolder(path)) refuse("EISDIR", path);
}

/** Throws the system's error for writing `path`. */
function refuse(code: string | undefined, path: string): never {
  throw fileError(Object.assign(new Error(code), { code, path, syscall: "write" })) ?? new Error(code);
}

/**
 * Throws where an output would replace a file that is read or that a run keeps (an OptionError), or cannot be written.
 */
export function checkOutput(writing: NamedFiles, reading: readonly NamedFiles[]): void {
  const read = new Map<string | null, string>();
  for (const { what, paths } of reading) for (const path of paths) read.set(identity(path), what);
  for (const path of writing.paths) {
    const own = identity(path);
    const what = own !== null && (read.get(own) ?? (isRunFile(path) ? `${path}, which belongs to a run` : undefined));
    if (what) throw new OptionError(`${writing.what} would write over ${what};`, "choose another place.");
  }
  refuseUnwritable(writing);
}
