// Whether a run's evaluations are its own.
import { CutgpuError } from "../../engine/lib/errors.js";
import { runIdentity } from "../evaluation/run-evaluation.js";
import type { RunFolder } from "../files/run-folder.js";

/** The identity of a run that has losses. */
export const identityOf = (folder: RunFolder): Promise<string> => runIdentity(folder.losses.firstLine());

/** Throws where the evaluations in the folder are those of another run, whose best would be kept as this one's. */
export async function refuseOtherMetrics(folder: RunFolder): Promise<void> {
  const [last] = folder.metrics.last(1);
  if (!last || last.run === (await identityOf(folder))) return;
  throw new CutgpuError(
    "METRICS",
    `${folder.metrics.path} is of another run than ${folder.losses.path};`,
    "move it away, and best.safetensors with it, to go on.",
  );
}
