// The demo from end to end, with two steps: the run that it leaves, the report, and the figures that it tells.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { assertStatus, cutgpu } from "../../../support/command.js";

test("the demo draws, trains, measures on held-out drawings and leaves an ordinary run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-demo-"));
  try {
    const result = await cutgpu(["demo", "--runs_dir", folder, "--steps", "2"]);
    assertStatus(result, 0);
    const [translated, input] = [...result.stdout.matchAll(/L1 ([\d.]+) {2}SSIM (-?[\d.]+)/g)].map(([, l1]) =>
      Number(l1),
    );
    assert.ok(translated > 0 && translated < 1);
    // Chalk on black against white on blue: 0.29, whatever was trained.
    assert.ok(Math.abs(input - 0.29) < 0.01, `the input scores ${input}`);
    assert.match(result.stdout, /L1 [\d.]+ {2}SSIM -?[\d.]+ {2}SWD [\d.]+\n/);
    assert.match(result.stdout, /half of the truths, other half +SWD [\d.]+\n/);
    assert.match(result.stdout, /it sets colours aside, so\nthe input, .* is near\):\n/);

    const run = join(folder, "blueprints");
    const html = readFileSync(join(run, "report.html"), "utf8");
    assert.is(html.match(/<figure>/g)?.length, 6, "six drawings, large");
    for (const chart of ["Mutual information", "Retrieval accuracy"]) assert.match(html, chart);
    assert.ok(html.indexOf("<figure>") < html.indexOf('class="summary"'), "before any figure");
    const { width, height } = await sharp(join(run, "samples", "before-after.png")).metadata();
    assert.equal([width, height], [6 * 128 + 5 * 6, 2 * 128 + 6]);
    for (const name of ["latest.safetensors", "config.json", "data/trainA", "data/testB"]) {
      assert.ok(existsSync(join(run, name)), name);
    }
    assert.is(readFileSync(join(run, "losses.jsonl"), "utf8").trim().split("\n").length, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
