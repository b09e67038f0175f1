// `cutgpu train --stop_on alarm`: a run that is made to fail, by a discriminator that learns ten times as fast as
// EnCo's should, is stopped, saved and told. With STEPS=1000 in the environment one at the usual rate is trained as
// well, for so many steps, in which no alarm is raised.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, assertStatus, cutgpu, makeDataset, tiny } from "../../../support/command.js";

const test = suite<{ folder: string }>("alarms while training");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-train-alarms-"));
  await makeDataset(join(context.folder, "data"), 12);
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

const enco = ["train", "--model", "enco", "--dataroot", "data", "--stop_on", "alarm", ...tiny.slice(0, -2)];
const start = (cwd: string, name: string, ...more: string[]) =>
  cutgpu([...enco, "--ndf", "8", "--nce_layers", "3,7,19,23", "--name", name, ...more], { cwd });

test("a discriminator that has won stops the run within 300 steps, once", async ({ folder }) => {
  const stopped = await start(folder, "failing", "--lr_D", "0.002", "--max_steps", "300");
  assertRefused(stopped, 1, /stopped by the alarm above after step \d+ and saved; go on with:/);
  const at = (name: string) => readFileSync(join(folder, "runs", "failing", name), "utf8");
  assert.is(stopped.stderr.match(/alarm at step/g)?.length, 1);
  assert.match(stopped.stderr, /alarm at step \d+, discriminator has won: .*Try a lower --lr_D, /);
  const alarms = at("alarms.jsonl");
  assert.is(JSON.parse(alarms).name, "discriminator has won");
  assert.match(at("report.html"), /<ul class="alarms card"><li>alarm at step \d+, discriminator has won: /);

  const further = String(JSON.parse(at("losses.jsonl").trim().split("\n").at(-1)!).step + 2);
  const goOn = ["train", "--continue_train", "--name", "failing", "--max_steps", further];
  assertStatus(await cutgpu(goOn, { cwd: folder }), 0);
  assert.is(at("alarms.jsonl"), alarms);
});

const { STEPS } = process.env;
if (STEPS !== undefined) {
  test(`one that learns at its usual rate raises none in ${STEPS} steps`, async ({ folder }) => {
    assertStatus(await start(folder, "healthy", "--max_steps", STEPS, "--display_freq", "50"), 0);
    assert.not.ok(existsSync(join(folder, "runs", "healthy", "alarms.jsonl")));
  });
}

test.run();
