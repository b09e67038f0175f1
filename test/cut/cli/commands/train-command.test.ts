// `cutgpu train` from outside: what a run leaves in its folder, and that however it is stopped (at a step, by Ctrl-C,
// by kill -9 in the midst of saving, by a full disk), going on ends in the very bytes of a run that was not stopped.
import type { ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseCheckpoint } from "../../../../cut/training/checkpoint.js";
import {
  assertRefused,
  assertStatus,
  type CommandSurroundings,
  cutgpu,
  makeDataset,
  tiny,
} from "../../../support/command.js";

const test = suite("cutgpu train");

const STEPS = 16;
/** Where a run pauses that goes on later. */
const PAUSE = 7;
let folder: string;
let data: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-train-"));
  data = await makeDataset(join(folder, "data"));
  const run = async (name: string, steps: number) => {
    const started = new Run(name);
    // A reader of standard output that goes away, as `| head -0` does, must not spoil a run.
    assertStatus(await started.start(steps, { onStart: (child) => child.stdout?.destroy() }), 0);
    return started;
  };
  reference = run("undisturbed", STEPS);
  paused = run("paused", PAUSE);
  await Promise.all([reference, paused]);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The same run in a folder of its own: it saves after every step, so that it can be stopped anywhere. */
class Run {
  readonly cwd: string;
  readonly path: string;

  constructor(name: string) {
    this.cwd = join(folder, name);
    this.path = join(this.cwd, "runs", "r");
    mkdirSync(this.cwd);
  }

  start(steps = STEPS, around: CommandSurroundings = {}) {
    const options = ["--seed", "3", "--save_latest_freq", "1", "--save_epoch_freq", "2", "--display_freq", "8"];
    const args = ["train", "--dataroot", data, "--name", "r", ...tiny, ...options, "--max_steps", String(steps)];
    return cutgpu(args, { cwd: this.cwd, ...around });
  }

  resume(args: string[] = [], around: CommandSurroundings = {}) {
    return cutgpu(["train", "--continue_train", "--name", "r", ...args], { cwd: this.cwd, ...around });
  }

  get latest(): Buffer {
    return readFileSync(join(this.path, "latest.safetensors"));
  }

