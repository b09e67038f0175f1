// Every method that the page's form offers beside CUT trains in the browser, with what the form gives it; its losses
// are drawn, and its model is taken.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeDataset } from "../support/command.js";
import { checkpointOf, startRun } from "./runs.js";
import { openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("methods in the browser");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  await makeDataset(join(context.folder, "data"));
  context.tab = await openTab();
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

const [adversarial, patches, cycles] = ["Generator against discriminator", "Patch losses", "Cycles and identity"];
const charts = {
  FastCUT: [adversarial, patches],
  cycle_gan: [adversarial, cycles],
  dclgan: [adversarial, patches, cycles],
  enco: [adversarial, patches, cycles],
  sincut: [adversarial, patches, cycles],
};

for (const [method, titles] of Object.entries(charts)) {
  // SinCUT's networks are the largest, and it takes one picture a side.
  const tiny = method === "sincut" ? "--ngf 1 --ndf 1 --batch_size 2 --max_dataset_size 1" : "--ngf 2 --ndf 2";
  test(`a run of ${method} by the form alone, and its model translates`, async ({ tab, folder }) => {
    const { page } = tab;
    await openPart(tab, "train");
    // A method of many kernels is minutes of compiling where two cores are all there is.
    page.setDefaultTimeout(240_000);
    await page.selectOption("#run-method", method);
    await startRun(page, folder, method, 2, tiny, []);
    await textOf(page, "#train-status", /^Trained to the end: step 2\.$/);
    assert.equal(await page.locator("#losses h3").allTextContents(), titles);
    const { options } = (await checkpointOf(page, method)).state;
    assert.is(method === "FastCUT" ? options.CUT_mode : options.model, method);
    await page.click("#run-use");
    await textOf(page, "#model-name", new RegExp(`^run ${method}$`));
  });
}

test.run();
