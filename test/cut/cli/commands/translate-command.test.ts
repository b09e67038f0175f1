// `cutgpu translate` from outside: any picture keeps its size and name, and one that cannot be read does not keep the
// others from being translated.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

test("names: a picture keeps its own, none is too long, and one without an ending gets one", async () => {
  mkdirSync(at("names"));
  await makePicture(at("names", "a.png"), { seed: 8 });
  await makePicture(at("names", "a.tif"), { seed: 9 });
  const long = "图".repeat(83);
  await makePicture(at("names", `${long}.webp`), { seed: 10 });
  assertStatus(await cutgpu(["translate", "--model", "r", "--in", "names", "--out", "named"], { cwd: folder }), 0);
  assert.equal(readdirSync(at("named")).sort(), ["a.png", "a.tif.png", `${long}.png`].sort());
  copyFileSync(at("names", "a.png"), at("photo"));
  assertStatus(await cutgpu(["translate", "--model", "r", "--in", "photo", "--out", "named"], { cwd: folder }), 0);
  const pictures = await decoded("named");
  assert.is(pictures.get("a.png"), pictures.get("photo.png"), "a.png is the translation of a.png");
});

test("translations of before, in a folder among the pictures, are not translated once more", async () => {
  await makePicture(at("grow", "a.png"));
  symlinkSync(at("grow"), at("grown"));
  for (const out of ["grow/out", "grown/out", "grow/out"]) {
    assertStatus(await cutgpu(["translate", "--model", "r", "--in", "grow", "--out", out], { cwd: folder }), 0);
  }
  assert.equal(readdirSync(at("grow", "out")), ["a.png"]);
});

test("a photograph that is stored lying is translated upright", async () => {
  const lying = await sharp(readFileSync(at("in/odd.png")))
    .withMetadata({ orientation: 8 })
    .jpeg()
    .toBuffer();
  writeFileSync(at("lying.jpg"), lying);
  assertStatus(await cutgpu(["translate", "--model", "r", "--in", "lying.jpg", "--out", "u.jpg"], { cwd: folder }), 0);
  const { width, height, orientation } = await sharp(at("u.jpg")).metadata();
  assert.equal([width, height, orientation], [26, 37, undefined]);
});

/** Fails unless pictures are of one size and no level is further from the other's than one. */
async function assertAlike(a: string, b: string): Promise<void> {
  const [one, other] = await Promise.all([a, b].map((path) => sharp(at(path)).raw().toBuffer()));
  assert.is(one.length, other.length, a);
  assert.ok(
    one.every((level, i) => Math.abs(level - other[i]) <= 1),
    `${a} and ${b}`,
  );
}

test("by tiles a picture is what it is at once", async () => {
  const args = ["translate", "--model", "r", "--in", "in/odd.png", "--out", "tiled/odd.png", "--tile", "16"];
  assertStatus(await cutgpu(args, { cwd: folder }), 0);
  await assertAlike("tiled/odd.png", "out/odd.png");
  assert.equal(readdirSync(at("tiled")), ["odd.png"]);
});

test("a picture that is too large for the adapter goes by tiles; larger tiles are refused", async () => {
  await makePicture(at("large.png"), { width: 150, height: 94, seed: 11 });
  const args = (out: string) => ["translate", "--model", "r", "--in", "large.png", "--out", out];
  const small = { cwd: folder, preload: "support/small-limits.js", env: { BUFFER_BYTES: "100000" } };
  assertStatus(await cutgpu(args("at-once.png"), { cwd: folder }), 0);
  const result = await cutgpu(args("by-tiles.png"), small);
  assertStatus(result, 0);
  assert.match(result.stderr, "large.png: too large for the GPU at once, so it goes by tiles");
  await assertAlike("by-tiles.png", "at-once.png");
  const refused = await cutgpu([...args("none.png"), "--tile", "512"], small);
  assertRefused(refused, 1, /1 of 1 pictures/);
  assert.match(
    refused.stderr,
    /large\.png: tiles of 512 pixels do not fit: .* MiB in one buffer.*; give smaller tiles/,
  );
});

test("a picture that is too large for the memory that the GPU has left goes by tiles, too", async () => {
  await makePicture(at("too-large.png"), { width: 150, height: 94, seed: 13 });
  const args = (out: string) => ["translate", "--model", "r", "--in", "too-large.png", "--out", out];
  assertStatus(await cutgpu(args("whole.png"), { cwd: folder }), 0);
  const small = { cwd: folder, preload: "support/small-memory.js", env: { MEMORY_BYTES: String(2 ** 20) } };
  const result = await cutgpu(args("tiles.png"), small);
  assertStatus(result, 0);
  assert.match(result.stderr, "too-large.png: too large for the GPU at once, so it goes by tiles");
  await assertAlike("tiles.png", "whole.png");
});

test("tiles that are too small or no multiple of 4 are refused", async () => {
  for (const tile of ["12", "18", "big"]) {
    const args = ["translate", "--model", "r", "--in", "in", "--out", "none", "--tile", tile];
    assertRefused(await cutgpu(args, { cwd: folder }), 2, /--tile must be a whole number of at least 16 that is a mul/);
  }
});

test("stopped in the middle of a large picture, it leaves nothing behind", async () => {
  await makePicture(at("huge.png"), { width: 1200, height: 900, seed: 12 });
  const args = ["translate", "--model", "r", "--in", "huge.png", "--out", "stopped/huge.png", "--tile", "16"];
  const result = await cutgpu(args, {
    cwd: folder,
    onStart(child) {
      // The folder is made when nothing but the translation is left to do.
      const poll = setInterval(() => {
        if (!existsSync(at("stopped"))) return;
        clearInterval(poll);
        child.kill("SIGINT");
      }, 100);
    },
  });
  assertStatus(result, 130);
  assert.equal(readdirSync(at("stopped")), []);
});

test("a name's control characters do not reach the terminal", async () => {
  mkdirSync(at("sly"));
  writeFileSync(at("sly", "a\u001b[2J\n.png"), "this is no picture");
  const result = await cutgpu(["translate", "--model", "r", "--in", "sly", "--out", "none"], { cwd: folder });
  assertRefused(result, 1, /1 of 1 pictures/);
  assert.not.match(result.stderr, "\u001b");
  assert.match(result.stderr, "a\\u001b[2J\\u000a.png cannot be read");
});

test.run();
