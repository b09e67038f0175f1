// How a process ends: which signals stop it and with what status, that a Ctrl-C which arrives twice is one, and that a
// reader who goes away changes nothing.
import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Interruption, outliveReader, stopOnSignals } from "../../../../cut/cli/terminal/signals.js";
import { parseCheckpoint } from "../../../../cut/training/checkpoint.js";
import { assertStatus, type CommandResult, cutgpu, makeDataset, tiny } from "../../../support/command.js";

const test = suite("the end of a process");

let folder: string;
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-signals-"));
  await makeDataset(join(folder, "data"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A process that notes its exits, with a clock that the test sets. */
class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  time = 100;
  readonly stop = stopOnSignals(this, () => this.time);

  exit(status: number): void {
    this.exits.push(status);
  }

  after(milliseconds: number, signal: string): void {
    this.time += milliseconds;
    this.emit(signal);
  }
}

test("the first signal asks to stop, and one that comes after a pause ends the process", () => {
  for (const [signal, status] of [
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const fake = new FakeProcess();
    assert.is(fake.stop.aborted, false);
    fake.after(0, signal);
    assert.ok(fake.stop.reason instanceof Interruption);
    assert.is(fake.stop.reason.status, status);
    // What npm passes on.
    for (const pause of [0, 3, 400]) fake.after(pause, "SIGINT");
    assert.equal(fake.exits, []);
    fake.after(100, "SIGINT");
    assert.equal(fake.exits, [status]);
  }
});

test("a stream may lose its reader, and any other failure is told", () => {
  const stream = new EventEmitter();
  const failure = outliveReader(stream as unknown as NodeJS.WriteStream);
  for (const code of ["EPIPE", "EIO"]) stream.emit("error", Object.assign(new Error(code), { code }));
  assert.is(failure(), undefined);
  stream.emit("error", Object.assign(new Error("full"), { code: "ENOSPC" }));
  assert.is(failure()?.message, "full");
});

/** A training without end, or of so many steps, once it has done three. */
async function disturbed(name: string, disturb: (child: ChildProcess) => void, steps = 100000): Promise<CommandResult> {
  const args = ["train", "--dataroot", "data", "--name", name, ...tiny, "--max_steps", String(steps)];
  let disturbance: Promise<void> | undefined;
  const onStart = (child: ChildProcess) => {
    disturbance = (async () => {
      const losses = join(folder, "runs", name, "losses.jsonl");
      while (!existsSync(losses) || readFileSync(losses, "utf8").split("\n").length <= 3) await sleep(5);
      disturb(child);
    })();
  };
  const result = await cutgpu([...args, "--n_epochs", "100000"], { cwd: folder, onStart });
  await disturbance;
  return result;
}

/** The run's last step, saved and without a lock. */
function savedStep(name: string): number {
  const run = join(folder, "runs", name);
  assert.not.ok(readdirSync(run).some((file) => file === "training.lock" || file.endsWith(".partial")));
  return parseCheckpoint(readFileSync(join(run, "latest.safetensors")), name).state.step;
}

test("one Ctrl-C that arrives twice, and a closed terminal, finish the step and save", async () => {
  const [twice, closed] = await Promise.all([
    disturbed("twice", (child) => {
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGINT"), 15);
    }),
    disturbed("closed", (child) => child.kill("SIGHUP")),
  ]);
  assertStatus(twice, 130);
  assertStatus(closed, 129);
  for (const [name, { stderr }] of Object.entries({ twice, closed })) {
    assert.match(
      stderr,
      `stopped after step ${savedStep(name)} and saved; go on with: npx cutgpu train --continue_train`,
    );
  }
});

test("training goes on to its end where the reader of its messages goes away", async () => {
  const result = await disturbed("unread", (child) => child.stderr?.destroy(), 12);
  assertStatus(result, 0);
  assert.is(savedStep("unread"), 12);
});

test("what cannot be printed for want of space is a failure", async () => {
  if (!existsSync("/dev/full")) return;
  const { spawnSync } = await import("node:child_process");
  const { openSync, closeSync } = await import("node:fs");
  const { distFolder } = await import("../../../support/command.js");
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [join(distFolder, "bin/main.js"), "--help"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  assert.is(status, 1);
  assert.match(stderr, /^cutgpu.*: the disk is full; free some space and run again\.\n$/);
});

test.run();
