// The size of the demo on an adapter: drawings, networks and steps, so that it ends in about three minutes and looks
// its best; and the long training of the model that comes with the page. The number of steps follows the speed that was
// measured just before. Pure.
import type { Profile } from "../../engine/device/adapter.js";
import { resolveOptions } from "../options/train-options.js";
import type { TrainOptions } from "../options/train-schema.js";

/** A small training that learns from few steps. */
export const smallTraining = {
  netG: "resnet_4blocks",
  ngf: 8,
  netD: "n_layers",
  n_layers_D: 2,
  ndf: 16,
  nce_layers: [0, 4, 8, 12],
  num_patches: 64,
  netF_nc: 64,
  lr: 4e-4,
} satisfies Partial<TrainOptions>;

export interface DemoPlan {
  /** Drawings of each side, which make an epoch; the learning rate falls from one epoch to the next. */
  drawings: number;
  /** Sides of the drawings in pixels; the first is also the held-out ones'. */
  sizes: readonly number[];
  /** Share of the epochs at the full learning rate; it falls in the others. */
  constant: number;
  /** Differences from the defaults of `cutgpu train`, except paths and steps. */
  given: Partial<TrainOptions> & Pick<TrainOptions, "batch_size" | "crop_size" | "ngf" | "ndf">;
  /**
   * The number of steps; or the largest of `choices` that take about `seconds`. The choices are few, so that a seed
   * makes the same model on machines of one kind, although the measured time of a step varies.
   */
  steps: number | { seconds: number; choices: readonly number[] };
}

/** The plan for an adapter; `long` is the plan of the page's model, the same on all adapters. */
export function planDemo(profile: Profile, architecture: string, long: boolean): DemoPlan {
  if (long) {
    const given = { ...smallTraining, ngf: 16, preprocess: "crop" as const, crop_size: 64, batch_size: 1, lr: 2e-4 };
    return { drawings: 600, sizes: [128, 192, 256], constant: 1 / 2, given, steps: 4800 };
  }
  const given = { ...smallTraining, load_size: 128, R1_every: 4 };
  // Without R1 the discriminator wins within the minutes, and a model's quality depends on the seed.
  if (profile === "gpu") {
    return {
      drawings: 400,
      sizes: [128],
      constant: 1 / 3,
      given: { ...given, ngf: 32, ndf: 32, crop_size: 128, batch_size: 4, lambda_R1: 2000 },
      steps: { seconds: 125, choices: [600, 1100, 2000, 4000, 6000] },
    };
  }
  // Small crops and no identity term allow many steps. Norms would hide the paper's colour, which is most of a small
  // crop, from the discriminator. An average of some hundred steps at the full rate is better than a last step at a low
  // one. SwiftShader is several times slower than lavapipe.
  const learned = { normD: "none", nce_idt: false, lambda_R1: 100, ema_decay: 0.9975 } as const;
  return {
    drawings: 100,
    sizes: [128],
    constant: 1,
    given: { ...given, ...learned, crop_size: 32, batch_size: 1 },
    steps: { seconds: architecture === "swiftshader" ? 265 : 125, choices: [600, 1400, 2000, 4000] },
  };
}

/** The steps of a plan; `measure` gives the seconds of a step, where the number depends on them. */
export async function plannedSteps({ steps }: DemoPlan, measure: () => Promise<number>): Promise<number> {
  if (typeof steps === "number") return steps;
  const affordable = (1.15 * steps.seconds) / (await measure());
  return steps.choices.findLast((choice) => choice <= affordable) ?? steps.choices[0];
}

/** The configuration of the demo's training, as options of `cutgpu train`. */
export function demoOptions(
  { given, drawings, constant }: DemoPlan,
  place: { dataroot: string; name: string; runs_dir: string; profile: Profile | "auto"; seed: number },
  steps: number,
): TrainOptions {
  const { batch_size } = given;
  const epochs = Math.ceil(steps / Math.floor(drawings / batch_size));
  const n_epochs = Math.ceil(constant * epochs);
  return resolveOptions({
    ...place,
    ...given,
    n_epochs,
    n_epochs_decay: epochs - n_epochs,
    max_steps: steps,
    display_freq: Math.max(1, Math.ceil((steps * batch_size) / 4)),
  });
}
