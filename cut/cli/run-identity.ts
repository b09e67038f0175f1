// What tells a run from every other one: its first losses, with the time that the step took, which stay as they were
// written however often it goes on.
import { CutgpuError } from "../../engine/core/errors.js";
import { shortHash } from "../evaluation/networks/nsfwjs.js";
import type { RunFolder } from "../files/run-folder.js";

/** The identity of a run that has losses. */
export const runIdentity = (folder: RunFolder): Promise<string> =>
  shortHash(new TextEncoder().encode(folder.losses.firstLine()));

/** Throws where the evaluations in the folder are those of another run, whose best would be kept as this one's. */
export async function refuseOtherMetrics(folder: RunFolder): Promise<void> {
  const [last] = folder.metrics.last(1);
  if (!last || last.run === (await runIdentity(folder))) return;
  throw new CutgpuError(
    "METRICS",
    `${folder.metrics.path} is of another run than ${folder.losses.path};`,
    "move it away, and best.safetensors with it, to go on.",
  );
}
