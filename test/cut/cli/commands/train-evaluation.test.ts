// `cutgpu train --eval_freq`: evaluations change no bit of the training, the best is kept beside the latest, and a run
// that was stopped has both, and the same rows, when it goes on.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MetricRow } from "../../../../cut/report/metrics.js";
import { parseCheckpoint } from "../../../../cut/training/checkpoint.js";
import { assertRefused, assertStatus, cutgpu, makeDataset, makePicture, tiny } from "../../../support/command.js";

const test = suite<{ folder: string }>("evaluation while training");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-train-evaluation-"));
  const data = await makeDataset(join(context.folder, "data"));
  await makePicture(join(data, "testA", "second.png"), { seed: 51 });
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const start = (cwd: string, name: string, ...more: string[]) =>
  cutgpu(["train", "--dataroot", "data", "--name", name, "--seed", "3", "--lr", "0.002", ...tiny, ...more], { cwd });
const goOn = (cwd: string, name: string, ...more: string[]) =>
  cutgpu(["train", "--continue_train", "--name", name, ...more], { cwd });

const bytesOf = (folder: string, run: string, name: string) =>
  readFileSync(join(folder, "runs", run, `${name}.safetensors`));
const checkpointOf = (folder: string, run: string, name = "latest") =>
  parseCheckpoint(bytesOf(folder, run, name), name);
