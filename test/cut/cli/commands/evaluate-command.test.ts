// `cutgpu evaluate` from outside: folders, a model and pairs, what is printed and written, and what bad input gets.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkSizes, listFolder } from "../../../../cut/cli/evaluation-sets.js";
import { matchPictures } from "../../../../cut/files/picture-pairs.js";
import type { CutgpuError } from "../../../../engine/lib/errors.js";
import { assertRefused, assertStatus, cutgpu, makePicture, projectFolder } from "../../../support/command.js";

const test = suite("cutgpu evaluate");

const published = join(projectFolder, "test/goldens/data/latest_net_G.pth");
let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const evaluate = (...args: string[]) => cutgpu(["evaluate", ...args], { cwd: folder });

interface Written {
  figures: {
    name: string;
    value: number | null;
    ofHalves: number | null;
    floor: number | null;
    n: number[];
    floorN: number[];
  }[];
  pairs: Record<string, unknown>[];
  nearest: { fakes: { name: string; nearest: string; distance: number }[] };
}

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-evaluate-"));
  for (let i = 0; i < 8; i++) {
    await makePicture(at("reals", `${i}.png`), { width: 32, height: 32, seed: i });
    await makePicture(at("fakes", "deep", `${i}.png`), { width: 32, height: 32, seed: i + 2 });
    await makePicture(at("truths", "deep", `${i}.jpg`), { width: 32, height: 32, seed: i + 1 });
  }
  await makePicture(at("one", "a.png"), { width: 32, height: 32 });
  await makePicture(at("wide", "a.png"), { width: 40, height: 32 });
  await makePicture(at("wide", "b.png"), { width: 32, height: 32 });
  for (const name of ["a", "b"]) await makePicture(at("tiny", `${name}.png`), { width: 6, height: 32 });
  mkdirSync(at("empty"));
  mkdirSync(at("broken"));
  copyFileSync(at("one", "a.png"), at("broken", "a.png"));
  writeFileSync(at("broken", "b.png"), "this is no picture");
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("every figure has its floor and numbers; the files say more, the same each time", async () => {
  const args = [
    "--fakes",
    "fakes",
    "--reals",
    "reals",
    "--pairs",
    "truths",
    "--json",
    "out/a.json",
    "--report",
    "out/a.html",
  ];
  const result = await evaluate(...args);
  assertStatus(result, 0);
  for (const name of ["SWD at 32 x 32", "SWD at 16 x 16", "L1", "PSNR", "SSIM", "MS-SSIM"])
    assert.match(result.stdout, name);
  assert.match(result.stdout, /^SSIM .*8, 8 .*4, 4$/m);
  assert.match(result.stdout, /^MS-SSIM .* - .*needs 176 pixels a side$/m);
  const { figures, pairs, nearest }: Written = JSON.parse(readFileSync(at("out/a.json"), "utf8"));
  const swd = figures.find(({ name }) => name === "SWD")!;
  assert.ok([swd.value, swd.ofHalves, swd.floor].every((value) => (value ?? 0) > 0));
  assert.equal(
    [swd.n, swd.floorN],
    [
      [8, 8],
      [4, 4],
    ],
  );
  assert.is(pairs.length, 8);
  assert.is(pairs[0]["name"], "deep/0.png");
  // Fake i is real i + 2.
  assert.equal(nearest.fakes[0], { name: "deep/0.png", nearest: "2.png", distance: 0 });
  const html = readFileSync(at("out/a.html"), "utf8");
  for (const title of ["Nearest reals", "Worst by SSIM", "Best by PSNR", "2.png"]) assert.match(html, title);
  assert.not.match(html, /https?:(?!\/\/www\.w3\.org)/);
  assertStatus(await evaluate(...args.slice(0, 4), "--json", "out/b.json"), 0);
  const again: Written = JSON.parse(readFileSync(at("out/b.json"), "utf8"));
  assert.equal(again.figures[0], figures[0]);
});

