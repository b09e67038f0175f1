// Option conflicts: options that are each in range and yet cannot go together. Every rule gives one clause that says
// what conflicts and what to change, alone or in a list.
import { trainedSide } from "../data/transform.js";
import { discriminatorOutputSize } from "../networks/discriminator-layout.js";
import { featureShapes, generatorArchitecture, generatorLayout } from "../networks/generator-layout.js";
import { ENCODER_MODULES } from "../networks/single-image-layout.js";
import type { TrainOptions } from "./train-schema.js";

/** What cannot go together in `options`: one clause each, no full stop; empty where all is well. */
export function optionConflicts(options: TrainOptions): string[] {
  const found: string[] = [];
  const { model, preprocess, crop_size, load_size } = options;
  if ((model === "sincut") !== (preprocess === "zoom_and_patch")) {
    found.push(`preprocess ${preprocess} does not go with model ${model}: leave it out`);
  }
  const crops = /crop|patch/.test(preprocess);
  const resizes = /resize|scale/.test(preprocess);
  if (crops && resizes && crop_size > load_size) {
    found.push(
      `crop_size ${crop_size} does not fit into load_size ${load_size}: raise load_size to ${crop_size} or more`,
    );
  }
  if (options.batch_size > 1 && !crops && preprocess !== "resize") {
    found.push(
      `batch_size ${options.batch_size} needs pictures of one size and preprocess ${preprocess} keeps theirs: ` +
        "use resize_and_crop or batch_size 1",
    );
  }
  const seen = trainedSide(options);
  if (model !== "sincut" && (crops || preprocess === "resize") && discriminatorOutputSize(options, seen) < 1) {
    found.push(
      `pictures of ${seen} pixels are too small for the discriminator ${options.netD}: ` +
        "raise crop_size or use netD n_layers with a smaller n_layers_D",
    );
  }
  if (options.eval_metric === "KID" && options.eval_features === "none") {
    found.push("eval_metric KID is computed on features and eval_features is none: choose some, or eval_metric SWD");
  }
  if (options.eval_freq === null && (options.eval_metric !== null || options.eval_features !== "none")) {
    found.push("eval_features and eval_metric are of evaluations and eval_freq is none: give it, or leave them");
  }
  found.push(...ofMethods[model](options));
  const epochs = options.n_epochs + options.n_epochs_decay;
  if (epochs < options.epoch_count) {
    found.push(
      `n_epochs and n_epochs_decay make ${epochs} epochs and epoch_count is ${options.epoch_count}: raise n_epochs`,
    );
  }
  if (options.lr_policy === "cosine" && options.n_epochs === 0) {
    found.push("lr_policy cosine falls over n_epochs, which is 0: raise n_epochs or use lr_policy linear");
  }
  if (options.continue_train && options.pretrained_name !== null) {
    found.push(
      "continue_train goes on with the weights of its own run and pretrained_name starts from another's: give only one",
    );
  }
  return found;
}

/** Conflicts of the layers whose features are compared. */
function layerConflicts(options: TrainOptions): string[] {
  const found: string[] = [];
  const sincut = options.model === "sincut";
  const last = (sincut ? ENCODER_MODULES : generatorLayout(generatorArchitecture(options)).length) - 1;
  const layers = options.nce_layers;
  if (layers.some((layer, i) => i > 0 && layer <= layers[i - 1])) {
    found.push(`nce_layers ${layers.join(",")} must ascend without repeats: sort them`);
  }
  const beyond = layers.find((layer) => layer > last);
  if (beyond !== undefined) {
    found.push(
      `nce_layers names module ${beyond}, and the modules of this ${sincut ? "encoder" : options.netG} are ` +
        `0 to ${last}: leave it out`,
    );
  }
  return found;
}

const ofMethods: Readonly<Record<TrainOptions["model"], (options: TrainOptions) => string[]>> = {
  cut: cutConflicts,
  cycle_gan: cycleGanConflicts,
  dclgan: dclGanConflicts,
  enco: enCoConflicts,
  sincut: sinCutConflicts,
};

function cutConflicts(options: TrainOptions): string[] {
  const found = patchConflicts(options);
  if (options.lambda_GAN === 0 && options.lambda_NCE === 0 && options.patch_loss !== "hdce") {
    found.push("lambda_GAN and lambda_NCE are both 0 and nothing would be learnt: raise one of them");
  }
  return found;
}

