// How large the demo is on an adapter: pictures, networks and steps such that it ends in about three minutes and looks
// its best. On a GPU more of everything; on a software adapter 32 pixels and small networks. The number of steps
// follows the speed that was measured just before. Pure.
import type { Profile } from "../../engine/device/adapter.js";
import { resolveOptions } from "../options/train-options.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Small networks, for the demo and for whatever else must be quick; their widths are chosen separately. */
export const smallNetworks: Pick<TrainOptions, "netG" | "nce_layers" | "num_patches" | "netF_nc"> = {
  netG: "resnet_4blocks",
  nce_layers: [0, 4, 8, 12],
  num_patches: 64,
  netF_nc: 64,
};

export interface DemoPlan {
  size: number;
  batch_size: number;
  ngf: number;
  ndf: number;
  lr: number;
  /** Seconds that training may take, and bounds for the steps. */
  seconds: number;
  fewest: number;
  most: number;
}

export function planDemo(profile: Profile, architecture: string): DemoPlan {
  if (profile === "gpu") {
    return { size: 64, batch_size: 4, ngf: 32, ndf: 32, lr: 4e-4, seconds: 150, fewest: 600, most: 6000 };
  }
  // SwiftShader is several times slower than lavapipe: fewer steps, and some more patience.
  const slow = architecture === "swiftshader";
  const size = { size: 32, batch_size: 1, ngf: slow ? 8 : 16, ndf: 16, lr: 2e-4 };
  return { ...size, seconds: slow ? 240 : 150, fewest: slow ? 300 : 500, most: 4000 };
}

/** Steps for a measured number of seconds per step. */
export const plannedSteps = ({ seconds, fewest, most }: DemoPlan, secondsPerStep: number): number =>
  Math.round(Math.min(most, Math.max(fewest, seconds / secondsPerStep)));

/** The configuration of the demo's training, in the words of `cutgpu train`. */
export function demoOptions(
  plan: DemoPlan,
  place: { dataroot: string; name: string; runs_dir: string; profile: Profile | "auto"; seed: number },
  steps: number,
  batchesPerEpoch: number,
): TrainOptions {
  const epochs = Math.ceil(steps / batchesPerEpoch);
  const n_epochs = Math.ceil(epochs / 2);
  const { size, batch_size, ngf, ndf, lr } = plan;
  return resolveOptions({
    ...place,
    ...smallNetworks,
    preprocess: "resize",
    load_size: size,
    crop_size: size,
    batch_size,
    ngf,
    ndf,
    lr,
    n_epochs,
    n_epochs_decay: epochs - n_epochs,
    max_steps: steps,
    display_freq: Math.max(1, Math.ceil((steps * batch_size) / 4)),
  });
}
