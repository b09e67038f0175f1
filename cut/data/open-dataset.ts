// The training data of a method: two folders that need not match, or for SinCUT one picture per domain.
import type { TrainOptions } from "../options/train-schema.js";
import { type DatasetOptions, UnalignedDataset } from "./dataset.js";
import { cropsPerEpoch, SingleImageDataset } from "./single-image-dataset.js";

export type TrainingDataset = UnalignedDataset | SingleImageDataset;

/** Throws a CutgpuError where there are too few pictures for the options, or too many. */
export function openDataset(
  options: TrainOptions,
  source: Pick<DatasetOptions, "filesA" | "filesB" | "read" | "onSkip">,
): TrainingDataset {
  const all = { ...options, ...source };
  return options.model === "sincut" ? new SingleImageDataset(all) : new UnalignedDataset(all);
}

/** Batches of an epoch of a run on this number of pictures of the larger domain. */
export function batchesPerEpoch(
  options: Pick<TrainOptions, "model" | "batch_size" | "max_dataset_size">,
  pictures: number,
): number {
  const { model, batch_size, max_dataset_size } = options;
  if (model === "sincut") return cropsPerEpoch(options).batches;
  return Math.floor(Math.min(pictures, max_dataset_size ?? pictures) / batch_size);
}
