// Evaluations of a run of the command: its pictures are files, and features come from the user's files and packages.
import { RunEvaluation } from "../evaluation/run-evaluation.js";
import type { TrainOptions } from "../options/train-schema.js";
import { featuresOf } from "./evaluation-networks.js";
import { runPictures } from "./run-pictures.js";
import { note } from "./terminal/index.js";

/**
 * Finds pictures and weights; null where a run is not evaluated. Throws a CutgpuError where there are too few pictures,
 * or features are not what their name says.
 */
export async function openRunEvaluation(options: TrainOptions): Promise<RunEvaluation | null> {
  if (options.eval_freq === null) return null;
  const features = await featuresOf(options.eval_features, "pytorch-fid");
  return RunEvaluation.open(options, { ...runPictures(options), note }, features);
}
