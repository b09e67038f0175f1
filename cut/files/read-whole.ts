// Reads a file as a whole (Node only), which is how models are read. Node reads no more than 2 GiB at once.
import { readFileSync, statSync } from "node:fs";
import { CutgpuError } from "../../engine/lib/errors.js";
import { withFileErrors } from "./atomic-files.js";

const GIBIBYTE = 2 ** 30;
const MAX_GIBIBYTES = 2;

/** The bytes of a file. Throws a CutgpuError where it is too large or cannot be read. */
export function readWhole(path: string): Uint8Array {
  return withFileErrors(path, () => {
    const { size } = statSync(path);
    if (size >= MAX_GIBIBYTES * GIBIBYTE) {
      throw new CutgpuError(
        "FILE",
        `${path} has ${(size / GIBIBYTE).toFixed(1)} GiB, and files of up to ${MAX_GIBIBYTES} GiB can be read;`,
        "give a file that holds the generator alone, such as latest_net_G.pth.",
      );
    }
    return readFileSync(path);
  });
}

/** As readWhole, for a text in UTF-8, without a mark of its byte order. */
export const readText = (path: string): string => new TextDecoder().decode(readWhole(path));
