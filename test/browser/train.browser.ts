// "Train" in the browser: a run that learns, goes on after a reload in the very bits of one that was never interrupted,
// survives the loss of its device, and travels to the command and back.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LossRow } from "../../cut/report/losses.js";
import { type Checkpoint, parseCheckpoint } from "../../cut/training/checkpoint.js";
import { assertStatus, cutgpu, makeDataset, tiny } from "../support/command.js";
import { checkpointOf, logOf, startRun, unzipTo } from "./runs.js";
import { openPart, openTab, sidewaysOnPhone, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab; folder: string }>("training in the browser");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  await makeDataset(join(context.folder, "data"));
  context.tab = await openTab();
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

const lossesOf = (page: Page, name: string) => logOf<LossRow>(page, name, "losses.jsonl");

/** One number for all weights and moments. */
function bitsOf({ tensors }: Checkpoint): string {
  const hash = createHash("sha256");
  for (const [key, { data }] of tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** Waits for the first checkpoint of that step or a later one. */
const untilSaved = (page: Page, step: number) =>
  page.waitForFunction((least) => Number(document.getElementById("train-view")?.dataset["saved"] ?? 0) >= least, step);

const stepShown = (page: Page) =>
  page
    .locator("#train-status")
    .textContent()
    .then((text) => Number(text?.match(/Step (\d+) of/)?.[1] ?? 0));

test("ten steps: losses fall, samples are made, curves are drawn", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "straight", 10, "--lr 0.002 --display_freq 5 --save_latest_freq 4");
  await textOf(page, "#train-status", /^Trained to the end: step 10\.$/);
  const rows = await lossesOf(page, "straight");
  assert.equal(
    rows.map(({ step }) => step),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const mean = (from: number, to: number) => rows.slice(from, to).reduce((sum, { NCE }) => sum + NCE, 0) / (to - from);
  assert.ok(mean(7, 10) < mean(0, 3), `the patch loss fell from ${mean(0, 3)} to ${mean(7, 10)}`);
  assert.is(await page.locator("#losses svg").count(), 2);
  // Four pictures: themselves, and after 0, 5 and 10 steps.
  assert.is(await page.locator("#samples img").count(), 16);
});

test("eight samples of each picture fit the page, and the curve of one evaluation is a dot", async ({
  tab,
  folder,
}) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "sampled", 7, "--display_freq 1 --eval_freq 6");
  await textOf(page, "#train-status", /^Trained to the end: step 7\.$/);
  assert.is(await page.locator("#samples th").count(), 8);
  for (const width of [640, 800, 1300, 1000]) {
    await page.setViewportSize({ width, height: 800 });
    const beyond = await page.$eval("#samples", ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    assert.is(beyond, 0, `pixels that do not fit ${width}`);
  }
  const [dot] = await page.locator("#losses section", { hasText: "SWD" }).locator("path[stroke-linecap]").all();
  assert.ok(Number(await dot.getAttribute("stroke-width")) > 5);
});

test("who has no pictures can train on those of the page", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await page.click("#train-try");
  await page.locator("#losses svg").first().waitFor({ timeout: 120_000 });
  assert.is(await page.textContent("#count-a"), "100 drawings of this page");
  // Four drawings, and what the new network makes of them.
  assert.is(await page.locator("#samples img").count(), 8);
  assert.equal(await sidewaysOnPhone(page), []);
  await page.click("#train-pause");
  await textOf(page, "#train-status", /^Paused and saved at step \d+\.$/);
  assert.is(await page.inputValue("#run-select"), "drawings");
});

test("a run that was cut off by a reload goes on to the same bits", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  // The run of the test before, with more to do, is cut off after its checkpoint of step 4 or a later one.
  await startRun(page, folder, "cut-off", 10, "--lr 0.002 --display_freq 5 --save_latest_freq 4");
  await untilSaved(page, 4);
  const asked: string[] = [];
  page.once("dialog", (dialog) => {
    asked.push(dialog.type());
    return dialog.accept();
  });
  await openPart(tab, "train");
  assert.equal(asked, ["beforeunload"], "the browser asks whether to leave");
  await page.selectOption("#run-select", "cut-off");
  await textOf(page, "#train-status", /^Saved at step (4|8) of 10\.$/);
  await page.click("#train-resume");
  await textOf(page, "#train-status", /^Trained to the end: step 10\.$/);
  assert.is(bitsOf(await checkpointOf(page, "cut-off")), bitsOf(await checkpointOf(page, "straight")));
  const withoutTime = (rows: LossRow[]) => rows.map(({ seconds, ...row }) => row);
  assert.equal(withoutTime(await lossesOf(page, "cut-off")), withoutTime(await lossesOf(page, "straight")));
});

