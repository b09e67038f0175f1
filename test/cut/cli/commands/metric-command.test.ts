// `cutgpu metric` from outside: pairs, the ladder and opinion scores, what is printed and written, and what bad input
// gets.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cutCommands } from "../../../../cut/cli/commands/index.js";
import { dispatch } from "../../../../cut/cli/terminal/dispatch.js";
import { assertStatus, cutgpu, makePicture, projectFolder } from "../../../support/command.js";

const test = suite("cutgpu metric");

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
const metric = (...args: string[]) => cutgpu(["metric", ...args], { cwd: folder });

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-metric-"));
  for (let i = 0; i < 3; i++) {
    await makePicture(at("A", `${i}.png`), { width: 36, height: 32, seed: i });
    await makePicture(at("B", `${i}.jpg`), { width: 36, height: 32, seed: i === 2 ? 9 : i });
  }
  await makePicture(at("one", "a.png"), { width: 36, height: 32 });
  for (let i = 0; i < 2; i++) await makePicture(at("two", `${i}.png`), { width: 36, height: 32, seed: i });
  await makePicture(at("wide", "0.png"), { width: 40, height: 32 });
  for (const name of ["1", "2"]) await makePicture(at("wide", `${name}.png`), { width: 36, height: 32 });
  for (const i of [0, 1]) await makePicture(at("alike", `${i}.png`), { width: 36, height: 32 });
  mkdirSync(at("empty"));
  const lines = [0, 1, 2].flatMap((i) => [`A/${i}.png,B/${i}.jpg,${i}`, `A/${i}.png,B/${(i + 1) % 3}.jpg,${5 - i}`]);
  writeFileSync(at("mos.csv"), ["reference,distorted,score", ...lines].join("\n"));
  writeFileSync(at("gone.csv"), ["reference,distorted,score", ...lines, "A/0.png,B/7.jpg,1"].join("\n"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("pairs by an encoder that trains itself: a table, all numbers, and a page with maps", async () => {
  const outputs = ["--json", "out/p.json", "--report", "out/p.html"];
  const result = await metric("--pairs", "A", "B", "--self-train", "--steps", "2", "--window", "2", ...outputs);
  assertStatus(result, 0);
  assert.match(result.stdout, /^2\.png .*4: \d+ %, 8: /m);
  assert.match(result.stdout, /mean distance .*0 is the source, 1 another/);
  const { pairs, layers } = JSON.parse(readFileSync(at("out/p.json"), "utf8"));
  assert.equal(
    pairs.map(({ name }: { name: string }) => name),
    ["0.png", "1.png", "2.png"],
  );
  assert.ok(pairs[2].distance > pairs[0].distance);
  for (const { nce, accuracy, bound, positions } of layers)
    assert.ok(nce >= 0 && accuracy <= 1 && bound < Math.log(positions));
  const html = readFileSync(at("out/p.html"), "utf8");
  for (const said of ["layer 16", "Where content is lost", "2.png"]) assert.match(html, said);
  assert.is(html.match(/<img/g)?.length, 3 * 6);
});

test("where other sources are no farther than the source itself, a dash is explained", async () => {
  const model = join(projectFolder, "test/goldens/data/latest_net_G.pth");
  const result = await metric("--pairs", "alike", "alike", "--model", model, "--report", "out/a.html");
  assertStatus(result, 0);
  assert.match(result.stdout, /mean distance -: .*, - where others are no farther from the source than it is/);
  assert.match(readFileSync(at("out/a.html"), "utf8"), "- where others are no farther from the source than it is");
});

test("a model's encoder, and opinion scores", async () => {
  const model = join(projectFolder, "test/goldens/data/latest_net_G.pth");
  const result = await metric("--mos", "mos.csv", "--model", model, "--json", "out/m.json");
  assertStatus(result, 0);
  assert.match(result.stdout, /^PatchNCE ±4 px +[\d.]+ +[\d.]+ +[\d.]+ +6$/m);
  const { correlations, values } = JSON.parse(readFileSync(at("out/m.json"), "utf8"));
  assert.is(values.length, 6);
  assert.ok(correlations.every(({ srcc }: { srcc: number }) => srcc >= 0 && srcc <= 1));
});

test("the ladder: table, answers, figures and a page with curves", async () => {
  const outputs = ["--json", "out/l.json", "--report", "out/l.html"];
  const few = ["--steps", "1", "--size", "32", "--positions", "64"];
  const result = await metric("--ladder", "two", ...few, ...outputs);
  assertStatus(result, 0);
  assert.match(result.stdout, /^quadrants swapped /m);
  assert.match(result.stdout, /^\d+ of 12 criteria of a metric of content are met\.$/m);
  const { rows, verdicts } = JSON.parse(readFileSync(at("out/l.json"), "utf8"));
  assert.equal([rows.length, verdicts.length], [54, 12]);
  const html = readFileSync(at("out/l.html"), "utf8");
  assert.is(html.match(/class="chart card"/g)?.length, 10);
  assert.not.match(html, /https?:(?!\/\/www\.w3\.org)/);
});

const refusals: [name: string, args: string[], status: number, said: RegExp][] = [
  ["nothing to measure", [], 2, /what to measure is not clear; give one of --pairs A B, --ladder DIR/],
  ["two jobs", ["--pairs", "A", "B", "--ladder", "A"], 2, /what to measure is not clear/],
  ["one folder", ["--pairs", "A"], 2, /--pairs must be two values, A B, or none, not "A"/],
  ["three folders", ["--pairs", "A", "B", "C"], 2, /--pairs takes two values, and "C" follows/],
  ["an empty folder", ["--pairs", "A", "empty"], 1, /no picture in .*empty/],
  ["one picture", ["--ladder", "one"], 1, /--ladder .*one holds 1 picture, and 2 are needed/],
  ["sizes that differ", ["--pairs", "A", "wide"], 2, /36 x 32 .* and of 40 x 32 .* cannot be compared.*--size 32/],
  ["names that differ", ["--pairs", "A", "one"], 1, /holds 1 picture/],
  [
    "a window as large as pictures",
    ["--pairs", "A", "B", "--window", "32"],
    2,
    /--window 32 is as large as .* 31 at most/,
  ],
  ["a ladder without a window", ["--ladder", "A", "--window", "0"], 2, /--window is 0/],
  ["two encoders", ["--pairs", "A", "B", "--model", "x", "--self-train"], 2, /--self_train is of an encoder/],
  ["steps of a model", ["--pairs", "A", "B", "--model", "x", "--steps", "3"], 2, /--steps is of an encoder/],
  ["an epoch of no model", ["--pairs", "A", "B", "--epoch", "best"], 2, /--epoch is of --model/],
  ["a model that is not there", ["--pairs", "A", "B", "--model", "x"], 1, /there is no model x/],
  ["a picture that is not there", ["--mos", "gone.csv"], 1, /gone.csv names B\/7.jpg, and there is no /],
  ["no file of scores", ["--mos", "none.csv"], 1, /none.csv/],
  ["a page of scores", ["--mos", "mos.csv", "--report", "m.html"], 2, /--report is of --pairs and --ladder/],
  ["what is read", ["--pairs", "A", "B", "--json", "A/0.png"], 2, /write over the pictures of --pairs/],
  ["one file twice", ["--pairs", "A", "B", "--json", "x", "--report", "./x"], 2, /the same file/],
];

test("bad input gets one sentence, before any work", async () => {
  const home = process.cwd();
  process.chdir(folder);
  try {
    for (const [name, args, status, said] of refusals) {
      let text = "";
      const around = { about: "", commands: cutCommands([]), version: "", width: 100, debug: false };
      const signal = new AbortController().signal;
      const printError = (line: string) => {
        text += line;
      };
      assert.is(
        await dispatch(["metric", ...args], { ...around, signal, print: () => {}, printError }),
        status,
        `${name}: ${text}`,
      );
      assert.match(text, said, name);
      assert.is(text.trim().split("\n").length, 1, text);
    }
    assert.not.ok(existsSync("x"));
  } finally {
    process.chdir(home);
  }
});

test.run();
