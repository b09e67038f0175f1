// What the tests of the training share: networks and pictures so small that a step takes a moment.
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";

/** Side of the pictures. */
export const SIDE = 16;

const TAPS = { cut: [0, 4, 8], dclgan: [0, 4, 8], enco: [3, 7, 13, 14, 19, 23], sincut: [0, 2, 4] };

const RESNET = { load_size: SIDE, netG: "resnet_4blocks", ngf: 4, ndf: 4, netD: "n_layers", n_layers_D: 1 } as const;
const SINCUT = { ngf: 1, ndf: 1 } as const;

export const tinyOptions = (given: Partial<TrainOptions> = {}): TrainOptions =>
  resolveOptions({
    ...(given.model === "cycle_gan" ? {} : { num_patches: 16, netF_nc: 16, nce_layers: TAPS[given.model ?? "cut"] }),
    dataroot: "memory",
    name: "r",
    crop_size: SIDE,
    ...(given.model === "sincut" ? SINCUT : RESNET),
    ...given,
  });
