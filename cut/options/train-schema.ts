// The options of training: each declared once, with the names and defaults of the reference implementation
// (taesungp/contrastive-unpaired-translation, options/*.py and models/cut_model.py), and a few of our own.
// The type, the parser, the checks, `cutgpu train --help` and the saved configuration all come from `trainSchema`.
// Values are plain JSON: where the reference says infinity or an empty text, these say null.
import * as v from "valibot";
import { precisionOption, profileOption, runsDirOption, seedOption } from "./common-options.js";
import { fixedOfCuts, fixedOfPatches, losses, ofPatches, patchLossOptions } from "./patch-loss-options.js";
import { flag, oneOf, oneOfNumbers, option, orNone, realNumber, required, text, wholeNumber } from "./schema.js";

const data = "Pictures";
const run = "The run";
const evaluation = "Evaluation while training";
const networks = "Networks";
const schedule = "Optimiser and schedule";
const fixed = { fixed: true };
const ofCut = { of: ["cut"] };
const ofSinCut = { of: ["sincut"] };
/** Methods with the networks that netG and netD name, on many pictures. */
const ofResNets = { of: ["cut", "cycle_gan", "dclgan", "enco"] };
const fixedOfResNets = { ...ofResNets, ...fixed };
const ofCycleGan = { of: ["cycle_gan"] };
const ofEnCo = { of: ["enco"] };
const ofL1 = { of: ["dclgan", "enco"] };

const preprocessing = [
  "resize_and_crop",
  "resize",
  "scale_width_and_crop",
  "scale_width",
  "scale_shortside_and_crop",
  "scale_shortside",
  "crop",
  "none",
  "zoom_and_patch",
] as const;
const folderName = /^(?!\.{1,2}$)[^/\\]+$/;

