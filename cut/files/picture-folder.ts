// The pictures of a folder (Node only): recursive, through symbolic links, in the order of their paths, so that the
// same folder gives the same list on every machine. Hidden files and folders are left out, among them the "._" twin
// that macOS writes next to each file on foreign disks, and so are special files: reading a pipe may never end.
import { existsSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { EXTENSIONS, isPictureName } from "../data/picture-extensions.js";
import { fileError } from "./atomic-files.js";

/** Adds the pictures below `folder`. A broken link counts as a file, and decoding it reports the error. */
async function collect(folder: string, ancestors: string[], found: string[], except: string | null): Promise<void> {
  const real = await realpath(folder);
  // A link to a folder that contains it would never end.
  if (ancestors.includes(real) || real === except) return;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
    if (target?.isDirectory()) await collect(path, [...ancestors, real], found, except);
    else if (isPictureName(entry.name) && (target?.isFile() ?? true)) found.push(path);
  }
}

/**
 * The paths of all pictures below `folder`, in code-unit order; at most the first `max_dataset_size` of them. (The
 * reference cuts before it sorts, so that which pictures remain depends on the file system.) Throws a CutgpuError where
 * there is no such folder or no picture in it. Pictures in the folder `except`, a path without links, are left out.
 */
export async function listPictures(
  folder: string,
  max_dataset_size: number | null = null,
  except: string | null = null,
): Promise<string[]> {
  const expected = `Give a folder that holds pictures (${EXTENSIONS.join(", ")}).`;
  const found: string[] = [];
  try {
    const info = await stat(folder);
    if (!info.isDirectory()) throw new CutgpuError("FOLDER", `${folder} is a file, not a folder.`, expected);
    await collect(folder, [], found, except);
  } catch (error) {
    if (error instanceof CutgpuError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && !existsSync(folder))
      throw new CutgpuError("FOLDER", `There is no folder ${folder}.`, expected);
    const known = fileError(error);
    if (known) throw known;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CutgpuError("FOLDER", `The folder ${folder} cannot be read (${reason}).`, expected);
  }
  if (found.length === 0) throw new CutgpuError("FOLDER", `There is no picture in ${folder}.`, expected);
  return found.sort().slice(0, max_dataset_size ?? found.length);
}
