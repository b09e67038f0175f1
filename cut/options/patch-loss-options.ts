// The options of patch losses, which compare the patches of pictures and their translations: a part of
// cut/options/train-schema.ts, which explains options.
import { flag, oneOf, option, orNone, realNumber, wholeNumber, wholeNumbers } from "./schema.js";

export const losses = "Losses";
const fixed = { fixed: true };
const ofCut = { of: ["cut"] };
const ofCuts = { of: ["cut", "sincut"] };
export const fixedOfCuts = { ...ofCuts, ...fixed };
const ofNce = { of: ["cut", "dclgan", "sincut"] };
export const ofPatches = { of: ["cut", "dclgan", "enco", "sincut"] };
export const fixedOfPatches = { ...ofPatches, ...fixed };

export const patchLossOptions = {
  lambda_NCE: option(
    losses,
    realNumber({ min: 0 }),
    1,
    "weight of the patch loss: higher keeps more of the input",
    ofPatches,
  ),
  nce_idt: option(losses, flag(), true, "also compare the patches of B with those of its own translation", ofCut),
  nce_layers: option(
    losses,
    wholeNumbers({ min: 0 }),
    [0, 4, 8, 12, 16],
    "modules of the generator whose features are compared",
    fixedOfPatches,
  ),
  patch_loss: option(
    losses,
    oneOf(["nce", "hdce", "monce"]),
    "nce",
    "PatchNCE; hDCE, which weights hard negatives, with SRC; or MoNCE, which weights by a transport plan",
    fixedOfCuts,
  ),
  lambda_HDCE: option(losses, realNumber({ min: 0 }), 0.1, "weight of hDCE, in the place of lambda_NCE", ofCuts),
  lambda_SRC: option(
    losses,
    realNumber({ min: 0 }),
    0.05,
    "weight of SRC beside hDCE: relations between patches",
    ofCuts,
  ),
  HDCE_gamma: option(losses, realNumber({ above: 0 }), 50, "hDCE's temperature of weights at the start", ofCuts),
  HDCE_gamma_min: option(losses, realNumber({ above: 0 }), 10, "... and at the end, in a straight line", ofCuts),
  step_gamma_epoch: option(
    losses,
    orNone(wholeNumber({ min: 1 })),
    null,
    "epoch after which hDCE's gamma is 1",
    ofCuts,
  ),
  cost_type: option(losses, oneOf(["hard", "easy"]), "hard", "MoNCE: which negatives count more", ofCuts),
  eps: option(losses, realNumber({ above: 0 }), 1, "MoNCE: how smooth the transport plan is", ofCuts),
  neg_term_weight: option(losses, realNumber({ above: 0 }), 1, "MoNCE: weight of the negatives", ofCuts),
  plan_detached: option(
    losses,
    flag(),
    false,
    "MoNCE: no gradient through the plan: cheaper than the authors' way",
    ofCuts,
  ),
  nce_negatives: option(
    losses,
    oneOf(["internal", "external", "both"]),
    "internal",
    "where negatives come from: the picture, other pictures by a bank of keys, or both",
    fixedOfCuts,
  ),
  nce_bank: option(
    losses,
    wholeNumber({ min: 0, max: 16384 }),
    0,
    "keys of other pictures that are kept for each layer, first in, first out",
    fixedOfCuts,
  ),
  nce_T: option(losses, realNumber({ above: 0 }), 0.07, "temperature of the patch loss", ofNce),
  num_patches: option(losses, wholeNumber({ min: 1, max: 16384 }), 256, "patches compared in each layer", ofPatches),
  nce_includes_all_negatives_from_minibatch: option(
    losses,
    flag(),
    false,
    "take negatives from the whole batch, not from the same picture only",
    ofNce,
  ),
  flip_equivariance: option(losses, flag(), false, "mirror half of the steps and ask the translation to follow", ofCut),
};
