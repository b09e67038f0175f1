// The runs that the page keeps, without training: choosing among them, their keys, and two tabs that share them.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunState } from "../../cut/training/run-state.js";
import { parseSafetensors, serializeSafetensors } from "../../engine/formats/safetensors.js";
import { assertStatus, cutgpu, makeDataset, tiny } from "../support/command.js";
import { startRun } from "./runs.js";
import { openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("the runs that a page keeps");

test.before(async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  context.folder = folder;
  await makeDataset(join(folder, "data"));
  context.tab = await openTab();
  const { page } = context.tab;
  page.on("dialog", (dialog) => dialog.accept());
  await openPart(context.tab, "train");
  for (const steps of [2, 4]) {
    const run = ["--name", `steps-${steps}`, "--max_steps", String(steps), "--n_epochs", "4", "--display_freq", "1"];
    assertStatus(await cutgpu(["train", "--dataroot", "data", ...run, ...tiny], { cwd: folder }), 0);
    await page.setInputFiles("#open-run", join(folder, `runs/steps-${steps}`));
    await textOf(page, "#train-status", new RegExp(`^Saved at step ${steps} of ${steps}\\.`));
  }
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

test("a run that is chosen while others are read is shown alone", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const shown = async () => [await page.textContent("#losses"), await page.locator("#samples img").count()];
  await page.selectOption("#run-select", "steps-2");
  await textOf(page, "#train-status", /^Saved at step 2/);
  const alone = await shown();
  // As the arrow keys do it.
  await page.$eval("#run-select", (select) => {
    for (const name of ["steps-4", "steps-2", "steps-4", "steps-2"]) {
      (select as HTMLSelectElement).value = name;
      select.dispatchEvent(new Event("change"));
    }
  });
  await textOf(page, "#train-status", /^Saved at step 2/);
  await page.waitForTimeout(500);
  assert.equal(await shown(), alone);
});

test("the Enter key in the field of steps resumes the run that is chosen", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "train");
  // Of a new run, and out of range: it does not count for one that is kept.
  await page.fill("#run-pixels", "17");
  await page.selectOption("#run-select", "steps-2");
  await textOf(page, "#train-status", /^Saved at step 2/);
  await page.press("#run-steps", "Enter");
  await textOf(page, "#message", /^The pictures A of this run are not here; choose its folder A and press Resume\./);
});

test("while a run is trained no other takes its place in the view", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "under-way", 100_000);
  await textOf(page, "#train-status", /^Step [1-9]/);
  await page.setInputFiles("#open-checkpoint", join(folder, "runs/steps-2/latest.safetensors"));
  await textOf(page, "#message", /^A run is being trained; pause it, then open another\./);
  assert.is(await page.inputValue("#run-select"), "under-way");
  await page.click("#train-pause");
  await textOf(page, "#train-status", /^Paused and saved at step \d+\.$/);
});

test("a checkpoint of options that are none is refused, and nothing is kept of it", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const runs = () => page.$$eval("#run-select option", (options) => options.map(({ textContent }) => textContent));
  const before = await runs();
  const { tensors, metadata } = parseSafetensors(readFileSync(join(folder, "runs/steps-2/latest.safetensors")), "run");
  const state = JSON.parse(metadata["state"]) as RunState;
  const withState = (changed: object) =>
    page.setInputFiles("#open-checkpoint", {
      name: "odd.safetensors",
      mimeType: "",
      buffer: Buffer.from(
        serializeSafetensors({ tensors, metadata: { ...metadata, state: JSON.stringify({ ...state, ...changed }) } }),
      ),
    });
  await withState({ options: { ...state.options, name: "../up" } });
  await textOf(page, "#message", /^odd\.safetensors: name must be a folder name without slashes/);
  await withState({ step: "two" });
  await textOf(page, "#message", /^odd\.safetensors is damaged: it does not say where the training stood\./);
  assert.equal(await runs(), before);
});

test("a tab deletes no run that another trains, and opens none that another has deleted", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const other = await tab.context.newPage();
  await other.goto(`${tab.url}#train`);
  await other.locator("#run-select option", { hasText: "steps-4" }).waitFor({ state: "attached" });
  // What its worker holds while it trains.
  await other.evaluate(() => {
    navigator.locks.request("cutgpu run steps-4", () => new Promise<void>((end) => Object.assign(globalThis, { end })));
  });
  await page.selectOption("#run-select", "steps-4");
  await page.click("#run-delete");
  await textOf(page, "#message", /^The run steps-4 is in use, perhaps in another tab; pause it there, or wait\./);
  await other.evaluate(() => (globalThis as unknown as { end(): void }).end());
  await page.click("#run-delete");
  await page.locator("#run-select option", { hasText: "steps-4" }).waitFor({ state: "detached" });
  await other.selectOption("#run-select", "steps-4");
  await textOf(other, "#message", /^The run steps-4 is no longer kept here;/);
  await other.close();
  await openPart(tab, "train");
  await page.locator("#run-select option", { hasText: "steps-2" }).waitFor({ state: "attached" });
  assert.is(await page.locator("#run-select option", { hasText: "steps-4" }).count(), 0);
});

test.run();
