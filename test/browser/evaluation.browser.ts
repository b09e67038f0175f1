// Evaluations of a run of the page: pictures that are set aside, a curve, the best model beside the latest, and the
// same run under the command.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MetricRow } from "../../cut/report/metrics.js";
import { assertStatus, cutgpu, makeDataset } from "../support/command.js";
import { checkpointOf, logOf, startRun, unzipTo } from "./runs.js";
import { openPart, openTab, sidewaysOnPhone, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("evaluations in the browser");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  await makeDataset(join(context.folder, "data"), 24);
  context.tab = await openTab();
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

const PROTOCOL = "2 of testA, 2 of testB, 16 pixels a side, features none";
const EVALUATED = new RegExp(String.raw`^SWD: best [\d.]+ at step [48], last [\d.]+ at step 8 \(${PROTOCOL}\)$`);

test("a run is evaluated on pictures that are set aside, and its best can be taken", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "evaluated", 8, "--eval_freq 4 --lr 0.002");
  await textOf(page, "#test-split", /^2 of A and 2 of B are not trained on: /);
  await textOf(page, "#train-status", /^Trained to the end: step 8\.$/);
  await textOf(page, "#evaluated", EVALUATED);
  const rows = await logOf<MetricRow>(page, "evaluated", "metrics.jsonl");
  assert.equal(
    rows.map(({ step, protocol, by }) => [step, protocol, by]),
    [4, 8].map((step) => [step, PROTOCOL, "SWD"]),
  );
  assert.ok(rows.every(({ values }) => values["SWD"] > 0));
  const best = rows[rows[1].values["SWD"] < rows[0].values["SWD"] ? 1 : 0].step;
  assert.is((await checkpointOf(page, "evaluated", "best")).state.step, best);
  assert.is(await page.locator("#losses svg").count(), 3);
  assert.equal(await sidewaysOnPhone(page), []);
  // With the run that is kept.
  await openPart(tab, "train");
  await page.selectOption("#run-select", "evaluated");
  await textOf(page, "#evaluated", EVALUATED);
  await page.selectOption("#run-model-name", "best");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#run-model")]);
  assert.is(download.suggestedFilename(), "evaluated-best.safetensors");
  await page.click("#run-use");
  await textOf(page, "#model-name", /^run evaluated, best$/);
});

test("the command goes on with it, and with its evaluations", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await page.selectOption("#run-select", "evaluated");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#run-zip")]);
  await unzipTo(join(folder, "runs"), download);
  const more = ["train", "--continue_train", "--name", "evaluated", "--max_steps", "12", "--n_epochs", "9"];
  assertStatus(await cutgpu(more, { cwd: folder }), 0);
  const lines = readFileSync(join(folder, "runs/evaluated/metrics.jsonl"), "utf8").trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as MetricRow);
  assert.equal(
    rows.map(({ step }) => step),
    [4, 8, 12],
  );
  assert.is(new Set(rows.map(({ protocol, run }) => `${protocol} ${run}`)).size, 1);
});

test("few pictures are all trained on, and a run on them is evaluated where it is asked for", async ({
  tab,
  folder,
}) => {
  const { page } = tab;
  await makeDataset(join(folder, "few/data"));
  await openPart(tab, "train");
  await startRun(page, join(folder, "few"), "few", 2, "--eval_freq 2");
  await textOf(page, "#test-split", /^All are trained on\. With 20 or more on each side/);
  await textOf(page, "#train-status", /^Trained to the end: step 2\.$/);
  await textOf(page, "#evaluated", /\(6 of trainA, 6 of trainB, 16 pixels a side, features none\)$/);
  await textOf(page, "#message", /^Note: testB holds fewer than 2 pictures: evaluations use those of trainB/);
});

test.run();