  get losses(): Record<string, number>[] {
    const text = readFileSync(join(this.path, "losses.jsonl"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  /** Step of the latest checkpoint, which must be whole. */
  get savedStep(): number {
    return parseCheckpoint(this.latest, "latest").state.step;
  }

  /** Waits until `count` lines of losses are written. */
  async reaches(count: number): Promise<void> {
    const file = join(this.path, "losses.jsonl");
    while (!existsSync(file) || readFileSync(file, "utf8").split("\n").length <= count) await sleep(5);
  }
}

let reference: Promise<Run>;
let paused: Promise<Run>;

/** A run to the end that nothing disturbed, shared by the tests. */
const undisturbed = () => reference;

/** A run that has reached PAUSE, a copy for each test. */
async function pausedRun(name: string): Promise<Run> {
  const run = new Run(name);
  cpSync((await paused).path, run.path, { recursive: true });
  return run;
}

async function assertEndsLikeUndisturbed(run: Run): Promise<void> {
  const expected = await undisturbed();
  assert.ok(run.latest.equals(expected.latest), "latest.safetensors has the bytes of the undisturbed run");
  const numbers = ({ losses }: Run) => losses.map(({ seconds, ...row }) => row);
  assert.equal(numbers(run), numbers(expected));
  assert.not.ok(readdirSync(run.path).some((name) => name.endsWith(".partial") || name === "training.lock"));
}

test("a run folder holds configuration, checkpoints, losses, samples and a report of its own", async () => {
  const run = await undisturbed();
  const config = JSON.parse(readFileSync(join(run.path, "config.json"), "utf8"));
  assert.is(config.ngf, 4);
  assert.is(config.seed, 3);
  assert.is(config.nce_T, 0.07);
  // 16 steps are 2 epochs of 6 pictures and a part of the third; every second is kept.
  assert.equal(readdirSync(run.path).sort(), [
    ...["2.safetensors", "config.json", "latest.safetensors", "losses.jsonl", "report.html", "retrieval.jsonl"],
    "samples",
  ]);
  assert.equal(
    run.losses.map(({ step, epoch }) => [step, epoch]),
    Array.from({ length: STEPS }, (_, i) => [i + 1, 1 + Math.floor(i / 6)]),
  );
  const names = [
    "step",
    "epoch",
    "seconds",
    "lr",
    "G_GAN",
    "D_real",
    "D_fake",
    "D",
    "G",
    "NCE",
    "NCE_Y",
    "NCE_0",
    "NCE_16",
  ];
  for (const row of run.losses) for (const name of names) assert.type(row[name], "number", name);
  assert.equal(readdirSync(join(run.path, "samples")).sort(), [
    ...[0, 8, 16].map((step) => `${String(step).padStart(7, "0")}_held-out.png`),
  ]);
  const { width, height } = await sharp(join(run.path, "samples", "0000016_held-out.png")).metadata();
  assert.equal([width, height], [16, 16]);
  const report = readFileSync(join(run.path, "report.html"), "utf8");
  assert.match(report, "data:image/png;base64,");
  assert.not.match(report, /(?:src|href)\s*=\s*["'](?!data:|#)/, "the report needs no other file");
  const { state } = parseCheckpoint(run.latest, "latest");
  assert.equal([state.step, state.epoch, state.batch], [16, 3, 4]);
});

test("a run that went as far as it was told goes on further", async () => {
  const run = await pausedRun("further");
  assert.is(run.savedStep, PAUSE);
  assertStatus(await run.resume(["--max_steps", String(STEPS)]), 0);
  await assertEndsLikeUndisturbed(run);
});

test("a run with nothing left to train is left as it was, and what ends it is said", async () => {
  const run = await pausedRun("nothing-left");
  const files = () => Object.fromEntries(readdirSync(run.path).map((name) => [name, contentOf(join(run.path, name))]));
  const before = files();
  // Neither its own max_steps nor a smaller one lets it go on; a learning rate that was never used is not kept.
  const [own, smaller] = [await run.resume(["--lr", "0.1"]), await run.resume(["--max_steps", "3"])];
  for (const [result, steps] of [
    [own, PAUSE],
    [smaller, 3],
  ] as const) {
    assertStatus(result, 0);
    const goOn = "npx cutgpu train --continue_train --name r --max_steps none";
    assert.match(result.stdout, `max_steps ${steps} is reached before all 400 epochs are done; go on with: ${goOn}`);
    assert.not.match(result.stderr, "%");
  }
  assert.equal(files(), before);
  const done = await run.resume(["--n_epochs", "1", "--n_epochs_decay", "0"]);
  assert.match(done.stdout, /trained to step 7 before: runs.r; all 1 epochs are done; raise --n_epochs/);
  assert.equal(files(), before);
});

const contentOf = (path: string) => (path.endsWith("samples") ? readdirSync(path) : readFileSync(path, "base64"));

test("where the latest checkpoint is damaged or gone, the newest sound one is named to go on from", async () => {
  const run = new Run("damaged");
  cpSync((await undisturbed()).path, run.path, { recursive: true });
  const [latest, kept] = ["latest", "2"].map((name) => join(run.path, `${name}.safetensors`));
  writeFileSync(join(run.path, "9.safetensors"), run.latest.subarray(0, 5000));
  const named = /copy runs.r.2\.safetensors, which is sound, to runs.r.latest\.safetensors .* go on from step 12\.$/i;
  writeFileSync(latest, "");
  assertRefused(await run.resume(), 1, named);
  rmSync(latest);
  assertRefused(await run.resume(), 1, named);
  cpSync(kept, latest);
  assertStatus(await run.resume(), 0);
  await assertEndsLikeUndisturbed(run);
});

test("Ctrl-C finishes the step, saves, and says how to go on", async () => {
  const run = new Run("interrupted");
  let child: ChildProcess | undefined;
  const ended = run.start(STEPS, {
    onStart: (started) => {
      child = started;
    },
  });
  await run.reaches(3);
  child?.kill("SIGINT");
  const result = await ended;
  assertStatus(result, 130);
  const { savedStep } = run;
  assert.ok(savedStep >= 3 && savedStep < STEPS, `stopped at ${savedStep}`);
  assert.match(
    result.stderr,
    `stopped after step ${savedStep} and saved; go on with: npx cutgpu train --continue_train --name r`,
  );
  assert.is(run.losses.length, savedStep, "losses up to the last step are written");
  assertStatus(await run.resume(), 0);
  await assertEndsLikeUndisturbed(run);
});

test("kill -9 at any moment leaves a whole checkpoint to go on from", async () => {
  const run = new Run("killed");
  let child: ChildProcess | undefined;
  const onStart = (started: ChildProcess) => {
    child = started;
  };
  for (const [round, wait] of [Math.random(), Math.random()].entries()) {
    const ended = round === 0 ? run.start(STEPS, { onStart }) : run.resume([], { onStart });
    await run.reaches(2 + 4 * round);
    await sleep(20 * wait);
    child?.kill("SIGKILL");
    assert.is((await ended).signal, "SIGKILL");
    assert.ok(run.savedStep >= 1, "the checkpoint can be read");
  }
  assertStatus(await run.resume(), 0);
  await assertEndsLikeUndisturbed(run);
});

test("a loss that is not finite stops the run and leaves the last good checkpoint", async () => {
  const run = await pausedRun("diverging");
  const result = await run.resume(["--max_steps", String(STEPS), "--lr", "1e30"]);
  const good = `the last checkpoint is from step ${PAUSE}; go on `;
  assertRefused(result, 1, new RegExp(`the loss \\w+ became (NaN|-?Infinity) at step \\d+; ${good}`));
  // The next step still had finite losses, but its update ruined the weights, and they must not be kept.
  assert.is(run.savedStep, PAUSE);
  assert.ok(existsSync(join(run.path, "report.html")));
});

test("a disk that fills up in the midst of a save leaves the checkpoint from before", async () => {
  const run = await pausedRun("full");
  const before = run.latest;
  const result = await run.resume(["--max_steps", String(STEPS)], { preload: "support/full-disk.js" });
  assertRefused(result, 1, /^cutgpu train: cannot write .*latest\.safetensors: the disk is full; free some space/);
  assert.ok(run.latest.equals(before));
  assert.not.ok(readdirSync(run.path).some((name) => name.endsWith(".partial")));
});

test("a lost device ends the run with a checkpoint and a way to go on", async () => {
  const run = await pausedRun("lost");
  const result = await run.resume(["--max_steps", String(STEPS)], { preload: "support/lose-device.js" });
  assertRefused(result, 1, /device was lost.*the last checkpoint is from step \d+; go on .*--continue_train --name r$/);
  assert.ok(run.savedStep > PAUSE && run.savedStep < STEPS, `saved at step ${run.savedStep}`);
  assert.is(run.losses.length >= run.savedStep, true);
});

test("a device that is lost before a checkpoint has the options that were given names them, too", async () => {
  const run = await pausedRun("lost at once");
  const around = { preload: "support/lose-device.js", env: { LOSE_AT: "5" } };
  const result = await run.resume(["--max_steps", String(STEPS), "--nce_T", "0.1"], around);
  assertRefused(result, 1, /from step 7; go on .*--continue_train --name r --max_steps 16 --nce_T 0\.1$/);
  assert.is(run.savedStep, PAUSE);
});

test("a device that is lost at the last samples leaves a run that is saved, and that going on completes", async () => {
  const run = await pausedRun("lost at last");
  const options = ["--max_steps", String(PAUSE + 2)];
  const lose = (at: number) => run.resume(options, { preload: "support/lose-device.js", env: { LOSE_AT: String(at) } });
  const before = join(run.cwd, "before");
  cpSync(run.path, before, { recursive: true });
  const [, submits] = (await lose(Number.POSITIVE_INFINITY)).stderr.match(/submits: (\d+)/)!;
  const whole = run.latest;
  const sample = join(run.path, "samples", "0000009_held-out.png");
  const shown = readFileSync(sample);
  rmSync(run.path, { recursive: true });
  cpSync(before, run.path, { recursive: true });
  const result = await lose(Number(submits));
  assertRefused(result, 1, /device was lost.*; step 9 is saved, without sample pictures; go on .*--name r$/);
  assert.not.match(result.stderr, /^saved after/m);
  assert.ok(run.latest.equals(whole));
  assert.not.ok(existsSync(sample));
  const completed = await run.resume();
  assertStatus(completed, 0);
  assert.match(completed.stderr, "the sample pictures of step 9 were missing, and are there now");
  assert.match(completed.stdout, "trained to step 9 before: runs/r; max_steps 9 is reached");
  assert.ok(readFileSync(sample).equals(shown));
  assert.match(readFileSync(join(run.path, "report.html"), "utf8"), shown.toString("base64"));
  assert.ok(run.latest.equals(whole));
});

test("samples of any names: long ones, equal ones in other folders; what is printed can be pasted", async () => {
  const run = new Run("names");
  const pictures = join(run.cwd, "my data");
  for (const side of ["trainA", "trainB"]) cpSync(join(data, side), join(pictures, side), { recursive: true });
  const long = "图".repeat(83);
  for (const name of [`${long}.png`, "x/1.png", "y/1.png"]) {
    mkdirSync(dirname(join(pictures, "testA", name)), { recursive: true });
    cpSync(join(data, "trainA", "a0.png"), join(pictures, "testA", name));
  }
  const place = ["--dataroot", pictures, "--runs_dir", "my runs", "--name", "my run"];
  const result = await cutgpu(["train", ...place, ...tiny, "--max_steps", "1"], { cwd: run.cwd });
  assertStatus(result, 0);
  assert.match(result.stdout, "translate with: npx cutgpu translate --model 'my runs/my run' --in DIR --out DIR");
  const samples = readdirSync(join(run.cwd, "my runs", "my run", "samples")).filter((name) => /^0000001_/.test(name));
  assert.equal(samples.sort(), ["0000001_1-2.png", "0000001_1.png", `0000001_${"图".repeat(81)}.png`]);
});

test("photographs are upright in training, or as they lie where the reference's way is asked for", async () => {
  const run = new Run("turned");
  const pictures = join(run.cwd, "data");
  cpSync(data, pictures, { recursive: true });
  const lying = sharp({ create: { width: 24, height: 12, channels: 3, background: "white" } });
  rmSync(join(pictures, "testA"), { recursive: true });
  mkdirSync(join(pictures, "testA"));
  await lying
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(join(pictures, "testA", "photo.jpg"));
  const sizes: number[][] = [];
  for (const [name, ...way] of [["upright"], ["lying", "--ignore_orientation"]]) {
    const args = ["train", "--dataroot", pictures, "--name", name, ...tiny, "--max_steps", "1", ...way];
    assertStatus(await cutgpu([...args, "--preprocess", "none"], { cwd: run.cwd }), 0);
    const { width, height } = await sharp(join(run.cwd, "runs", name, "samples", "0000001_photo.png")).metadata();
    sizes.push([width, height]);
  }
  assert.equal(sizes, [
    [12, 16],
    [16, 12],
  ]);
});

test.run();
