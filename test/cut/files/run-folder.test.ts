// The run folder: nothing half-written whatever happens, losses cut back to a checkpoint, one training at a time.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RunFolder } from "../../../cut/files/run-folder.js";
import type { LossRow } from "../../../cut/report/losses.js";

const test = suite<{ runs: string }>("run folder");

test.before.each((context) => {
  context.runs = mkdtempSync(join(tmpdir(), "cutgpu-runs-"));
});
test.after.each(({ runs }) => rmSync(runs, { recursive: true, force: true }));

const row = (step: number): LossRow => ({ step, epoch: 1, seconds: 0.5, lr: 2e-4, G_GAN: 1 / step });
/** By its configuration a folder is known to be a run's. */
const config = { runs_dir: "runs" };
const moduleUrl = new URL("../../../cut/files/run-folder.js", import.meta.url).href;

test("keeps configuration, checkpoints, losses, samples and the report", ({ runs }) => {
  const folder = RunFolder.create(runs, "a", { ngf: 16 });
  folder.saveCheckpoint("latest", Uint8Array.of(1, 2));
  folder.saveCheckpoint(5, Uint8Array.of(3));
  for (const step of [1, 2, 3]) folder.losses.append(row(step));
  folder.saveSample("one.png", Uint8Array.of(4));
  folder.writeReport("<html>");
  folder.close();

  const again = RunFolder.open(runs, "a");
  assert.equal(JSON.parse(readFileSync(join(again.path, "config.json"), "utf8")), { ngf: 16 });
  assert.equal([...again.readCheckpoint("latest")], [1, 2]);
  assert.equal(again.losses.last(9), [row(1), row(2), row(3)]);
  again.close();
  assert.equal(readdirSync(join(runs, "a")).sort(), [
    "5.safetensors",
    "config.json",
    "latest.safetensors",
    "losses.jsonl",
    "report.html",
    "samples",
  ]);
});

test("a resumed run drops the losses after its checkpoint and a torn last line", ({ runs }) => {
  const folder = RunFolder.create(runs, "a", {});
  for (let step = 1; step <= 9; step++) folder.losses.append(row(step));
  appendFileSync(join(folder.path, "losses.jsonl"), '{"step":5,"epo');
  folder.truncateLogs(6);
  folder.losses.append(row(7));
  assert.equal(
    folder.losses.last(9).map(({ step }) => step),
    [1, 2, 3, 4, 5, 6, 7],
  );
  folder.close();
});

test("a new run is refused where a checkpoint lies, and going on where there is none", ({ runs }) => {
  assert.throws(() => RunFolder.open(runs, "a"), /there is no run a in/);
  const folder = RunFolder.create(runs, "a", config);
  folder.close();
  assert.throws(() => RunFolder.open(runs, "a"), /holds no checkpoint/);
  const second = RunFolder.create(runs, "a", config);
  second.saveCheckpoint("latest", Uint8Array.of(1));
  second.close();
  assert.throws(() => RunFolder.create(runs, "a", config), /already holds a run/);
  assert.not.ok(existsSync(join(runs, "a", "training.lock")));
});

test("leftovers of interrupted writes are removed", ({ runs }) => {
  const folder = RunFolder.create(runs, "a", config);
  folder.saveCheckpoint("latest", Uint8Array.of(1));
  folder.close();
  writeFileSync(join(runs, "a", "latest.safetensors.123.partial"), "half");
  RunFolder.open(runs, "a").close();
  assert.not.ok(readdirSync(join(runs, "a")).some((name) => name.endsWith(".partial")));
});

test("one training at a time", ({ runs }) => {
  const folder = RunFolder.create(runs, "a", config);
  assert.throws(
    () => RunFolder.create(runs, "a", config),
    new RegExp(`another training is using .*process ${process.pid}`),
  );
  folder.close();
  RunFolder.create(runs, "a", config).close();
});

test("the lock of a training that is gone does not hold", ({ runs }) => {
  const script = `import { RunFolder } from ${JSON.stringify(moduleUrl)};
    RunFolder.create(${JSON.stringify(runs)}, "a", {}).saveCheckpoint("latest", Uint8Array.of(1));
    process.kill(process.pid, "SIGKILL");`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  const lock = join(runs, "a", "training.lock");
  assert.ok(existsSync(lock), "the killed process left its lock");
  RunFolder.open(runs, "a").close();

  // The same pid, given to another process since.
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), started: "0" }));
  if (process.platform === "linux") RunFolder.open(runs, "a").close();
});

test("kill -9 in the middle of saving leaves a whole checkpoint, old or new", async ({ runs }) => {
  const size = 3_000_000;
  const script = `import { RunFolder } from ${JSON.stringify(moduleUrl)};
    const folder = RunFolder.create(${JSON.stringify(runs)}, "a", {});
    for (let i = 1; ; i++) {
      folder.saveCheckpoint("latest", new Uint8Array(${size}).fill(i));
      if (i === 1) process.stdout.write("saved");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const closed = once(child, "close");
  setTimeout(() => child.kill("SIGKILL"), 40);
  await closed;
  const folder = RunFolder.open(runs, "a");
  const bytes = folder.readCheckpoint("latest");
  assert.is(bytes.length, size);
  assert.ok(bytes.every((byte) => byte === bytes[0]));
  folder.close();
});

test("what cannot be written gives an error message", ({ runs }) => {
  writeFileSync(join(runs, "file"), "");
  assert.throws(
    () => RunFolder.create(join(runs, "file"), "a", {}),
    /^cannot write .*file.*: a part of the path is not a folder;$/,
  );
});

test("files of a run's names that no run made are left alone", ({ runs }) => {
  for (const name of ["samples", "report.html", "config.json"]) {
    const folder = join(runs, name.replace(".", "-"));
    mkdirSync(folder);
    if (name === "samples") mkdirSync(join(folder, name));
    else writeFileSync(join(folder, name), "{}");
    const before = readdirSync(folder);
    assert.throws(() => RunFolder.create(runs, basename(folder), config), new RegExp(`is no run and holds ${name};$`));
    assert.equal(readdirSync(folder), before);
  }
  mkdirSync(join(runs, "notes"));
  writeFileSync(join(runs, "notes", "notes.txt"), "");
  RunFolder.create(runs, "notes", config).close();
});

test("a sample's name may be as long as the file system allows", ({ runs }) => {
  const folder = RunFolder.create(runs, "a", config);
  const name = `${"x".repeat(251)}.png`;
  folder.saveSample(name, Uint8Array.of(1));
  folder.close();
  assert.equal(readdirSync(join(runs, "a", "samples")), [name]);
});

test.run();
