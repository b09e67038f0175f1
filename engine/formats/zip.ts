// Reads zips of unknown origin: what their entries claim is compared with the file before memory is taken for them.
import { type UnzipFileInfo, unzipSync } from "fflate";
import { FormatError } from "../lib/errors.js";
import { COPY_AGAIN } from "./foreign.js";

const CENTRAL_RECORD_BYTES = 46;

/**
 * Extracts the entries that `take` selects, by their names; it bounds what compressed ones may expand to. `where` names
 * the zip in errors: a FormatError where it is cut off or damaged, or its entries claim more than it has room for.
 */
export function unzip(
  bytes: Uint8Array,
  where: string,
  take: (entry: UnzipFileInfo) => boolean,
): Record<string, Uint8Array> {
  let [entries, total, at] = [0, 0, ""];
  const expected = new Map<string, number>();
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: (entry) => {
        at = entry.name;
        total += entry.size;
        if (total > bytes.length || ++entries * CENTRAL_RECORD_BYTES > bytes.length) {
          throw new FormatError(`${where} claims more data than it has room for, at "${at}".`, COPY_AGAIN);
        }
        const taken = take(entry);
        if (taken) expected.set(at, entry.originalSize);
        return taken;
      },
    });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const damage = at ? `it cannot be read at "${at}"` : `its ${bytes.length} bytes do not end with a zip directory`;
    throw new FormatError(`${where} is truncated or damaged: ${damage}.`, COPY_AGAIN);
  }
  for (const [name, size] of expected) {
    if (files[name]?.length !== size) {
      throw new FormatError(`${where} is damaged: "${name}" reaches beyond the end of the file.`, COPY_AGAIN);
    }
  }
  return files;
}