const rowsOf = (folder: string, run: string): MetricRow[] =>
  readFileSync(join(folder, "runs", run, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const figuresOf = (rows: readonly MetricRow[]) =>
  rows.map(({ step, epoch, by, values }) => ({ step, epoch, by, values }));

test("the training stays the same, the best is kept, and a run that goes on ends alike", async ({ folder }) => {
  const evaluated = ["--eval_freq", "4", "--save_latest_freq", "3"];
  const [plain, whole, paused] = await Promise.all([
    start(folder, "plain", "--max_steps", "14"),
    start(folder, "whole", ...evaluated, "--max_steps", "14"),
    start(folder, "paused", ...evaluated, "--max_steps", "7"),
  ]);
  for (const each of [plain, whole, paused]) assertStatus(each, 0);
  assert.not.ok(existsSync(join(folder, "runs", "plain", "metrics.jsonl")));
  assert.equal(checkpointOf(folder, "whole").tensors, checkpointOf(folder, "plain").tensors);
  assert.equal(checkpointOf(folder, "whole").state.random, checkpointOf(folder, "plain").state.random);

  const rows = rowsOf(folder, "whole");
  assert.equal(
    rows.map(({ step, epoch }) => [step, epoch]),
    [
      [4, 1],
      [8, 2],
      [12, 2],
    ],
  );
  assert.is(rows[0].protocol, "2 of testA, 6 of trainB, 16 pixels a side, features none");
  const swd = rows.map(({ values }) => values["SWD"]);
  const best = rows[swd.indexOf(Math.min(...swd))].step;
  assert.is(checkpointOf(folder, "whole", "best").state.step, best);
  assert.match(whole.stderr, "testB holds fewer than 2 pictures: evaluations use those of trainB");
  assert.match(whole.stderr, /evaluation at step 4: SWD [\d.]+ \(floor [\d.]+\); it took [\d.]+ s; the best by SWD/);
  const said = new RegExp(`SWD: best [\\d.]+ at step ${best} \\(--epoch best\\), last [\\d.]+ at step 12\n`);
  assert.match(whole.stdout, said);
  const report = readFileSync(join(folder, "runs", "whole", "report.html"), "utf8");
  assert.match(report, /<h2>Evaluations<\/h2>/);
  for (const [what, step] of [
    ["best", best],
    ["last", 12],
  ]) {
    assert.match(report, new RegExp(`<dt>${what} SWD</dt><dd>[\\d.]+ at step ${step}</dd>`));
  }

  assertStatus(await goOn(folder, "paused", "--max_steps", "14"), 0);
  assert.equal(figuresOf(rowsOf(folder, "paused")), figuresOf(rows));
  const tensors = (run: string) => checkpointOf(folder, run, "best").tensors;
  assert.equal(tensors("paused"), tensors("whole"));
  assert.equal(checkpointOf(folder, "paused").tensors, checkpointOf(folder, "whole").tensors);
});

test("the best of a run is a model like its latest", async ({ folder }) => {
  const model = join("runs", "whole");
  const exported = (epoch: string) =>
    cutgpu(["export", "--model", model, "--epoch", epoch, "--out", `${epoch}.safetensors`], { cwd: folder });
  for (const epoch of ["best", "latest"]) assertStatus(await exported(epoch), 0);
  const bytes = (name: string) => readFileSync(join(folder, `${name}.safetensors`));
  const same = checkpointOf(folder, "whole", "best").state.step === checkpointOf(folder, "whole").state.step;
  assert.is(bytes("best").equals(bytes("latest")), same);
  assertRefused(await exported("7"), 1, /holds neither 7\.safetensors nor 7_net_G\.pth/);
});

test("an evaluation that a crash cut off from its checkpoint is made up for", async ({ folder }) => {
  const run = join(folder, "runs", "crashed");
  cpSync(join(folder, "runs", "whole"), run, { recursive: true });
  // As if the process had ended between the evaluation of step 8 and its row, and before the best was kept.
  const [first] = rowsOf(folder, "whole");
  cpSync(join(run, "best.safetensors"), join(run, "latest.safetensors"));
  const step = checkpointOf(folder, "crashed").state.step;
  rmSync(join(run, "best.safetensors"));
  if (step > 4) writeFileSync(join(run, "metrics.jsonl"), `${JSON.stringify(first)}\n`);
  assertStatus(await goOn(folder, "crashed"), 0);
  assert.equal(figuresOf(rowsOf(folder, "crashed")), figuresOf(rowsOf(folder, "whole")));
  assert.equal(checkpointOf(folder, "crashed", "best").tensors, checkpointOf(folder, "whole", "best").tensors);
});

test("metrics of another run are refused before anything changes", async ({ folder }) => {
  const run = join(folder, "runs", "mixed");
  cpSync(join(folder, "runs", "plain"), run, { recursive: true });
  cpSync(join(folder, "runs", "whole", "metrics.jsonl"), join(run, "metrics.jsonl"));
  const files = () =>
    readdirSync(run).map((name) => [name, name === "samples" ? "" : readFileSync(join(run, name), "base64")]);
  const before = files();
  const result = await goOn(folder, "mixed", "--max_steps", "20");
  assertRefused(
    result,
    1,
    /metrics\.jsonl is of another run than .*losses\.jsonl; move it away, and best\.safetensors/,
  );
  assert.equal(files(), before);
});

test("without a test folder the samples and evaluations are of valA and valB", async ({ folder }) => {
  const data = join(folder, "validated");
  cpSync(join(folder, "data"), data, { recursive: true });
  for (const side of ["A", "B"]) rmSync(join(data, `test${side}`), { recursive: true, force: true });
  for (const name of ["valA/a", "valA/b", "valB/a", "valB/b", "valB/c"])
    await makePicture(join(data, `${name}.png`), {});
  const more = ["--dataroot", "validated", "--eval_freq", "1", "--max_steps", "1"];
  assertStatus(await start(folder, "validated", ...more), 0);
  assert.is(rowsOf(folder, "validated")[0].protocol, "2 of valA, 3 of valB, 16 pixels a side, features none");
  assert.equal(
    readdirSync(join(folder, "runs", "validated", "samples"))
      .sort()
      .slice(0, 2),
    ["0000000_a.png", "0000000_b.png"],
  );
  assertRefused(await start(folder, "among", ...more, "--runs_dir", "validated/valA"), 2, /among the pictures of/);
});

test("what cannot be evaluated is told in a sentence, before the first step", async ({ folder }) => {
  const refused = async (said: RegExp, status: number, ...more: string[]) => {
    assertRefused(await start(folder, "refused", ...more), status, said);
    assert.not.ok(existsSync(join(folder, "runs", "refused")));
  };
  await refused(
    /evaluations need 2 pictures on each side, and testA and trainA give 1; add some/,
    1,
    ...["--eval_freq", "4", "--max_dataset_size", "1"],
  );
  await refused(
    /there is no file nowhere\.pth; give none, mobilenet/,
    2,
    "--eval_freq",
    "4",
    "--eval_features",
    "nowhere.pth",
  );
  await refused(/eval_metric KID is computed on features/, 2, "--eval_freq", "4", "--eval_metric", "KID");
  await refused(/eval_freq is none: give it/, 2, "--eval_metric", "SWD");
});

test.run();
