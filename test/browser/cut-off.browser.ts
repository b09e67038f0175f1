// Runs that are cut off before they are whole, by a tab that is closed or a file that cannot be read, are not there.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertStatus, cutgpu, makeDataset, tiny } from "../support/command.js";
import { startRun } from "./runs.js";
import { hold, openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("runs that are cut off");

test.before(async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  context.folder = folder;
  await makeDataset(join(folder, "data"));
  const run = ["--name", "whole", "--max_steps", "1", "--n_epochs", "4", "--display_freq", "1"];
  assertStatus(await cutgpu(["train", "--dataroot", "data", ...run, ...tiny], { cwd: folder }), 0);
  context.tab = await openTab();
  context.tab.page.on("dialog", (dialog) => dialog.accept());
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

/** The folders of runs in the browser's storage. */
const stored = (page: Page) =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const runs = await root.getDirectoryHandle("runs", { create: true });
    const names: string[] = [];
    for await (const name of (runs as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    return names;
  });

test("an import that a reload cuts off leaves nothing, but no other tab takes it for cut off before", async ({
  tab,
  folder,
}) => {
  const { page } = tab;
  await openPart(tab, "train");
  const { begun } = await hold(page, "FileSystemWritableFileStream", 3);
  await page.setInputFiles("#open-run", join(folder, "runs/whole"));
  await begun();
  const other = await tab.context.newPage();
  await other.goto(`${tab.url}#train`);
  await other.locator("#run-select option", { hasText: "whole" }).waitFor({ state: "attached" });
  assert.equal(await stored(other), ["whole"]);
  await other.setInputFiles("#open-run", join(folder, "runs/whole"));
  await textOf(other, "#message", /^The run whole is in use, perhaps in another tab; pause it there, or wait\./);
  await other.close();
  await openPart(tab, "train");
  await page.locator("#train:not([inert])").waitFor();
  assert.equal(await stored(page), []);
  assert.is(await page.locator("#run-select option", { hasText: "whole" }).count(), 0);
  await page.setInputFiles("#open-run", join(folder, "runs/whole"));
  await textOf(page, "#train-status", /^Saved at step 1 of 1\./);
  await page.click("#run-delete");
  await page.locator("#run-select option", { hasText: "whole" }).waitFor({ state: "detached" });
});

test("a file that is gone in the midst of an import is named, and nothing is kept", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const copy = join(folder, "copy");
  cpSync(join(folder, "runs/whole"), copy, { recursive: true });
  const { begun, release } = await hold(page, "FileSystemWritableFileStream", 3);
  await page.setInputFiles("#open-run", copy);
  await begun();
  for (const sample of readdirSync(join(copy, "samples"))) rmSync(join(copy, "samples", sample));
  await release();
  await textOf(page, "#message", /^[\w-]+\.png cannot be read: it may have been moved .*; choose it again\./);
  assert.equal(await stored(page), []);
});

test("a checkpoint or a model that is gone before it is read is named", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const copy = join(folder, "gone.safetensors");
  for (const field of ["#open-checkpoint", "#model-file"]) {
    cpSync(join(folder, "runs/whole/latest.safetensors"), copy);
    const { begun, release } = await hold(page, "Blob");
    await page.setInputFiles(field, copy);
    await begun();
    rmSync(copy);
    await release();
    await textOf(page, "#message", /^gone\.safetensors cannot be read: it may have been moved or changed; choose it/);
    await openPart(tab, "train");
  }
  assert.equal(await stored(page), []);
});

test("a new run whose tab is closed before its first checkpoint leaves nothing", async ({ tab, folder }) => {
  const { page } = tab;
  const never = "GPUAdapter.prototype.requestDevice = () => new Promise(() => {});";
  await page.route("**/worker.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${never}\n${await response.text()}` });
  });
  await openPart(tab, "train");
  await startRun(page, folder, "begun", 2);
  await textOf(page, "#train-status", /^Opening the GPU \.\.\.$/);
  assert.equal(await stored(page), ["begun"]);
  await page.unroute("**/worker.js");
  await openPart(tab, "train");
  await page.locator("#train:not([inert])").waitFor();
  assert.equal(await stored(page), []);
});

test.run();
