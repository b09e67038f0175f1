// `cutgpu translate` from outside: any picture keeps its size and name, and one that cannot be read does not keep the
// others from being translated.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, assertStatus, cutgpu, makePicture, projectFolder } from "../../../support/command.js";
import { decodedPictures, trainAndTranslate } from "../../../support/translations.js";

const test = suite("cutgpu translate");

const published = join(projectFolder, "test/goldens/data/latest_net_G.pth");
let folder: string;
const at = (...path: string[]) => join(folder, ...path);

const decoded = (out: string) => decodedPictures(at(out));
const sizes = (pictures: Map<string, string>) => [...pictures].map(([name, text]) => `${name} ${text.split(" ")[0]}`);

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-translate-"));
  await trainAndTranslate(folder);
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
