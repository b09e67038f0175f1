// `cutgpu translate` and `cutgpu export` from outside: any model file gives the same pictures, any picture keeps its size and
// name, and one that cannot be read does not keep the others from being translated.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePth, serializePth } from "../../../../engine/formats/pth.js";
import type { StoredTensor } from "../../../../engine/formats/state-dict.js";
import {
  assertRefused,
  assertStatus,
  cutgpu,
  makeDataset,
  makePicture,
  projectFolder,
  tiny,
} from "../../../support/command.js";

const test = suite("cutgpu translate");

const published = join(projectFolder, "test/goldens/data/latest_net_G.pth");
let folder: string;
const at = (...path: string[]) => join(folder, ...path);

/** Pictures of `out` by name, as decoded samples. */
async function decoded(out: string): Promise<Map<string, string>> {
  const names = readdirSync(at(out), { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
  const pictures = names.sort().map(async (name) => {
    const { data, info } = await sharp(at(out, name)).raw().toBuffer({ resolveWithObject: true });
    return [name, `${info.width}x${info.height}x${info.channels} ${data.toString("base64")}`] as const;
  });
  return new Map(await Promise.all(pictures));
}

const sizes = (pictures: Map<string, string>) => [...pictures].map(([name, text]) => `${name} ${text.split(" ")[0]}`);

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-translate-"));
  await makeDataset(at("data"), 2);
  await Promise.all([
    makePicture(at("in", "odd.png"), { width: 37, height: 26 }),
    makePicture(at("in", "deep", "er", "photo.JPG"), { width: 24, height: 18, seed: 1 }),
    makePicture(at("in", "tiny.png"), { width: 5, height: 3, seed: 2 }),
    makePicture(at("in", "gray.png"), { channels: 1, seed: 3 }),
    makePicture(at("in", "alpha.png"), { channels: 4, seed: 4 }),
    makePicture(at("in", "deep.png"), { bits: 16, seed: 5 }),
    makePicture(at("in", "graydeep.png"), { channels: 1, bits: 16, seed: 3 }),
    makePicture(at("in", "same.webp"), { seed: 6 }),
    makePicture(at("in", "same.tif"), { seed: 7 }),
  ]);
  const train = ["train", "--dataroot", "data", "--name", "r", ...tiny, "--max_steps", "3"];
  assertStatus(await cutgpu(train, { cwd: folder }), 0);
  assertStatus(await cutgpu(["translate", "--model", "r", "--in", "in", "--out", "out"], { cwd: folder }), 0);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("names and sizes are kept, whatever the size and kind of a picture", async () => {
  assert.equal(sizes(await decoded("out")), [
    "alpha.png 24x24x3",
    "deep.png 24x24x3",
    "deep/er/photo.JPG 24x18x3",
    "gray.png 24x24x3",
    "graydeep.png 24x24x3",
    "odd.png 37x26x3",
    "same.png 24x24x3",
    // Two inputs of one name must not become one output.
    "same.webp.png 24x24x3",
    "tiny.png 5x3x3",
  ]);
  assert.is((await sharp(at("out/deep/er/photo.JPG")).metadata()).format, "jpeg");
  assert.is((await sharp(at("out/odd.png")).metadata()).format, "png");
});

test("sixteen bits are rounded to eight, not cut off", async () => {
  const pictures = await decoded("out");
  assert.is(pictures.get("graydeep.png"), pictures.get("gray.png"));
});

test("an exported model, as safetensors or as .pth, translates to the same pictures", async () => {
  const expected = await decoded("out");
  for (const file of ["G.safetensors", "G.pth"]) {
    const exported = await cutgpu(["export", "--model", "runs/r", "--out", file], { cwd: folder });
    assertStatus(exported, 0);
    assert.match(exported.stdout, `written to ${file}`);
    const out = `out-${file}`;
    assertStatus(await cutgpu(["translate", "--model", file, "--in", "in", "--out", out], { cwd: folder }), 0);
    assert.equal(await decoded(out), expected);
  }
});

test("a .pth with a module. prefix and stale statistics translates to the same pictures", async () => {
  assertStatus(await cutgpu(["export", "--model", "runs/r", "--out", "plain.pth"], { cwd: folder }), 0);
  const { tensors, metadata } = parsePth(readFileSync(at("plain.pth")));
  const statistics = (values: number[]): StoredTensor => ({
    dtype: "F32",
    shape: [values.length],
    data: Float32Array.from(values),
  });
  const wrapped = new Map([...tensors].map(([key, tensor]) => [`module.${key}`, tensor]));
  wrapped.set("module.model.2.running_mean", statistics([7, 7, 7, 7]));
  wrapped.set("module.model.2.running_var", statistics([9, 9, 9, 9]));
  writeFileSync(at("module.pth"), serializePth({ tensors: wrapped, metadata }));
  const args = ["translate", "--model", "module.pth", "--in", "in", "--out", "out-module"];
  assertStatus(await cutgpu(args, { cwd: folder }), 0);
  assert.equal(await decoded("out-module"), await decoded("out"));
});

test("pictures that cannot be read are named, the others are written, and the status is 1", async () => {
  mkdirSync(at("mixed"));
  await makePicture(at("mixed", "sound.png"), { width: 30, height: 20 });
  const whole = readFileSync(at("mixed", "sound.png"));
  writeFileSync(at("mixed", "cut.png"), whole.subarray(0, whole.length / 2));
  writeFileSync(at("mixed", "empty.jpg"), "");
  writeFileSync(at("mixed", "noise.webp"), "this is no picture");
  // Also: a file of PyTorch as published, and a size.
  const args = ["translate", "--model", published, "--in", "mixed", "--out", "out-mixed", "--size", "16"];
  const result = await cutgpu(args, { cwd: folder });
  assertRefused(result, 1, /3 of 4 pictures could not be translated/);
  for (const name of ["cut.png", "empty.jpg", "noise.webp"]) {
    const lines = result.stderr.split("\n").filter((line) => line.includes(`mixed/${name}`));
    assert.is(lines.length, 1, `${name} is named once: ${result.stderr}`);
    assert.match(lines[0], "cannot be read as a picture");
  }
  assert.match(result.stdout, "1 picture written to out-mixed");
  // The longer side has 16 pixels, the shape is kept.
  assert.equal(sizes(await decoded("out-mixed")), ["sound.png 16x11x3"]);
});

test("a single picture goes to the file that is named, or into the folder", async () => {
  const args = [
    "translate",
    "--model",
    "runs/r/latest.safetensors",
    "--in",
    "in/odd.png",
    "--out",
    "one/two/single.jpg",
  ];
  assertStatus(await cutgpu(args, { cwd: folder }), 0);
  const { format, width, height } = await sharp(at("one/two/single.jpg")).metadata();
  assert.equal([format, width, height], ["jpeg", 37, 26]);
});

test.run();