export const trainSchema = v.strictObject({
  dataroot: required(
    data,
    text("DIR"),
    "the folder that holds trainA and trainB, and testA and testB (or valA and valB) if you have them",
  ),
  direction: option(data, oneOf(["AtoB", "BtoA"]), "AtoB", "which way to translate"),
  preprocess: option(
    data,
    oneOf(preprocessing),
    "resize_and_crop",
    "how pictures get their size (scale_* keep their shape; zoom_and_patch is sincut's alone)",
  ),
  load_size: option(
    data,
    wholeNumber({ min: 8 }),
    286,
    "pictures are resized to this many pixels before the crop",
    ofResNets,
  ),
  crop_size: option(
    data,
    wholeNumber({ min: 8 }),
    256,
    "side of the square that is cut out at random; the crop is then resized to the nearest multiple of 4",
  ),
  random_scale_max: option(
    data,
    realNumber({ min: 1 }),
    3,
    "how many times smaller a side is at most before the crop, drawn anew for each side and crop",
    ofSinCut,
  ),
  ignore_orientation: option(
    data,
    flag(),
    false,
    "as the reference, leave photographs as their samples lie instead of turning them upright as their EXIF says",
    fixed,
  ),
  no_flip: option(data, flag(), false, "do not mirror pictures at random"),
  batch_size: option(data, wholeNumber({ min: 1 }), 1, "pictures of each side in one step; the authors found 1 best"),
  serial_batches: option(data, flag(), false, "take pictures in order instead of at random", ofResNets),
  max_dataset_size: option(
    data,
    orNone(wholeNumber({ min: 1 })),
    null,
    "use at most this many pictures of each side; with sincut, crops an epoch",
  ),
  input_nc: option(data, oneOfNumbers([1, 3]), 3, "channels of what is translated: 1 is gray, 3 is RGB", fixed),
  output_nc: option(data, oneOfNumbers([1, 3]), 3, "channels of the translation: 1 is gray, 3 is RGB", fixed),

  name: option(
    run,
    text("RUN", "a folder name without slashes", folderName),
    "experiment_name",
    "name of the run, and of its folder",
  ),
  runs_dir: runsDirOption(run, "where run folders are kept"),
  model: option(
    run,
    oneOf(["cut", "cycle_gan", "dclgan", "enco", "sincut"]),
    "cut",
    "the method; --help with it lists its own options",
    fixed,
  ),
  CUT_mode: option(run, oneOf(["CUT", "FastCUT"]), "CUT", "the preset: it changes defaults only", {
    ...ofCut,
    ...fixed,
  }),
  continue_train: option(run, flag(), false, "go on with the run of this name where it stopped"),
  pretrained_name: option(
    run,
    orNone(text("RUN")),
    null,
    "start from the weights of another run in runs_dir, or of latest_net_*.pth there",
  ),
  epoch_count: option(
    run,
    wholeNumber({ min: 1 }),
    1,
    "number of the first epoch; a run that is continued knows its epoch",
  ),
  seed: seedOption(run, 0, "same seed, same adapter: same result", fixed),
  stop_on: option(
    run,
    oneOf(["none", "alarm"]),
    "none",
    "stop, saved, at the first alarm: a discriminator that has won, a collapse and the like",
  ),
  max_steps: option(run, orNone(wholeNumber({ min: 1 })), null, "stop after this many steps in all"),
  low_memory: option(
    run,
    flag(),
    false,
    "keep less of the forward pass and recompute it in the backward pass: same results, less memory, more time",
  ),
  profile: profileOption(run),
  precision: precisionOption(run),
  save_epoch_freq: option(run, wholeNumber({ min: 1 }), 5, "keep a numbered checkpoint every so many epochs"),
  save_latest_freq: option(run, wholeNumber({ min: 1 }), 5000, "save the latest checkpoint every so many pictures"),
  print_freq: option(run, wholeNumber({ min: 1 }), 100, "print losses every so many pictures, off a terminal"),
  display_freq: option(run, wholeNumber({ min: 1 }), 400, "make sample pictures every so many pictures"),

  eval_freq: option(
    evaluation,
    orNone(wholeNumber({ min: 1 })),
    null,
    "evaluate translations of testA against testB every so many pictures, and keep the best as best.safetensors",
  ),
  eval_features: option(
    evaluation,
    text("none|mobilenet|inception|FILE"),
    "none",
    "what KID is computed on, as of cutgpu evaluate; the sliced Wasserstein distance (SWD) needs none",
  ),
  eval_metric: option(
    evaluation,
    orNone(oneOf(["SWD", "KID"])),
    null,
    "what the best is chosen by, the lowest; without it KID where there are features, else SWD",
  ),

  netG: option(
    networks,
    oneOf(["resnet_9blocks", "resnet_6blocks", "resnet_4blocks"]),
    "resnet_9blocks",
    "the generator",
    fixedOfResNets,
  ),
  ngf: option(networks, wholeNumber({ min: 1 }), 64, "channels of the generator's first convolution", fixed),
  netD: option(networks, oneOf(["basic", "n_layers", "pixel"]), "basic", "the discriminator", fixedOfResNets),
  ndf: option(networks, wholeNumber({ min: 1 }), 64, "channels of the discriminator's first convolution", fixed),
  n_layers_D: option(
    networks,
    wholeNumber({ min: 1, max: 8 }),
    3,
    "depth of the discriminator n_layers",
    fixedOfResNets,
  ),
  normD: option(
    networks,
    oneOf(["instance", "none"]),
    "instance",
    "the discriminator's norm; without, it sees how bright and coloured a patch is",
    fixedOfResNets,
  ),
  no_antialias: option(
    networks,
    flag(),
    false,
    "shrink by strided convolutions instead of blur and stride",
    fixedOfResNets,
  ),
  no_antialias_up: option(
    networks,
    flag(),
    false,
    "grow by transposed convolutions instead of bilinear steps",
    fixedOfResNets,
  ),
  netF: option(
    networks,
    oneOf(["mlp_sample", "sample"]),
    "mlp_sample",
    "what patch features pass through",
    fixedOfCuts,
  ),
  netF_nc: option(networks, wholeNumber({ min: 1 }), 256, "width of the patch features", fixedOfPatches),
  init_type: option(
    networks,
    oneOf(["xavier", "normal", "kaiming", "orthogonal"]),
    "xavier",
    "how weights are drawn at the start",
    fixed,
  ),
  init_gain: option(networks, realNumber({ above: 0 }), 0.02, "scale of the first weights", fixed),

  gan_mode: option(
    losses,
    oneOf(["lsgan", "vanilla", "nonsaturating", "wgangp", "hinge"]),
    "lsgan",
    "the adversarial loss",
  ),
  lambda_gp: option(losses, realNumber({ min: 0 }), 10, "weight of the gradient penalty of gan_mode wgangp"),
  lambda_R1: option(losses, realNumber({ min: 0 }), 0, "weight of R1, the penalty on D's gradient at real pictures"),
  R1_every: option(
    losses,
    wholeNumber({ min: 1 }),
    1,
    "steps from R1 to R1; above 1 it has updates of its own, and D's Adam is corrected for them",
    fixed,
  ),
  penalty_scores: option(
    losses,
    oneOf(["mean", "sum"]),
    "mean",
    "what of D's scores of a picture both penalties take the gradient of; the reference has sum",
  ),
  lambda_GAN: option(losses, realNumber({ min: 0 }), 1, "weight of the adversarial loss of the generator", ofPatches),
  ...patchLossOptions,

  lambda_A: option(losses, realNumber({ min: 0 }), 10, "weight of the cycle A to B to A", ofCycleGan),
  lambda_B: option(losses, realNumber({ min: 0 }), 10, "weight of the cycle B to A to B", ofCycleGan),
  lambda_identity: option(
    losses,
    realNumber({ min: 0 }),
    0.5,
    "weight of leaving pictures of the other side as they are; cycle_gan's is within the cycles'",
    { of: ["cycle_gan", "sincut"] },
  ),
  pool_size: option(
    losses,
    wholeNumber({ min: 0 }),
    50,
    "translations of before that discriminators go on learning from",
    { ...ofCycleGan, ...fixed },
  ),

  lambda_IDT: option(
    losses,
    realNumber({ min: 0 }),
    1,
    "weight of leaving pictures of the other side as they are",
    ofL1,
  ),
  stop_idt_epochs: option(
    losses,
    orNone(wholeNumber({ min: 0 })),
    null,
    "epoch after which lambda_IDT counts no more; without it n_epochs",
    ofEnCo,
  ),

  n_epochs: option(schedule, wholeNumber({ min: 0 }), 200, "epochs at the full learning rate"),
  n_epochs_decay: option(schedule, wholeNumber({ min: 0 }), 200, "epochs over which it then falls to zero"),
  lr: option(
    schedule,
    realNumber({ above: 0 }),
    0.0002,
    "learning rate of Adam, for networks without one of their own",
  ),
  lr_F: option(schedule, realNumber({ above: 0 }), 0.001, "learning rate of F, the heads of patch features", ofL1),
  lr_D: option(schedule, realNumber({ above: 0 }), 0.0002, "learning rate of the discriminator", ofEnCo),
  beta1: option(schedule, realNumber({ min: 0, below: 1 }), 0.5, "Adam's decay of the first moment"),
  beta2: option(schedule, realNumber({ min: 0, below: 1 }), 0.999, "Adam's decay of the second moment"),
  ema_decay: option(
    schedule,
    realNumber({ min: 0, below: 1 }),
    0,
    "translate with moving averages of the generator's weights that keep this much of themselves a step",
    fixed,
  ),
  lr_policy: option(schedule, oneOf(["linear", "step", "cosine"]), "linear", "how the learning rate falls"),
  lr_decay_iters: option(schedule, wholeNumber({ min: 1 }), 50, "epochs between the falls of lr_policy step"),
});

/** The configuration of a training run: plain JSON, the same names as the command line. */
export type TrainOptions = v.InferOutput<typeof trainSchema>;
