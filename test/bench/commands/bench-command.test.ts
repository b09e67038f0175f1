// `cutgpu bench` as a user runs it, on rows that take no time.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BenchRow } from "../../../bench/measurement/row.js";
import { assertRefused, assertStatus, cutgpu } from "../../support/command.js";

const folder = mkdtempSync(join(tmpdir(), "cutgpu-bench-"));

test("prints rows, writes JSON and a page, and compares with them", async () => {
  const args = ["bench", "--suite", "kernels", "--filter", "kernels relu"];
  const first = await cutgpu([...args, "--json", "rows.json", "--report", "report.html"], { cwd: folder });
  assertStatus(first, 0);
  assert.match(first.stdout, /kernel +shape +variant +median ms +spread/);
  assert.match(first.stdout, /^relu +64 channels at 64x64 +default +[\d.]+/m);
  const rows = JSON.parse(readFileSync(join(folder, "rows.json"), "utf8")) as BenchRow[];
  assert.equal(
    rows.map(({ kernel }) => kernel),
    ["relu"],
  );
  assert.match(readFileSync(join(folder, "report.html"), "utf8"), /^<!doctype html>/i);

  // A baseline of impossible speed makes any run a slowdown.
  const fast = rows.map((row) => ({ ...row, ms: { median: 1e-6, min: 1e-6, max: 1e-6 } }));
  writeFileSync(join(folder, "fast.json"), JSON.stringify(fast));
  const slower = await cutgpu([...args, "--baseline", "fast.json"], { cwd: folder });
  assertRefused(slower, 1, /1 of 1 rows are slower/);
  assert.match(slower.stdout, /slower: kernels relu/);

  writeFileSync(join(folder, "other.json"), JSON.stringify(rows.map((row) => ({ ...row, adapter: "Another One" }))));
  const other = await cutgpu([...args, "--baseline", "other.json"], { cwd: folder });
  assertRefused(other, 1, /"Another One" and this run on ".+"/);
  const [{ profile }] = rows;
  const another = profile === "gpu" ? "software" : "gpu";
  const profiled = await cutgpu([...args, "--baseline", "rows.json", "--profile", another], { cwd: folder });
  assertRefused(profiled, 1, new RegExp(`${profile}, and this run has those of ${another}; give --profile ${profile}`));
  assert.is(profiled.stdout, "", "said before anything is measured");
  const unrelated = await cutgpu(["bench", "--suite", "step", "--baseline", "rows.json"], { cwd: folder });
  assertRefused(unrelated, 1, /the baseline has a time of none of these rows; run the suites/);
  assert.is(unrelated.stdout, "", "said before anything is measured");
});

test("Ctrl-C keeps the rows that are measured, and an earlier file that may hold more", async () => {
  const args = ["bench", "--suite", "kernels", "--filter", "conv2d 3x3", "--json", "kept.json"];
  const stopped = () =>
    cutgpu([...args, "--report", "kept.html"], {
      cwd: folder,
      onStart: (child) =>
        child.stdout?.on("data", (text: Buffer) => void (/^conv2d /m.test(String(text)) && child.kill("SIGINT"))),
    });
  const rowsIn = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as BenchRow[];
  assertStatus(await stopped(), 130);
  assert.is(rowsIn("kept.json")[0].kernel, "conv2d");
  assert.match(readFileSync(join(folder, "kept.html"), "utf8"), /conv2d/);
  writeFileSync(join(folder, "kept.json"), "[]");
  const again = await stopped();
  assertStatus(again, 130);
  assert.match(again.stdout, /^rows: kept\.stopped\.json$/m);
  assert.is(readFileSync(join(folder, "kept.json"), "utf8"), "[]");
  assert.is(rowsIn("kept.stopped.json")[0].kernel, "conv2d");
});

test("unknown suites, filters and files are answered with what exists", async () => {
  assertRefused(
    await cutgpu(["bench", "--suite", "speed"]),
    2,
    /all, roofline, kernels, generator, step, nce or overhead/,
  );
  assertRefused(await cutgpu(["bench", "--suite", "kernels", "--filter", "fft"]), 1, /there are: conv2d/);
  assertRefused(await cutgpu(["bench", "--baseline", "missing.json"]), 1, /there is no missing\.json/);
  assertRefused(await cutgpu(["bench", "--baseline", "."], { cwd: folder }), 1, /cannot open \.: it is a folder/);
  assertRefused(
    await cutgpu(["bench", "--json", "both", "--report", "./both"], { cwd: folder }),
    2,
    /name the same file/,
  );
});

test.run();
