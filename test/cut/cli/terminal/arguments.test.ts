// Reading a command line: how options may be typed, and what mistakes get.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { parseArguments } from "../../../../cut/cli/terminal/arguments.js";
import { option, orNone, text, twoTexts } from "../../../../cut/options/schema.js";
import { trainSchema } from "../../../../cut/options/train-schema.js";

const train = (...argv: string[]) => parseArguments(trainSchema, argv).given;

test("values follow a space or an equals sign, names have dashes or underscores", () => {
  assert.equal(train("--n-epochs", "3", "--lr=1e-3", "--n_epochs_decay=4", "--netG", "resnet_6blocks"), {
    n_epochs: 3,
    lr: 1e-3,
    n_epochs_decay: 4,
    netG: "resnet_6blocks",
  });
  assert.equal(train("--dataroot=a=b"), { dataroot: "a=b" });
});

test("flags stand alone or take the reference's boolean words", () => {
  for (const argv of [
    ["--nce_idt"],
    ["--nce_idt=true"],
    ["--nce-idt", "True"],
    ["--nce_idt", "1"],
    ["--nce_idt=yes"],
  ]) {
    assert.equal(train(...argv), { nce_idt: true });
  }
  for (const argv of [["--nce_idt=false"], ["--nce_idt", "False"], ["--nce-idt", "0"], ["--nce_idt", "no"]]) {
    assert.equal(train(...argv), { nce_idt: false });
  }
  assert.equal(train("--no-flip", "--no_antialias", "--name", "x"), { no_flip: true, no_antialias: true, name: "x" });
});

test("lists have commas; none and inf lift a limit", () => {
  assert.equal(train("--nce_layers", "0,4,8"), { nce_layers: [0, 4, 8] });
  assert.equal(train("--max_dataset_size", "inf", "--max_steps", "none"), { max_dataset_size: null, max_steps: null });
});

test("the last of a repeated option counts", () => {
  assert.equal(train("--lr", "1", "--lr", "2"), { lr: 2 });
});

test("mistakes are named, with the nearest option", () => {
  assert.throws(() => train("--n_epoch", "3"), /^there is no option --n_epoch, did you mean --n_epochs\?$/);
  assert.throws(() => train("--lamda_NCE=3"), /did you mean --lambda_NCE\?/);
  assert.throws(() => train("--netg", "x"), /did you mean --netG\?/);
  assert.throws(() => train("--gpu_ids", "0"), /^there is no option --gpu_ids: the GPU is found by itself, .* one\.$/);
  assert.throws(() => train("--zzzzzz"), /there is no option --zzzzzz \(--help lists them\)/);
  assert.throws(() => train("--lr"), /--lr needs a value: a number above 0/);
  assert.throws(() => train("--lr", "--no_flip"), /--lr needs a value/);
  assert.throws(() => train("--lr", "fast"), /lr must be a number above 0, not "fast"/);
  assert.throws(() => train("--lambda_NCE", "-1"), /lambda_NCE must be a number of at least 0, not -1/);
  assert.throws(() => train("--nce_layers", "0,x"), /nce_layers must be a list/);
  assert.throws(() => train("--no_flip=maybe"), /no_flip must be true or false, not "maybe"/);
  assert.throws(() => train("pictures"), /"pictures" is not an option/);
});

test("an empty value, as a shell makes of a variable that is not set, is not taken for none", () => {
  const schema = v.strictObject({ json: option("o", orNone(text("FILE")), null, "") });
  const given = (...argv: string[]) => parseArguments(schema, argv).given;
  assert.equal(given("--json", "none"), { json: null });
  for (const argv of [["--json", ""], ["--json="]])
    assert.throws(() => given(...argv), /^--json must be .*, not ""\.$/);
});

test("several values, as a shell makes of a pattern, are one mistake that says what to give", () => {
  const expanded = () => train("--dataroot", "a.png", "b.png", "c.png", "--name", "r");
  assert.throws(expanded, /^--dataroot takes one value, and "b\.png" follows it: give the folder itself [^;]*\.$/);
  assert.throws(() => train("--name", "my", "run"), /^--name takes one value, and "run" follows it \(quote/);
  assert.throws(() => train("--no_flip", "a.png"), /"a\.png" is not an option/);
});

test("a pair takes two values, and says so where they are fewer or more", () => {
  const schema = v.strictObject({
    pairs: option("o", orNone(twoTexts("A B")), null, ""),
    json: option("o", text("F"), "f", ""),
  });
  const given = (...argv: string[]) => parseArguments(schema, argv).given;
  assert.equal(given("--pairs", "a", "b", "--json", "c"), { pairs: ["a", "b"], json: "c" });
  assert.equal(given("--pairs=a", "b"), { pairs: ["a", "b"] });
  assert.throws(() => given("--pairs", "a", "--json", "c"), /^--pairs must be two values, A B, or none, not "a"\.$/);
  assert.throws(() => given("--pairs"), /^--pairs must be two values/);
  assert.throws(() => given("--pairs", "a", "b", "c"), /^--pairs takes two values, and "c" follows it/);
});

test.run();
