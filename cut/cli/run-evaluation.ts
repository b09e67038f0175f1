// Evaluations of a run of the command: its pictures are files, and features come from the user's files and packages.
import { join, relative } from "node:path";
import { RunEvaluation } from "../evaluation/run-evaluation.js";
import { readPicture } from "../files/decode.js";
import { listPictures } from "../files/picture-folder.js";
import type { TrainOptions } from "../options/train-schema.js";
import { featuresOf } from "./evaluation-networks.js";
import { note } from "./terminal/index.js";

/**
 * Finds pictures and weights; null where a run is not evaluated. Throws a CutgpuError where there are too few pictures,
 * or features are not what their name says.
 */
export async function openRunEvaluation(options: TrainOptions): Promise<RunEvaluation | null> {
  if (options.eval_freq === null) return null;
  const features = await featuresOf(options.eval_features, "pytorch-fid");
  const pathOf = (folder: string) => join(options.dataroot, folder);
  const pictures = {
    note,
    list: async (folder: string) =>
      (await listPictures(pathOf(folder)).catch(() => [])).map((file) => relative(pathOf(folder), file)),
    read: (folder: string, name: string, channels: 1 | 3) =>
      readPicture(join(pathOf(folder), name), channels, !options.ignore_orientation),
  };
  return RunEvaluation.open(options, pictures, features);
}
