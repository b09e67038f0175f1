// `evaluate --shard` and `merge`: parts of an evaluation give the figures of one process, to the bit; what is done is
// not done again; and what does not fit together is refused.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serializePth } from "../../../engine/formats/pth.js";
import type { StoredTensor } from "../../../engine/formats/state-dict.js";
import { assertRefused, assertStatus, cutgpu, makePicture, projectFolder } from "../../support/command.js";
import { runDocumentLines } from "../../support/document-lines.js";
import { networksOf, weightsOf } from "../../support/formula-weights.js";
import { evaluationCases } from "../../support/goldens.js";

const test = suite("parts of an evaluation");

const PICTURES = 5;
let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const given = ["--fakes", "fakes", "--reals", "reals"];
const all = [...given, "--pairs", "truths"];
const evaluate = (...args: string[]) => cutgpu(["evaluate", ...args], { cwd: folder });
const part = (shard: string, out = "parts", options = all) => evaluate(...options, "--shard", shard, "--out", out);
const merge = (out: string) => cutgpu(["merge", out], { cwd: folder });

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-parts-"));
  for (let i = 0; i < PICTURES; i++) {
    await makePicture(at("reals", `${i}.png`), { width: 32, height: 32, seed: i });
    await makePicture(at("fakes", "deep", `${i}.png`), { width: 32, height: 32, seed: i + 2 });
    await makePicture(at("truths", "deep", `${i}.png`), { width: 32, height: 32, seed: i + 1 });
  }
  // An infinite PSNR; and MS-SSIM has no value where pictures are so small.
  cpSync(at("truths/deep/3.png"), at("fakes/deep/3.png"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("merge prints and writes what one process does, and until then what is missing", async () => {
  const whole = await evaluate(...all, "--json", "whole.json");
  assertStatus(whole, 0);
  assertStatus(await part("2/3"), 0);
  assertRefused(await merge("parts"), 1, /7 pictures missing, 0 failed; run these again: --array=1,3$/);
  assert.not(existsSync(at("parts/evaluation.json")));
  assertStatus(await part("1/3"), 0);
  assertStatus(await part("3/3"), 0);
  const merged = await merge("parts");
  assertStatus(merged, 0);
  assert.is(merged.stdout.split("\n").slice(1).join("\n"), whole.stdout);
  assert.is(readFileSync(at("parts/evaluation.json"), "utf8"), readFileSync(at("whole.json"), "utf8"));
  assert.match(readFileSync(at("whole.json"), "utf8"), '"Infinity"');
});

test("what was done with the same pictures is kept, and what failed is named and tried again", async () => {
  cpSync(at("parts"), at("again"), { recursive: true });
  assert.match((await part("2/3", "again")).stdout, /^0 pictures measured into again, 3 were there before/);
  const truth = readFileSync(at("truths/deep/1.png"));
  writeFileSync(at("truths/deep/1.png"), truth.subarray(0, 90));
  // Fake 1 is of part 2; as a truth of the floor the picture may be of another one, too.
  const failed = await part("2/3", "again");
  assert.is(failed.status, 1);
  assert.match(failed.stderr, /deep\/1.png cannot be read as a picture.*\n.* 3 pictures could not be measured/s);
  assertRefused(await merge("again"), 1, /run these again: --array=2$/);
  writeFileSync(at("truths/deep/1.png"), truth);
  assert.match((await part("2/3", "again")).stdout, /^[12] pictures? measured/);
  assertStatus(await merge("again"), 0);
});

test("features and LPIPS are kept in the files of parts: the same evaluation as the whole's", async () => {
  const golden = evaluationCases().find(({ op }) => op === "lpips")!;
  const weights = weightsOf(networksOf(golden)[golden.parameters["network"] as string]);
  const tensors = new Map<string, StoredTensor>();
  for (const [key, { shape, data }] of weights) {
    tensors.set(key, { dtype: "F32", shape: [...shape], data: Float32Array.from(data) });
  }
  mkdirSync(at("lpips"));
  const file = serializePth({ tensors, metadata: {} });
  for (const name of ["squeezenet1_1.pth", "squeeze.pth"]) writeFileSync(at("lpips", name), file);
  const networks = (...more: string[]) =>
    cutgpu(["evaluate", ...all, "--features", "mobilenet", "--lpips", "lpips", ...more], {
      cwd: folder,
      preload: "support/nsfwjs-package.js",
    });
  const whole = await networks("--json", "seen.json");
  assertStatus(whole, 0);
  assert.match(whole.stdout, /^KID-mnv2-96 .*^LPIPS /ms);
  for (const shard of ["1/2", "2/2"]) assertStatus(await networks("--shard", shard, "--out", "seen"), 0);
  assertStatus(await merge("seen"), 0);
  assert.is(readFileSync(at("seen/evaluation.json"), "utf8"), readFileSync(at("seen.json"), "utf8"));
  assertRefused(await part("1/2", "seen"), 1, /is of another --features/);
});

test("the lines of docs/many-machines.md give the figures of one process", async () => {
  assertStatus(await evaluate(...given, "--json", "one.json"), 0);
  runDocumentLines(/ xargs .* evaluate /, folder, { painted: "fakes", measured: "by-xargs" });
  assert.is(readFileSync(at("by-xargs/evaluation.json"), "utf8"), readFileSync(at("one.json"), "utf8"));
});

test("parts that there are not, and folders of something else, are refused in one sentence", async () => {
  assertRefused(await part("5/4"), 2, /--shard 5\/4 is none of 4 parts/);
  assertRefused(await evaluate(...all, "--shard", "1/3"), 2, /give --out DIR/);
  assertRefused(await evaluate(...all, "--out", "parts"), 2, /--out is of --shard; give --json/);
  assertRefused(await part("1/3", "parts", [...all, "--json", "x.json"]), 2, /--json is of the whole/);
  assertRefused(await part("1/4"), 1, /1-of-3.jsonl is of 3 shards; give another --out/);
  assertRefused(await part("1/3", "parts", [...all, "--size", "16"]), 1, /is of another --size/);
  assertRefused(await part("1/3", "parts", given), 1, /is of another --pairs/);
  const model = join(projectFolder, "test/goldens/data/latest_net_G.pth");
  const translations = ["--model", model, "--in", "fakes", "--reals", "reals", "--pairs", "truths"];
  assertRefused(await part("1/3", "parts", translations), 1, /is of another model/);
  await makePicture(at("reals", "new.png"), { width: 32, height: 32 });
  assertRefused(await part("1/3"), 1, /lists 10 pictures where the folder now has 11/);
  rmSync(at("reals/new.png"));
  const lock = at("parts/manifests/1-of-3.lock");
  writeFileSync(lock, JSON.stringify({ host: `not ${hostname()}`, pid: 1, started: "" }));
  assertRefused(await part("1/3"), 1, /shard 1 of 3 is being done by another process/);
  rmSync(lock);
  rmSync(at("parts/measured/reals/2.png.safetensors"));
  assertRefused(await merge("parts"), 1, /shards 2 of 3 are not whole: 1 picture missing, 0 failed; run these again/);
});

test.run();
