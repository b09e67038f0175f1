// `cutgpu plan` as a user runs it, on a small step.
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, assertStatus, cutgpu } from "../../support/command.js";

const cwd = mkdtempSync(join(tmpdir(), "cutgpu-plan-"));
const small = [
  ...["plan", "--crop-size", "16", "--ngf", "4", "--ndf", "4", "--netG", "resnet_4blocks"],
  ...["--netD", "n_layers", "--n-layers-D", "1", "--num-patches", "16"],
];

test("prints kernels, operators and totals, and writes every kernel", async () => {
  const planned = await cutgpu([...small, "--profile", "gpu", "--dump-kernels", "new/kernels"], { cwd });
  assertStatus(planned, 0);
  assert.match(planned.stdout, /gpu kernels; 16 x 16, ngf 4, ndf 4\n\nkernel +dispatches +variants +MiB bound\n/);
  assert.match(planned.stdout, /^adam +\d+ +1 +[\d.]+$/m);
  assert.match(planned.stdout, /^conv2d +\d+ +[\d.]+ M$/m);
  const [, dispatches, kernels] =
    planned.stdout.match(/^(\d+) dispatches of (\d+) kernels, [\d.]+ M FLOPs nominal, [\d.]+ MiB bound$/m) ?? [];
  assert.match(planned.stdout, /^memory: .*B of parameters and moments, .*B to work in$/m);
  const files = readdirSync(join(cwd, "new/kernels"));
  assert.is(files.length, Number(kernels));
  let uses = 0;
  for (const file of files) {
    const text = readFileSync(join(cwd, "new/kernels", file), "utf8");
    uses += Number(
      text.match(/^\/\/ \S+: (\d+) dispatches in a step\n\/\/ {3}\d+ of \d+ x \d+ x \d+ workgroups$/m)?.[1],
    );
    assert.match(text, /^fn main\(/m, file);
  }
  assert.is(uses, Number(dispatches));
});

test("a folder that cannot be written is refused in one sentence", async () => {
  writeFileSync(join(cwd, "file"), "");
  const inFile = await cutgpu([...small, "--dump-kernels", "file/kernels"], { cwd });
  assertRefused(inFile, 1, /cannot write file\/kernels: a part of the path is not a folder/);
  assertRefused(await cutgpu([...small, "--dump-kernels", "file"], { cwd }), 1, /cannot write file: /);
  // No folder can be made there, whoever asks.
  if (!existsSync("/proc/self")) return;
  const inProc = await cutgpu([...small, "--dump-kernels", "/proc/kernels"], { cwd });
  assertRefused(inProc, 1, /cannot write \/proc\/kernels: /);
});

test("--time runs the step and shows where its time goes, the slowest kernel first", async () => {
  const timed = await cutgpu([...small, "--time"], { cwd });
  assertStatus(timed, 0);
  assert.match(timed.stderr, "timing 9/9 (100%)");
  const [dispatches] = timed.stdout.match(/^\d+(?= dispatches of)/m) ?? [];
  const rows = [...timed.stdout.matchAll(/^(\w+)(?: .*)? \d+ x 1 x 1 +(\d+) +([\d.]+) +[\d.]+ %$/gm)];
  const times = rows.map(([, , , ms]) => Number(ms));
  assert.ok(rows.length === 40 && rows.every(([, , count]) => Number(count) <= Number(dispatches)), timed.stdout);
  assert.equal(
    times,
    times.toSorted((a, b) => b - a),
  );
  const [, total] = timed.stdout.match(/^([\d.]+) ms all kernels together/m) ?? [];
  assert.ok(times[0] > 0 && Number(total) >= times[0] && Number.isFinite(Number(total)));
});

test.run();