function sinCutConflicts(options: TrainOptions): string[] {
  const found = patchConflicts(options);
  const { crop_size, patch_loss } = options;
  if (!Number.isInteger(Math.log2(crop_size))) {
    found.push(`crop_size ${crop_size} cannot be halved down to 4, as sincut's discriminator does: use 32, 64 or 128`);
  }
  return patch_loss === "hdce" ? found : [...found, ...unusedPatches(options)];
}

/** Conflicts of the patch losses that CUT and SinCUT choose from. */
function patchConflicts(options: TrainOptions): string[] {
  const found = layerConflicts(options);
  if (options.input_nc !== options.output_nc) {
    found.push(
      `input_nc ${options.input_nc} and output_nc ${options.output_nc} differ, ` +
        "and the patch loss passes translations through the generator again: make them equal, or use --model cycle_gan",
    );
  }
  const { patch_loss, nce_negatives, nce_bank } = options;
  if (nce_negatives !== "internal" && nce_bank === 0) {
    found.push(`nce_negatives ${nce_negatives} needs a bank: give --nce_bank 4096 or another number of keys`);
  }
  if (nce_negatives === "internal" && nce_bank > 0) {
    found.push(`nce_bank ${nce_bank} is of no use with nce_negatives internal: use external or both`);
  }
  if (nce_negatives !== "internal" && patch_loss !== "nce") {
    found.push(`nce_negatives ${nce_negatives} needs patch_loss nce, and not ${patch_loss}: leave one of them out`);
  }
  if (patch_loss === "hdce" && options.lambda_HDCE === 0) {
    found.push("lambda_HDCE is 0 and patch_loss hdce would compare no patches: raise it");
  }
  return found;
}

function cycleGanConflicts(options: TrainOptions): string[] {
  const found: string[] = [];
  const { preprocess, load_size, crop_size, pool_size } = options;
  const oneSize = preprocess.includes("crop") || (preprocess === "resize" && load_size === crop_size);
  if (pool_size > 0 && !oneSize) {
    found.push(
      `pool_size ${pool_size} needs pictures of one size and preprocess ${preprocess} does not give them: ` +
        "use resize_and_crop or pool_size 0",
    );
  }
  return [...found, ...identityConflicts("lambda_identity", options)];
}

function dclGanConflicts(options: TrainOptions): string[] {
  const found = layerConflicts(options);
  return [...found, ...unusedPatches(options), ...identityConflicts("lambda_IDT", options)];
}

function enCoConflicts(options: TrainOptions): string[] {
  const found = layerConflicts(options);
  const { nce_layers: layers, num_patches } = options;
  if (layers.length % 2 > 0) found.push(`nce_layers ${layers.join(",")} must be pairs: leave one out or add one`);
  if (found.length === 0) {
    const shapes = featureShapes(generatorArchitecture(options), layers, 64, 64);
    const i = shapes.findIndex((shape, i) => String(shape) !== String(shapes.at(-1 - i)));
    if (i >= 0) {
      found.push(
        `nce_layers pairs module ${layers[i]} with ${layers.at(-1 - i)}, whose outputs in this ${options.netG} are ` +
          "not of one size: pair modules of the encoder with those of the decoder, from outside inwards",
      );
    }
  }
  if (num_patches < 2) found.push("num_patches 1 leaves batch norm nothing to compare: give 2 or more");
  return [...found, ...unusedPatches(options), ...identityConflicts("lambda_IDT", options)];
}

/** Conflicts of methods that require their patch loss. */
const unusedPatches = ({ model, lambda_NCE }: TrainOptions): string[] =>
  lambda_NCE === 0 ? [`lambda_NCE is 0 and ${model} would compare no patches: raise it`] : [];

/** Conflicts of an identity term with weight `name` between pictures that differ in channels. */
function identityConflicts(name: "lambda_identity" | "lambda_IDT", options: TrainOptions): string[] {
  const { input_nc, output_nc } = options;
  if (options[name] === 0 || input_nc === output_nc) return [];
  return [
    `${name} ${options[name]} needs pictures of equal channels, and input_nc ${input_nc} and ` +
      `output_nc ${output_nc} differ: use ${name} 0`,
  ];
}
