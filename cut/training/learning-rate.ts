// Learning-rate policies, as factors of `lr`, stepped once at the end of each epoch for all networks: the linear
// rule of CycleGAN and CUT, and PyTorch's StepLR (gamma 0.1) and CosineAnnealingLR (T_max = n_epochs, minimum 0) in
// closed form. Like PyTorch's, the cosine rises again after n_epochs.
import type { TrainOptions } from "../options/train-schema.js";

type ScheduleOptions = Pick<TrainOptions, "n_epochs" | "n_epochs_decay" | "lr_decay_iters" | "epoch_count">;

/** What `lr` is multiplied by during the 1-based `epoch`. */
export function learningRateFactor(policy: TrainOptions["lr_policy"], options: ScheduleOptions, epoch: number): number {
  const finished = epoch - options.epoch_count;
  switch (policy) {
    case "linear":
      return Math.max(0, 1 - Math.max(0, epoch - options.n_epochs) / (options.n_epochs_decay + 1));
    case "step":
      return 0.1 ** Math.floor(finished / options.lr_decay_iters);
    case "cosine":
      return (1 + Math.cos((Math.PI * finished) / options.n_epochs)) / 2;
  }
}
