// Files on disk (Node only): atomic writes, so that a crash at any moment leaves the old file or the new one and never
// half of one, and error messages for failures of the file system.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { shortenName } from "../data/file-names.js";

/** The extension of temporary files, which a run folder removes when it is opened. */
export const temporaryExtension = ".partial";

const meanings: Record<string, [what: string, fix: string]> = {
  ENOSPC: ["the disk is full", "free some space and run again."],
  EDQUOT: ["the disk quota is used up", "free some space and run again."],
  EFBIG: ["the file is larger than the file system allows", "choose another folder."],
  EACCES: ["permission is denied", "change its permissions or choose another folder."],
  EPERM: ["the system does not permit it", "change its permissions or choose another folder."],
  EROFS: ["the file system is read-only", "choose another folder."],
  ENOENT: ["there is no such file or folder", "check the path."],
  ENOTDIR: ["a part of the path is not a folder", "check the path."],
  EISDIR: ["it is a folder and a file was expected", "check the path."],
  EEXIST: ["something of that name is in the way", "remove it or choose another name."],
  ENAMETOOLONG: ["the name is too long", "choose a shorter one."],
  EMFILE: ["too many files are open", "raise the limit with ulimit -n and run again."],
  EIO: ["the disk reported an error", "check the disk."],
};

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code in meanings;
}

/** The meaning of a failure of the file system and what to do; undefined for any other error. */
export function fileMeaning(error: unknown): [what: string, fix: string] | undefined {
  if (!isSystemError(error)) return undefined;
  // Node replaces bytes of a name that are not UTF-8 by this character, and then finds no such file.
  const undecoded = error.code === "ENOENT" && error.path?.includes("\ufffd");
  return undecoded ? ["its name is not UTF-8", "rename it."] : meanings[error.code!];
}

/** The error message for a failure of the file system; undefined for any other error. */
export function fileError(error: unknown): CutgpuError | undefined {
  const meaning = fileMeaning(error);
  if (!meaning || !isSystemError(error)) return undefined;
  const [what, fix] = meaning;
  const doing = error.syscall && /write|fsync|mkdir|rename|unlink|rm|ftruncate/.test(error.syscall) ? "write" : "open";
  const place = error.path ? `cannot ${doing} ${error.path}` : `cannot ${doing} a file`;
  return new CutgpuError("FILE", `${place}: ${what};`, fix);
}

/** Runs `work`, turning failures of the file system into error messages that name `path`. */
export function withFileErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    // Calls on a descriptor (write, fsync) do not know their path.
    if (isSystemError(error)) error.path ??= path;
    throw fileError(error) ?? error;
  }
}

/** Opens the file or folder at `path` for `work`, and closes it. */
export function withDescriptor<T>(path: string, flags: string, work: (descriptor: number) => T): T {
  const descriptor = openSync(path, flags);
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The first bytes of a file, `count` at most. */
export const firstBytes = (path: string, count: number): Buffer =>
  withDescriptor(path, "r", (descriptor) => {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(descriptor, bytes));
  });

/** Makes the names in `folder` durable: without it a rename may be lost in a power cut. */
function syncFolder(folder: string): void {
  // Windows cannot open folders, and makes renames durable by itself.
  if (process.platform === "win32") return;
  withDescriptor(folder, "r", fsyncSync);
}

function temporaryPath(path: string): string {
  const extension = `.${process.pid}${temporaryExtension}`;
  return join(dirname(path), shortenName(basename(path), extension) + extension);
}

/**
 * Writes a file under a temporary name in the same folder, makes it durable and renames it into place. At every moment
 * `path` holds its old content or all of the new. Throws a `CutgpuError` and leaves no temporary file where it fails.
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const temporary = temporaryPath(path);
  withFileErrors(path, () => {
    try {
      withDescriptor(temporary, "w", (descriptor) => {
        writeFileSync(descriptor, content);
        fsyncSync(descriptor);
      });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      // Users do not know the temporary name.
      throw isSystemError(error) ? Object.assign(error, { path }) : error;
    }
    syncFolder(dirname(path));
  });
}

/** As writeFileAtomically, but asynchronous: disks take milliseconds to make a file durable. */
export async function writeFileAtomicallyAsync(path: string, content: Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  const remove = () => rmSync(temporary, { force: true });
  // In case the process ends meanwhile.
  process.once("exit", remove);
  try {
    await syncing(temporary, "w", (file) => file.writeFile(content));
    await rename(temporary, path);
    if (process.platform !== "win32") await syncing(dirname(path), "r", () => undefined);
  } catch (error) {
    remove();
    if (!isSystemError(error)) throw error;
    throw fileError(Object.assign(error, { path }));
  } finally {
    process.off("exit", remove);
  }
}

/** Opens the file or folder at `path`, runs `work` on it and makes it durable. */
async function syncing(path: string, flags: string, work: (file: FileHandle) => Promise<void> | undefined) {
  const file = await open(path, flags);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Creates a folder and its missing parents; returns the first that it created, undefined where all existed. */
export function makeFolder(path: string): string | undefined {
  return withFileErrors(path, () => makeFolders(path));
}

/** Recursive, since mkdirSync's own recursion reports a read-only file system as a missing folder. */
function makeFolders(path: string): string | undefined {
  try {
    return makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const first = makeFolders(dirname(path));
    // Not recursive: in /proc, where nothing can be created although the parent exists, it would never end.
    const own = makeOne(path);
    return first ?? own;
  }
}

/** Creates one folder and returns it; undefined where it exists, perhaps just created by another process. */
function makeOne(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory()) return undefined;
    throw error;
  }
}
