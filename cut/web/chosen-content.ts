// The content of files that a visitor chose: they may have been moved or changed by the time they are read.
import { CutgpuError } from "../../engine/lib/errors.js";

/** The error for a chosen file that cannot be read. */
export const unreadable = (path: string) =>
  new CutgpuError("FILE", `${path} cannot be read: it may have been moved or changed;`, "choose it again.");

/** The bytes of a file. Throws a CutgpuError where it cannot be read. */
export async function contentOf({ path, file }: { path: string; file: Blob }): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw unreadable(path);
  }
}
