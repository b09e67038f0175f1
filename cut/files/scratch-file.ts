// Scratch storage in a file (Node only), for more numbers than fit into memory. The file is next to the output, on a
// disk that the user chose, since the system's folder for temporary files may itself be memory. Its name is removed as
// soon as it is open: however the process ends, the system then frees the space.
import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { memoryScratch, type OpenScratch, type Scratch } from "../translation/stored-map.js";
import { temporaryExtension, withFileErrors } from "./atomic-files.js";

/** Smaller stores stay in memory. */
const MEMORY_BYTES = 256 * 2 ** 20;

/** Opens scratch stores in a folder; small ones in memory. Throws a CutgpuError where there is no room. */
export function scratchIn(folder: string, memoryBytes = MEMORY_BYTES): OpenScratch {
  return (numbers) => (4 * numbers <= memoryBytes ? memoryScratch(numbers) : openScratchFile(folder, numbers));
}

function openScratchFile(folder: string, numbers: number): Scratch {
  const file = join(folder, `.maps.${process.pid}${temporaryExtension}`);
  return withFileErrors(file, () => {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < 4 * numbers) {
      throw new CutgpuError(
        "FILE",
        `the feature maps of this picture take ${gigabytes(4 * numbers)} and ${folder} has ` +
          `${gigabytes(bavail * bsize)} left;`,
        "free some space or choose another --out.",
      );
    }
    const descriptor = openSync(file, "w+");
    rmSync(file, { force: true });
    type Call = (descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number) => number;
    const move = (call: Call, position: number, numbers: Float32Array) =>
      withFileErrors(folder, () => {
        const { buffer, byteOffset, byteLength } = numbers;
        const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
        for (let done = 0; done < byteLength; ) {
          const moved = call(descriptor, bytes, done, byteLength - done, 4 * position + done);
          if (moved === 0) throw new Error("the scratch file ends too early");
          done += moved;
        }
      });
    return {
      read: (position, into) => move(readSync, position, into),
      write: (position, written) => move(writeSync, position, written),
      close: () => closeSync(descriptor),
    };
  });
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
