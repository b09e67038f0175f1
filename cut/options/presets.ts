// The own defaults of presets and methods.
import type { GivenOptions } from "./schema.js";
import type { trainSchema } from "./train-schema.js";

/** Presets, and methods, change defaults only: explicitly given options take precedence. */
export const presets = {
  CUT: {},
  FastCUT: { lambda_NCE: 10, nce_idt: false, flip_equivariance: true, n_epochs: 150, n_epochs_decay: 50 },
  cycle_gan: { no_antialias: true, no_antialias_up: true, init_type: "normal", n_epochs: 100, n_epochs_decay: 100 },
  dclgan: {
    nce_layers: [4, 8, 12, 16],
    nce_includes_all_negatives_from_minibatch: true,
    lambda_NCE: 2,
    gan_mode: "hinge",
    lr: 0.0001,
  },
  enco: { nce_layers: [3, 7, 13, 18, 24, 28], lambda_IDT: 10, lr: 0.00005, lr_F: 0.00005 },
  sincut: {
    preprocess: "zoom_and_patch",
    crop_size: 64,
    batch_size: 16,
    ngf: 10,
    ndf: 8,
    gan_mode: "nonsaturating",
    lambda_R1: 1,
    lambda_NCE: 4,
    nce_layers: [0, 2, 4],
    num_patches: 1,
    nce_includes_all_negatives_from_minibatch: true,
    lambda_identity: 1,
    n_epochs: 8,
    n_epochs_decay: 8,
    lr: 0.002,
    beta1: 0,
    beta2: 0.99,
    save_epoch_freq: 1,
    save_latest_freq: 20000,
    display_freq: 1600,
  },
} satisfies Record<string, GivenOptions<typeof trainSchema>>;
