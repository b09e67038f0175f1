// The training that a visitor without pictures can try, on the drawings of the page. Pure.
import { smallNetworks } from "../demo/demo-settings.js";
import type { TrainOptions } from "../options/train-schema.js";

export const exampleTraining: Partial<TrainOptions> & { crop_size: number; max_steps: number } = {
  ...smallNetworks,
  nce_layers: [8, 12],
  ngf: 8,
  ndf: 16,
  netD: "n_layers",
  n_layers_D: 2,
  lr: 4e-4,
  preprocess: "resize_and_crop",
  load_size: 128,
  crop_size: 64,
  max_steps: 1000,
  // Samples cost about a step, and are what one waits for.
  display_freq: 10,
};