test("pause saves, and resume goes on from there", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "paused", 5000);
  await page.waitForFunction(() => /Step [2-9]/.test(document.getElementById("train-status")?.textContent ?? ""));
  await page.click("#train-pause");
  const text = await textOf(page, "#train-status", /^Paused and saved at step \d+\.$/);
  const step = Number(text.match(/\d+/)?.[0]);
  assert.is((await checkpointOf(page, "paused")).state.step, step);
  await page.click("#train-resume");
  await page.waitForFunction((from) => {
    const shown = document.getElementById("train-status")?.textContent?.match(/Step (\d+) of/)?.[1];
    return Number(shown ?? 0) > from + 1;
  }, step);
  await page.click("#train-pause");
  await textOf(page, "#train-status", /^Paused and saved/);
  await page.selectOption("#run-select", "");
  await page.selectOption("#run-select", "paused");
  await textOf(page, "#train-status", /^Saved at step \d+ of 5,000\.$/);
});

test("an alarm is shown once with its advice, and again with the run that is kept", async ({ tab, folder }) => {
  const { page } = tab;
  const alarms = page.locator("#alarms li");
  const shown = async () => assert.match((await alarms.allTextContents()).join("\n"), ALARM);
  await openPart(tab, "train");
  await startRun(page, folder, "alarmed", 4, "--lambda_NCE 1000");
  await textOf(page, "#train-status", /^Trained to the end: step 4\.$/);
  await shown();
  assert.equal(await sidewaysOnPhone(page), []);
  await openPart(tab, "train");
  assert.not.ok(await page.isVisible("#alarms"));
  await page.selectOption("#run-select", "alarmed");
  await textOf(page, "#train-status", /^Saved at step 4 of 4\.$/);
  await shown();
  await page.fill("#run-steps", "6");
  await page.click("#train-resume");
  await textOf(page, "#train-status", /^Trained to the end: step 6\.$/);
  await shown();
});

/** The only one, in one line. */
const ALARM = /^alarm at step 1, losses explode: [A-Z].* Try a lower --lr\.$/;

test("a device that is lost in mid-run is reported, and Resume goes on from what is saved", async ({ tab, folder }) => {
  const { page } = tab;
  // The worker is there as soon as the part is open; its device is caught when it is made.
  const [worker] = await Promise.all([page.waitForEvent("worker"), openPart(tab, "train")]);
  await worker.evaluate(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await request.call(this, descriptor);
      Object.assign(globalThis, { device });
      return device;
    };
  });
  await startRun(page, folder, "lost", 5000, "--save_latest_freq 2");
  await untilSaved(page, 4);
  await worker.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
  const said = await textOf(
    page,
    "#message",
    /^The GPU was lost .*; press Resume to go on from step \d+, which is saved\./,
  );
  const saved = Number(said.match(/step (\d+)/)?.[1]);
  assert.ok(saved >= 4);
  await page.click("#train-resume");
  await page.waitForFunction((from) => {
    const shown = document.getElementById("train-status")?.textContent?.match(/Step (\d+) of/)?.[1];
    return Number(shown ?? 0) > from;
  }, saved);
  assert.is(await page.textContent("#message"), "");
  assert.ok((await stepShown(page)) > saved);
  await page.click("#train-pause");
  await textOf(page, "#train-status", /^Paused and saved/);
});

