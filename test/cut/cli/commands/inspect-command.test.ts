// `cutgpu inspect` from outside: the files that it writes for a checkpoint and for a plain generator, and what bad
// input gets.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  // The checkpoint of an epoch: that of step 2 trained on.
  cpSync(at("runs/r/latest.safetensors"), at("runs/r/1.safetensors"));
  assertStatus(await cutgpu([...train, "--max_steps", "4", "--continue_train"], { cwd: folder }), 0);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const KINDS = ["similarity", "pca", "sources", "nce"];
const pictures = (layers: number[], kinds = KINDS, more: string[] = []) =>
  [
    "index.html",
    "input.png",
    "output.png",
    ...more,
    ...layers.flatMap((n) => kinds.map((kind) => `${kind}-${n}.png`)),
  ].sort();

test("a folder's own files of the same names stay, and results of an earlier call are replaced", async () => {
  for (const [name, content] of [
    ["index.html", "<h1>My site</h1>"],
    ["output.png", "mine"],
  ]) {
    const out = `own-${name}`;
    mkdirSync(at(out));
    writeFileSync(at(out, name), content);
    const said = `--out ${out} holds ${name}, which is not of cutgpu inspect; choose another place`;
    assertRefused(await inspect("--model", "r", "--in", "horse.png", "--out", out), 2, new RegExp(said));
    assert.equal(readdirSync(at(out)), [name]);
    assert.is(readFileSync(at(out, name), "utf8"), content);
  }
  mkdirSync(at("kept"));
  writeFileSync(at("kept/notes.txt"), "mine");
  for (const point of ["0,0", "1,1"]) {
    assertStatus(await inspect("--model", "r", "--in", "horse.png", "--out", "kept", "--at", point), 0);
  }
  assert.match(readFileSync(at("kept/index.html"), "utf8"), "1, 1");
  assert.ok(existsSync(at("kept/notes.txt")));
});

test("a run gives pictures of each of its layers, as large as the input, and a page that holds them all", async () => {
  const result = await inspect("--model", "r", "--in", "horse.png", "--out", "deep/out", "--at", "21,0");
  assertStatus(result, 0);
  assert.match(result.stdout, "14 pictures and index.html written to deep/out");
  assert.not.match(result.stderr, "holds no heads");
  const names = readdirSync(at("deep/out")).sort();
  assert.equal(names, pictures([0, 4, 9]));
  for (const name of names.filter((name) => name.endsWith(".png"))) {
    const { width, height, channels } = await sharp(at("deep/out", name)).metadata();
    // Arrows need room: small pictures are enlarged.
    const factor = name.startsWith("sources") ? Math.ceil(512 / 22) : 1;
    assert.equal([name, width, height, channels], [name, 22 * factor, 17 * factor, 3]);
  }
  const page = readFileSync(at("deep/out/index.html"), "utf8");
  assert.is(page.match(/<img src="data:image\/png;base64,/g)?.length, 14);
  assert.not.match(page, /<script|(?:src|href)="(?!data:)/);
  for (const text of ["horse.png", "22 x 17", "21, 0", "Layer 9: 16 channels at"]) assert.match(page, text);
  assert.match(page, /sources: [\d.]+ % come from their own place, median displacement [\d.]+ pixels/);
  assert.match(page, /PatchNCE: [\d.]+ to [\d.]+, mean [\d.]+; a guess among 480 is 6\.17/);
});

test("two checkpoints of a run are shown side by side, with how their outputs differ", async () => {
  const result = await inspect("--model", "r", "--compare", "1", "--in", "horse.png", "--out", "two");
  assertStatus(result, 0);
  const kinds = [...KINDS, "compared-sources", "compared-nce"];
  assert.equal(readdirSync(at("two")).sort(), pictures([0, 4, 9], kinds, ["compared.png", "difference.png"]));
  const read = (name: string) => sharp(at("two", name)).raw().toBuffer();
  const [output, compared] = [await read("output.png"), await read("compared.png")];
  let sum = 0;
  for (const [i, level] of output.entries()) sum += Math.abs(level - compared[i]);
  const mean = (sum / output.length).toFixed(2);
  assert.ok(sum > 0, "the run went on");
  const page = readFileSync(at("two/index.html"), "utf8");
  assert.match(page, `difference of the outputs: mean ${mean} of 255`);
  assert.match(page, "latest and 1");
  assert.match(page, /sources of 1: .*PatchNCE of 1: /s);
  // The other way round the same figures.
  assertStatus(
    await inspect("--model", "r", "--epoch", "1", "--compare", "latest", "--in", "horse.png", "--out", "back"),
    0,
  );
  assert.equal(readFileSync(at("back/compared.png")), readFileSync(at("two/output.png")));
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
  cpSync(at("G.pth"), at("runs/r/2.safetensors"));
  await refused(1, /there is no model nowhere/, { model: "nowhere" });
  await refused(1, /data holds neither latest\.safetensors/, { model: "data" });
  await refused(1, /horse\.png/, { model: "horse.png" });
  await refused(1, /r holds neither 7\.safetensors/, { compare: "7" });
  await refused(2, /--compare latest is the checkpoint that is looked at/, { compare: "latest" });
  await refused(2, /--compare is of runs and G\.pth is a file/, { model: "G.pth", compare: "best" });
  await refused(2, /compare must be latest, best or a number/, { compare: "first" });
  await refused(1, /latest\.safetensors and .*2\.safetensors are models of different kind/, { compare: "2" });
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
