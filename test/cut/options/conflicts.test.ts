// Option conflicts: each is refused with what to change.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resolveOptions } from "../../../cut/options/train-options.js";
import { dataroot, refusal } from "./refusal.js";

test("conflicts are refused, each with what to change", () => {
  assert.match(refusal({ crop_size: 300 }), "crop_size 300 does not fit into load_size 286");
  assert.match(refusal({ continue_train: true, pretrained_name: "other" }), "give only one");
  assert.match(refusal({ nce_layers: [4, 0] }), "must ascend");
  assert.match(refusal({ nce_layers: [0, 4, 4] }), "must ascend");
  assert.match(refusal({ nce_layers: [0, 32] }), "the modules of this resnet_9blocks are 0 to 31");
  assert.match(refusal({ lambda_GAN: 0, lambda_NCE: 0 }), "nothing would be learnt");
  // hDCE has a weight of its own.
  resolveOptions({ dataroot, lambda_GAN: 0, lambda_NCE: 0, patch_loss: "hdce" });
  assert.match(refusal({ n_epochs: 0, n_epochs_decay: 0 }), "make 0 epochs");
  assert.match(refusal({ crop_size: 16, load_size: 16 }), "too small for the discriminator basic");
  assert.match(refusal({ batch_size: 2, preprocess: "none" }), "needs pictures of one size");
  assert.match(refusal({ eval_freq: 4, eval_metric: "KID" }), "eval_features is none: choose some");
  assert.match(refusal({ eval_features: "mobilenet" }), "eval_freq is none: give it");
  assert.match(refusal({ lr_policy: "cosine", n_epochs: 0 }), "cosine");
});

test.run();
