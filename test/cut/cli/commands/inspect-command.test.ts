// `cutgpu inspect` from outside: the files that it writes for a checkpoint and for a plain generator, and what bad
// input gets.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, assertStatus, cutgpu, makeDataset, makePicture, tiny } from "../../../support/command.js";

const test = suite("cutgpu inspect");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const inspect = (...args: string[]) => cutgpu(["inspect", ...args], { cwd: folder });

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-inspect-"));
  await makeDataset(at("data"), 2);
  await makePicture(at("horse.png"), { width: 22, height: 17 });
  writeFileSync(at("noise.png"), "this is no picture");
  const train = ["train", "--dataroot", "data", "--name", "r", ...tiny, "--nce_layers", "0,4,9", "--max_steps", "2"];
  assertStatus(await cutgpu(train, { cwd: folder }), 0);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const pictures = (layers: number[]) =>
  ["index.html", "input.png", "output.png", ...layers.flatMap((n) => [`pca-${n}.png`, `similarity-${n}.png`])].sort();

test("a run gives pictures of each of its layers, as large as the input, and a page that holds them all", async () => {
  const result = await inspect("--model", "r", "--in", "horse.png", "--out", "deep/out", "--at", "21,0");
  assertStatus(result, 0);
  assert.match(result.stdout, "8 pictures and index.html written to deep/out");
  assert.not.match(result.stderr, "holds no heads");
  const names = readdirSync(at("deep/out")).sort();
  assert.equal(names, pictures([0, 4, 9]));
  for (const name of names.filter((name) => name.endsWith(".png"))) {
    const { width, height, channels } = await sharp(at("deep/out", name)).metadata();
    assert.equal([name, width, height, channels], [name, 22, 17, 3]);
  }
  const page = readFileSync(at("deep/out/index.html"), "utf8");
  assert.is(page.match(/<img src="data:image\/png;base64,/g)?.length, 8);
  assert.not.match(page, /<script|(?:src|href)="(?!data:)/);
  for (const text of ["horse.png", "22 x 17", "21, 0", "Layer 9: 16 channels at"]) assert.match(page, text);
});

test("a generator without heads is looked at by its raw features, which is said", async () => {
  assertStatus(await cutgpu(["export", "--model", "r", "--out", "G.pth"], { cwd: folder }), 0);
  const result = await inspect("--model", "G.pth", "--in", "horse.png", "--out", "raw");
  assertStatus(result, 0);
  assert.match(result.stderr, "note: G.pth holds no heads: features are compared as they are");
  assert.equal(readdirSync(at("raw")).sort(), pictures([0, 4, 8, 12, 16]));
  assert.match(readFileSync(at("raw/index.html"), "utf8"), "11, 8");
});

test("what cannot be looked at is refused in one line, and nothing is written", async () => {
  const refused = async (status: number, said: RegExp, given: Record<string, string>) => {
    const options = { model: "r", in: "horse.png", out: "none", ...given };
    assertRefused(
      await inspect(...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])),
      status,
      said,
    );
    assert.not.ok(existsSync(at("none")));
  };
  await refused(1, /there is no model nowhere/, { model: "nowhere" });
  await refused(1, /data holds neither latest\.safetensors/, { model: "data" });
  await refused(1, /horse\.png/, { model: "horse.png" });
  await refused(1, /noise\.png cannot be read as a picture/, { in: "noise.png" });
  await refused(1, /absent\.png cannot be read as a picture/, { in: "absent.png" });
  await refused(2, /--in data is a folder/, { in: "data" });
  await refused(2, /--at 22,3 is outside of the picture, which has 22 x 17 pixels; give x from 0 to 21/, {
    at: "22,3",
  });
  await refused(2, /at must be a pixel such as 120,80, or centre/, { at: "left" });
  await refused(1, /horse\.png/, { out: "horse.png/out" });
});

test.run();
