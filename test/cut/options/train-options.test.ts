// The training options: the reference's defaults, presets, checks, and what resuming may change.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { mergeForResume, resolveOptions } from "../../../cut/options/train-options.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { messageOf } from "../../support/gpu.js";
import { dataroot, refusal } from "./refusal.js";

test("defaults are the reference's", () => {
  const reference: Partial<TrainOptions> = {
    name: "experiment_name",
    CUT_mode: "CUT",
    n_epochs: 200,
    n_epochs_decay: 200,
    batch_size: 1,
    load_size: 286,
    crop_size: 256,
    preprocess: "resize_and_crop",
    no_flip: false,
    direction: "AtoB",
    ngf: 64,
    ndf: 64,
    netG: "resnet_9blocks",
    netD: "basic",
    n_layers_D: 3,
    normD: "instance",
    no_antialias: false,
    no_antialias_up: false,
    input_nc: 3,
    output_nc: 3,
    lambda_GAN: 1,
    lambda_NCE: 1,
    nce_idt: true,
    nce_layers: [0, 4, 8, 12, 16],
    nce_includes_all_negatives_from_minibatch: false,
    netF: "mlp_sample",
    netF_nc: 256,
    nce_T: 0.07,
    num_patches: 256,
    flip_equivariance: false,
    gan_mode: "lsgan",
    init_type: "xavier",
    init_gain: 0.02,
    lr: 0.0002,
    beta1: 0.5,
    beta2: 0.999,
    lr_policy: "linear",
    lr_decay_iters: 50,
    serial_batches: false,
    save_epoch_freq: 5,
    save_latest_freq: 5000,
    print_freq: 100,
    display_freq: 400,
    continue_train: false,
    epoch_count: 1,
  };
  const options: Record<string, unknown> = resolveOptions({ dataroot });
  for (const [name, value] of Object.entries(reference)) assert.equal(options[name], value, name);
});

test("a configuration is plain JSON and survives being saved", () => {
  const options = resolveOptions({ dataroot, CUT_mode: "FastCUT", max_dataset_size: 10 });
  assert.equal(resolveOptions(JSON.parse(JSON.stringify(options))), options);
});

test("the saved text does not depend on the order in which options were given", () => {
  const one = resolveOptions({ dataroot, ngf: 16, lr: 1e-3 });
  const other = resolveOptions({ lr: 1e-3, ngf: 16, dataroot });
  assert.is(JSON.stringify(one), JSON.stringify(other));
  const merged = mergeForResume(resolveOptions({ dataroot, ngf: 16 }), { lr: 1e-3, continue_train: true });
  assert.is(JSON.stringify(merged), JSON.stringify(one));
});

test("a preset changes defaults only: what is given wins", () => {
  const preset = resolveOptions({ dataroot, CUT_mode: "FastCUT" });
  assert.equal(
    [preset.lambda_NCE, preset.nce_idt, preset.flip_equivariance, preset.n_epochs, preset.n_epochs_decay],
    [10, false, true, 150, 50],
  );
  const given = resolveOptions({ dataroot, CUT_mode: "FastCUT", lambda_NCE: 1, nce_idt: true });
  assert.equal([given.lambda_NCE, given.nce_idt, given.flip_equivariance], [1, true, true]);
});

test("defaults are not shared between configurations", () => {
  resolveOptions({ dataroot }).nce_layers.push(99);
  assert.equal(resolveOptions({ dataroot }).nce_layers, [0, 4, 8, 12, 16]);
});

test("every bad value is named, with what is allowed", () => {
  const message = refusal({ lr: -1, batch_size: 1.5, direction: "AtoC", num_patches: 16385, ngf: Number.NaN });
  assert.match(message, "lr must be a number above 0, not -1");
  assert.match(message, "batch_size must be a whole number of at least 1, not 1.5");
  assert.match(message, 'direction must be AtoB or BtoA, not "AtoC"');
  assert.match(message, "num_patches must be a whole number of at least 1 and at most 16384, not 16385");
  assert.match(message, "ngf must be a whole number");
});

test("unknown and missing options are named", () => {
  assert.match(refusal({ n_epoch: 3 }), "there is no option --n_epoch, did you mean --n_epochs?");
  assert.throws(() => resolveOptions({}), /^--dataroot is missing/);
  assert.match(refusal({ name: "../elsewhere" }), "a folder name without slashes");
});