test("a run of the page goes on under `cutgpu train --continue_train`, and `cutgpu translate` takes it", async ({
  tab,
  folder,
}) => {
  const { page } = tab;
  await openPart(tab, "train");
  await page.selectOption("#run-select", "straight");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#run-zip")]);
  assert.is(download.suggestedFilename(), "straight.zip");
  const home = join(folder, "home");
  await unzipTo(join(home, "runs"), download);
  const more = ["train", "--continue_train", "--name", "straight", "--max_steps", "12", "--n_epochs", "9"];
  assertStatus(await cutgpu(more, { cwd: home }), 0);
  const lines = readFileSync(join(home, "runs/straight/losses.jsonl"), "utf8").trim().split("\n");
  assert.equal(
    lines.map((line) => (JSON.parse(line) as LossRow).step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  const translate = ["translate", "--model", "straight", "--in", "runs/straight/data/trainA", "--out", "out"];
  assertStatus(await cutgpu(translate, { cwd: home }), 0);
});

test("a run of the command goes on in the page: its folder, or its checkpoint with the pictures", async ({
  tab,
  folder,
}) => {
  const { page } = tab;
  const home = join(folder, "other");
  mkdirSync(join(home, "runs"), { recursive: true });
  cpSync(join(folder, "data"), join(home, "data"), { recursive: true });
  const options = [
    "train",
    "--dataroot",
    "data",
    "--name",
    "fromNode",
    ...tiny,
    "--n_epochs",
    "2",
    "--n_epochs_decay",
    "0",
  ];
  assertStatus(await cutgpu([...options, "--max_steps", "3"], { cwd: home }), 0);
  const { state } = parseCheckpoint(
    new Uint8Array(readFileSync(join(home, "runs/fromNode/latest.safetensors"))),
    "run",
  );
  assert.is(state.step, 3);
  await openPart(tab, "train");
  await page.setInputFiles("#open-run", join(home, "runs/fromNode"));
  await textOf(
    page,
    "#train-status",
    /^Saved at step 3 of 3\. Its pictures are not with it: choose its folders A and B\.$/,
  );
  await page.click("#train-resume");
  await textOf(page, "#message", /^The pictures A of this run are not here; choose its folder A and press Resume\./);
  await page.setInputFiles("#folder-a", join(home, "data/trainA"));
  await page.setInputFiles("#folder-b", join(home, "data/trainB"));
  await page.fill("#run-steps", "5");
  await page.click("#train-resume");
  await textOf(page, "#train-status", /^Trained to the end: step 5\.$/);
  assert.is((await checkpointOf(page, "fromNode")).state.step, 5);
  assert.equal(
    (await lossesOf(page, "fromNode")).map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
});

const refusals: [string, (tab: Tab, folder: string) => Promise<void>, RegExp][] = [
  [
    "a folder missing",
    async ({ page }, folder) => {
      await page.setInputFiles("#folder-a", join(folder, "data/trainA"));
      await page.click("#train-start");
    },
    /^There are no pictures B yet; choose or drop a folder for B\./,
  ],
  [
    "an option that does not exist",
    ({ page }, folder) => startRun(page, folder, "never", 3, "--lamda_NCE 2"),
    /there is no option lamda_NCE, did you mean lambda_NCE\?/i,
  ],
  [
    "an option of the command alone",
    ({ page }, folder) => startRun(page, folder, "never", 3, "--pretrained_name straight"),
    /^pretrained_name is an option of the command alone;/,
  ],
  [
    "a precision that the adapter does not have",
    ({ page }, folder) => startRun(page, folder, "never", 3, "--precision f16"),
    /^This adapter has no 16-bit floats/,
  ],
  [
    "a number of steps missing",
    async ({ page }, folder) => {
      for (const side of ["a", "b"])
        await page.setInputFiles(`#folder-${side}`, join(folder, `data/train${side.toUpperCase()}`));
      await page.fill("#run-steps", "");
      await page.click("#train-start");
    },
    /^Steps in all: there is no number yet; fill it in\./,
  ],
  [
    "a name that is taken",
    ({ page }, folder) => startRun(page, folder, "straight", 3),
    /^A run straight is already kept here;/,
  ],
  [
    "a checkpoint that is none",
    ({ page }) =>
      page.setInputFiles("#open-checkpoint", { name: "latest.safetensors", mimeType: "", buffer: Buffer.from("{}") }),
    /latest\.safetensors/,
  ],
];

for (const [what, attempt, said] of refusals) {
  test(`${what} gets one error message, and no run is made of it`, async ({ tab, folder }) => {
    await openPart(tab, "train");
    const runs = () =>
      tab.page.$$eval("#run-select option", (options) => options.map(({ textContent }) => textContent));
    await tab.page.locator("#run-select option", { hasText: "straight" }).waitFor({ state: "attached" });
    const before = await runs();
    await attempt(tab, folder);
    await textOf(tab.page, "#message", said);
    assert.equal(await runs(), before);
  });
}

test("where the storage is full, training goes on and the checkpoint can be downloaded", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await startRun(page, folder, "full", 5000, "--save_latest_freq 5");
  await untilSaved(page, 5);
  const devtools = await page.context().newCDPSession(page);
  const origin = new URL(tab.url).origin;
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  const said = await textOf(
    page,
    "#message",
    /storage .* is full; .* Training goes on, and step \d+ can be downloaded/,
  );
  const step = Number(said.match(/and step (\d+)/)?.[1]);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#run-model")]);
  assert.is(download.suggestedFilename(), "latest.safetensors");
  const bytes = new Uint8Array(readFileSync(await download.path()));
  assert.ok(parseCheckpoint(bytes, "download").state.step >= step);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  await page.click("#train-pause");
  await textOf(page, "#train-status", /^Paused and saved/);
});

test.run();