test("figures are printed, although there is no room for the page", async () => {
  const args = ["evaluate", "--fakes", "fakes", "--reals", "reals", "--report", "full.html"];
  const result = await cutgpu(args, { cwd: folder, preload: "support/full-disk.js" });
  assertStatus(result, 1);
  assert.match(result.stderr, /cannot write full.html: the disk is full/);
  assert.match(result.stdout, /^SWD .*8, 8/m);
});

test("a model's translations are evaluated without being written", async () => {
  const result = await evaluate("--model", published, "--in", "fakes", "--reals", "reals", "--pairs", "truths");
  assertStatus(result, 0);
  assert.match(result.stdout, /^SWD .*8, 8/m);
});

test("a lost device is told in one sentence, and no figures are written", async () => {
  const args = ["evaluate", "--model", "demo", "--in", "fakes", "--reals", "reals", "--json", "lost.json"];
  const around = { cwd: folder, preload: "support/lose-device.js", env: { LOSE_AT: "4" } };
  assertRefused(await cutgpu(args, around), 1, /^cutgpu evaluate: the GPU device was lost.*; try again\.$/);
  assert.not.ok(existsSync(join(folder, "lost.json")));
});

test("pictures of other sizes are compared scaled to one", async () => {
  const result = await evaluate("--fakes", "wide", "--reals", "reals", "--size", "16");
  assertStatus(result, 0);
  assert.match(result.stdout, "SWD at 16 x 16");
});

const refusals: [name: string, args: string[], status: number, said: RegExp][] = [
  ["two kinds", ["--fakes", "fakes", "--model", "g.pth", "--in", "fakes", "--reals", "reals"], 2, /which pictures/],
  ["a picture that is none", ["--fakes", "broken", "--reals", "reals"], 1, /b.png cannot be read as a picture/],
  [
    "what is read",
    ["--fakes", "fakes", "--reals", "reals", "--json", "reals/0.png"],
    2,
    /over the pictures of --reals/,
  ],
  [
    "a report over the model",
    ["--model", "g.pth", "--in", "fakes", "--reals", "reals", "--report", "g.pth"],
    2,
    /write over --model/,
  ],
  ["one file twice", ["--fakes", "fakes", "--reals", "reals", "--json", "x", "--report", "./x"], 2, /the same file/],
];

for (const [name, args, status, said] of refusals) {
  test(`refused: ${name}`, async () => {
    copyFileSync(published, at("g.pth"));
    assertRefused(await evaluate(...args), status, said);
    assert.not.ok(existsSync(at("x")));
  });
}

test("folders that cannot be compared are refused before any work", async () => {
  const refused = async (work: Promise<unknown>, said: RegExp) => {
    const error = await work.then(
      () => null,
      (reason: CutgpuError) => reason,
    );
    assert.match(`${error?.message} ${error?.fix}`, said);
  };
  const list = (name: string) => listFolder(`--${name}`, at(name));
  await refused(list("empty"), /no picture in .*empty/);
  await refused(list("one"), /--one .*one holds 1 picture, and 2 are needed/);
  const [fakes, reals, wide, tiny] = await Promise.all(["fakes", "reals", "wide", "tiny"].map(list));
  await refused(checkSizes([wide, reals], null), /40 x 32 pixels \(a.png in .*--size 32/);
  await refused(checkSizes([tiny], null), /6 x 32 pixels .* smaller than the patches/);
  await checkSizes([wide, reals], 32);
  assert.throws(() => matchPictures(fakes, reals), /8 of 8 pictures of --fakes .* none of the same name in --reals/);
  const some = { ...reals, files: reals.files.slice(1) };
  assert.throws(() => matchPictures(some, reals), /1 of 8 pictures of --reals .*, the first is 0.png/);
  const twice = { ...reals, files: ["a/b.png", "a/b.jpg"], folder: "a" };
  assert.throws(() => matchPictures(twice, reals), /b.png and b.jpg have one name but for their ending/);
});

test.run();