test("a continued run keeps its configuration but for what is given", () => {
  const stored = resolveOptions({ dataroot, CUT_mode: "FastCUT", ngf: 16, n_epochs: 10 });
  const merged = mergeForResume(stored, { continue_train: true, n_epochs: 20, ngf: 16 });
  assert.equal(merged, { ...stored, n_epochs: 20 });
});

test("a continued run refuses what cannot change any more", () => {
  const stored = resolveOptions({ dataroot, ngf: 16 });
  assert.throws(() => mergeForResume(stored, { ngf: 32 }), /started with ngf 16 and cannot go on with ngf 32/);
  assert.throws(() => mergeForResume(stored, { nce_layers: [0, 4] }), /nce_layers 0,4,8,12,16 .* nce_layers 0,4;/);
  assert.throws(() => mergeForResume(stored, { seed: 7 }), /seed 0 .* seed 7/);
  assert.throws(() => mergeForResume(stored, { epoch_count: 6 }), /knows its epoch/);
  assert.throws(() => mergeForResume(stored, { pretrained_name: "other" }), /weights of its own/);
  const adopted = { ...stored, pretrained_name: "other" };
  assert.equal(mergeForResume(adopted, { pretrained_name: "other" }), adopted);
});

test("a method has defaults of its own, and refuses options of another", () => {
  const cycle = resolveOptions({ dataroot: "d", model: "cycle_gan" });
  assert.equal([cycle.n_epochs, cycle.no_antialias, cycle.init_type, cycle.pool_size], [100, true, "normal", 50]);
  assert.is(resolveOptions({ dataroot: "d", model: "cycle_gan", n_epochs: 7 }).n_epochs, 7);
  const refused = (given: object) => messageOf(() => resolveOptions({ dataroot: "d", ...given }));
  assert.match(refused({ pool_size: 3 }), "--pool_size belongs to --model cycle_gan and this is --model cut");
  assert.match(
    refused({ model: "cycle_gan", nce_T: 1 }),
    "--nce_T belongs to --model cut or dclgan or sincut and this is --model cycle_gan",
  );
  assert.match(refused({ model: "cycle_gan", preprocess: "none" }), "use resize_and_crop or pool_size 0");
  const dual = resolveOptions({ dataroot: "d", model: "dclgan" });
  assert.equal([dual.nce_layers, dual.gan_mode, dual.lambda_NCE, dual.lr_F], [[4, 8, 12, 16], "hinge", 2, 0.001]);
  assert.match(refused({ model: "dclgan", input_nc: 1 }), "use lambda_IDT 0");
  assert.match(refused({ model: "dclgan", patch_loss: "hdce" }), "--patch_loss belongs to --model cut");
  const single = resolveOptions({ dataroot: "d", model: "sincut" });
  assert.equal([single.crop_size, single.batch_size, single.nce_layers, single.lambda_R1], [64, 16, [0, 2, 4], 1]);
  assert.match(refused({ model: "sincut", netG: "resnet_6blocks" }), "--netG belongs to --model cut or");
  assert.match(refused({ model: "sincut", preprocess: "crop" }), "preprocess crop does not go with model sincut");
  assert.match(refused({ preprocess: "zoom_and_patch" }), "preprocess zoom_and_patch does not go with model cut");
  assert.match(refused({ model: "sincut", crop_size: 48 }), "cannot be halved down to 4");
  assert.match(refused({ model: "sincut", nce_layers: [0, 6] }), "the modules of this encoder are 0 to 5");
  const once = resolveOptions({ dataroot: "d", model: "enco" });
  assert.equal([once.nce_layers, once.lr, once.lr_F, once.lambda_IDT], [[3, 7, 13, 18, 24, 28], 5e-5, 5e-5, 10]);
  assert.match(refused({ model: "enco", nce_layers: [3, 7, 28] }), "must be pairs");
  assert.match(refused({ model: "enco", netG: "resnet_6blocks" }), "nce_layers pairs module 3 with 28");
  assert.match(
    messageOf(() => mergeForResume(cycle, { model: "cut" })),
    "cannot go on with model cut",
  );
  assert.match(
    messageOf(() => mergeForResume(cycle, { lambda_NCE: 2 })),
    "--lambda_NCE belongs to --model cut or dclgan",
  );
});

test.run();
