// What a browser may deny a page: its storage, the network after it was loaded, and a GPU.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeDataset } from "../support/command.js";
import { startRun } from "./runs.js";
import { openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("what a browser denies");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  await makeDataset(join(context.folder, "data"));
});
test.before.each(async (context) => {
  context.tab = await openTab();
});
test.after.each(({ tab }) => tab.close());
test.after(({ folder }) => rmSync(folder, { recursive: true }));

/** Runs a script before those of the page, and before that of the worker that trains. */
async function before(page: Page, script: string): Promise<void> {
  await page.addInitScript(script);
  await page.route("**/worker.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script}\n${await response.text()}` });
  });
}

/** As Chromium does where a site's data is blocked. */
const NO_STORAGE = `
  const denied = async () => { throw new DOMException("It was denied.", "SecurityError"); };
  StorageManager.prototype.getDirectory = denied;
  LockManager.prototype.request = denied;`;

test("without storage pictures are translated in peace, and Train says what is missing", async ({ tab, folder }) => {
  const { page } = tab;
  await before(page, NO_STORAGE);
  await openPart(tab, "translate");
  await page.locator("#board-output[data-translations]").waitFor();
  assert.is(await page.textContent("#message"), "");
  const advice = /^This browser gives the page no storage for runs; allow this site to store data/;
  await page.click("#tab-train");
  await textOf(page, "#message", advice);
  await startRun(page, folder, "nowhere", 2);
  await textOf(page, "#train-status", /^Not started\.$/);
  await textOf(page, "#message", advice);
});

test("parts that could not be loaded are loaded when the connection is back", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await page.route(/worker\.js$|chunk-/, (route) => route.abort());
  await page.click("#tab-inspect");
  await textOf(page, "#message", /^This part could not be loaded; check the connection, and open it again\./);
  await page.click("#tab-train");
  await textOf(
    page,
    "#message",
    /^The code of the training could not be loaded; check the connection, and try again\./,
  );
  await startRun(page, folder, "late", 1);
  await textOf(page, "#train-status", /^Not started\.$/);
  await page.unroute(/worker\.js$|chunk-/);
  await page.click("#train-start");
  await textOf(page, "#train-status", /^Trained to the end: step 1\.$/);
  await page.click("#tab-inspect");
  await page.click("#inspect-example");
  await textOf(page, "#inspect-status", /, 64 x 64: /);
});

const NO_ADAPTER = "GPU.prototype.requestAdapter = async () => null;";
const NO_DEVICE = `
  GPUAdapter.prototype.requestDevice = async () => { throw new DOMException("Too many.", "OperationError"); };`;
const missing: [string, string, RegExp][] = [
  ["an adapter", NO_ADAPTER, /^No WebGPU adapter was found; use a browser that has WebGPU, with hardware acceleration/],
  ["a device", NO_DEVICE, /^The GPU could not be opened \(Too many\.\); reload the page, or restart the browser/],
];
for (const [what, script, said] of missing) {
  test(`without ${what} every part says what a visitor can do`, async ({ tab, folder }) => {
    const { page } = tab;
    await before(page, script);
    await page.goto(tab.url);
    await page.locator("#no-webgpu").waitFor();
    await page.click("#translate-examples");
    await textOf(page, "#message", said);
    await page.click("#tab-train");
    await startRun(page, folder, "none", 2);
    await textOf(page, "#message", said);
    await textOf(page, "#train-status", /^Not started\.$/);
  });
}

test.run();
