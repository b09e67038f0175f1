// The training data of a method: two folders that need not match, or for SinCUT one picture per domain.
import type { TrainOptions } from "../options/train-schema.js";
import { type DatasetOptions, UnalignedDataset } from "./dataset.js";
import { CROPS, SingleImageDataset } from "./single-image-dataset.js";

export type TrainingDataset = UnalignedDataset | SingleImageDataset;

/** Throws a CutgpuError where there are too few pictures for the options, or too many. */
export function openDataset(
  options: TrainOptions,
  source: Pick<DatasetOptions, "filesA" | "filesB" | "read" | "onSkip">,
): TrainingDataset {
  const all = { ...options, ...source };
  return options.model === "sincut" ? new SingleImageDataset(all) : new UnalignedDataset(all);
}

/** Samples in an epoch of a method, given the number of pictures of the larger domain. */
export const samplesPerEpoch = (model: TrainOptions["model"], pictures: number): number =>
  model === "sincut" ? CROPS : pictures;
