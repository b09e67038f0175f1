// The checkpoint that a run resumes from. Where it is missing or damaged, a numbered one may still be intact.
import { CheckpointError, CutgpuError } from "../../engine/lib/errors.js";
import type { RunFolder } from "../files/run-folder.js";
import { type Checkpoint, parseCheckpoint } from "../training/checkpoint.js";

/** Reads the checkpoint. Throws a CutgpuError that names the newest intact one of the others, if there is any. */
export function readLatest(folder: RunFolder): Checkpoint {
  try {
    return read(folder, "latest");
  } catch (error) {
    if (!(error instanceof CutgpuError)) throw error;
    for (const epoch of folder.keptEpochs()) {
      const step = stepOf(folder, epoch);
      if (step === null) continue;
      const [from, to] = [folder.checkpointPath(epoch), folder.checkpointPath("latest")];
      throw new CheckpointError(
        error.message.replace(/[.;]$/, ""),
        `Copy ${from}, which is sound, to ${to} and run again to go on from step ${step}.`,
      );
    }
    throw error;
  }
}

const read = (folder: RunFolder, name: string | number): Checkpoint =>
  parseCheckpoint(folder.readCheckpoint(name), folder.checkpointPath(name));

function stepOf(folder: RunFolder, epoch: number): number | null {
  try {
    return read(folder, epoch).state.step;
  } catch (error) {
    if (error instanceof CutgpuError) return null;
    throw error;
  }
}
