// Opening a run in the page: its zip as the page wrote it or as an operating system packs it, chosen or dropped, with
// the result of its folder; and what is no run is refused in one sentence.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, type Zippable, zipSync } from "fflate";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeDataset } from "../support/command.js";
import { keptFiles, startRun, unzipTo } from "./runs.js";
import { hold, openPart, openTab, type Tab, textOf } from "./tab.js";

/** `files` are those of the zip that the page wrote of the run "packed", which has two steps. */
const test = suite<{ tab: Tab; folder: string; zip: Buffer; files: Record<string, Uint8Array> }>("opening a run");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  await makeDataset(join(context.folder, "data"));
  context.tab = await openTab();
  const { page } = context.tab;
  page.on("dialog", (dialog) => dialog.accept());
  await openPart(context.tab, "train");
  await startRun(page, context.folder, "packed", 2, "--display_freq 1 --save_epoch_freq 1");
  await textOf(page, "#train-status", /^Trained to the end: step 2\.$/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#run-zip")]);
  context.zip = readFileSync(await download.path());
  context.files = unzipSync(context.zip);
  await unzipTo(context.folder, download);
  await deleteRun(page, "packed");
});
test.before.each(({ tab }) => openPart(tab, "train"));
test.after.each(async ({ tab }) => {
  if ((await runs(tab.page)).includes("packed")) await deleteRun(tab.page, "packed");
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

const SAVED = /^Saved at step 2 of 2\.$/;

const runs = (page: Page) =>
  page.$$eval("#run-select option", (options) => options.map(({ textContent }) => textContent ?? ""));

async function deleteRun(page: Page, name: string): Promise<void> {
  await page.selectOption("#run-select", name);
  await page.click("#run-delete");
  await page.locator("#run-select option", { hasText: name }).waitFor({ state: "detached" });
}

const choose = (page: Page, buffer: Uint8Array, name = "packed.zip") =>
  page.setInputFiles("#open-checkpoint", { name, mimeType: "", buffer: Buffer.from(buffer) });

/** Drops a file on the field of runs. */
const drop = (page: Page, content: Uint8Array, name: string) =>
  page.evaluate(
    ([base64, name]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      document.getElementById("run-bar")?.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer }));
    },
    [Buffer.from(content).toString("base64"), name],
  );

/** The files of a zip under other names. */
const renamed = (files: Record<string, Uint8Array>, name: (path: string) => string): Zippable =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [name(path), bytes]));

test("the zip that the page wrote opens as its unpacked folder does, and the run goes on", async ({
  tab,
  folder,
  zip,
}) => {
  const { page } = tab;
  await page.setInputFiles("#open-run", join(folder, "packed"));
  await textOf(page, "#train-status", SAVED);
  const ofFolder = await keptFiles(page, "packed");
  const samples = await page.locator("#samples img").count();
  assert.ok(samples > 0 && Object.keys(ofFolder).some((path) => path.startsWith("data/trainA/")));
  await deleteRun(page, "packed");
  await openPart(tab, "train");
  await choose(page, zip);
  await textOf(page, "#train-status", SAVED);
  assert.equal(await keptFiles(page, "packed"), ofFolder);
  assert.is(await page.locator("#samples img").count(), samples);
  await page.fill("#run-steps", "3");
  await page.click("#train-resume");
  await textOf(page, "#train-status", /^Trained to the end: step 3\.$/);
});

const packers: [string, (files: Record<string, Uint8Array>) => Uint8Array][] = [
  [
    "macOS, compressed, with its hidden files",
    (files) =>
      zipSync(
        {
          "packed/": new Uint8Array(),
          ...files,
          "packed/.DS_Store": new Uint8Array(9),
          ...renamed(files, (path) => `__MACOSX/${path.replace(/([^/]+)$/, "._$1")}`),
        },
        { level: 9 },
      ),
  ],
  ["Windows, in a folder of the unpacked folder", (files) => zipSync(renamed(files, (path) => `packed/${path}`))],
  ["Windows, with backslashes", (files) => zipSync(renamed(files, (path) => path.replaceAll("/", "\\")))],
  ["one who chose the files, not the folder", (files) => zipSync(renamed(files, (path) => path.slice(7)))],
];

for (const [who, pack] of packers) {
  test(`a zip by ${who}, opens when it is dropped`, async ({ tab, files }) => {
    const { page } = tab;
    await drop(page, pack(files), "again.zip");
    await textOf(page, "#train-status", SAVED);
    const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const expected = Object.entries(files).map(([path, bytes]) => [path.slice("packed/".length), hash(bytes)]);
    assert.equal(await keptFiles(page, "packed"), Object.fromEntries(expected.sort()));
  });
}

test("a folder that holds the run's folder opens as well", async ({ tab, folder }) => {
  const { page } = tab;
  rmSync(join(folder, "data"), { recursive: true });
  await page.setInputFiles("#open-run", folder);
  await textOf(page, "#train-status", SAVED);
});

/** A number in four bytes of a zip's only record of the directory, at an offset into it. */
function withDirectory(zip: Uint8Array, offset: number, value: number): Uint8Array {
  const changed = Buffer.from(zip);
  changed.writeUInt32LE(value, changed.lastIndexOf(Buffer.from("PK\x01\x02")) + offset);
  return changed;
}

const refusals: [string, (given: { zip: Buffer; files: Record<string, Uint8Array> }) => Uint8Array, RegExp][] = [
  [
    "a zip that holds no run",
    () => zipSync({ "letters/a.txt": new Uint8Array(3) }),
    /^Odd\.zip is no run: it holds no latest\.safetensors; give a run's folder, .*; pictures go into A and B/,
  ],
  ["an empty zip", () => zipSync({}), /^Odd\.zip is no run/],
  [
    "a zip of two runs",
    ({ files }) => zipSync({ ...files, ...renamed(files, (path) => `other${path.slice(6)}`) }),
    /^Odd\.zip holds several runs: packed\/latest\.safetensors and other\/latest\.safetensors; give one of them\./,
  ],
  [
    "a zip that is cut off",
    ({ zip }) => zip.subarray(0, zip.length / 2),
    /^Odd\.zip is truncated or damaged: its \d+ bytes do not end with a zip directory\. Copy or download/,
  ],
  [
    "a zip of a damaged checkpoint",
    ({ files }) => {
      const zip = zipSync(files, { level: 9 });
      return zip.fill(0xff, 200, 5000);
    },
    /^Odd\.zip is truncated or damaged: it cannot be read at "packed\/[^"]+"\. Copy or download/,
  ],
  [
    "a zip that claims to hold 4 GB in a few bytes",
    () => withDirectory(zipSync({ "packed/latest.safetensors": new Uint8Array(999) }), 24, 2 ** 32 - 2),
    /^Odd\.zip has 0 kB and claims to unpack to 4\.29 GB, more than can be\./,
  ],
  [
    "a zip of another compression",
    () => withDirectory(zipSync({ "packed/latest.safetensors": new Uint8Array(999) }), 10, 9),
    /^Odd\.zip holds "packed\/latest\.safetensors" in a compression that is not read here\. Unpack it/,
  ],
  [
    "a zip of something else that is called latest.safetensors",
    () => zipSync({ "packed/latest.safetensors": Buffer.from("{}") }),
    /^packed\/latest\.safetensors is truncated: /,
  ],
];

for (const [what, make, said] of refusals) {
  test(`${what} gets one error message, and nothing is kept of it`, async ({ tab, zip, files }) => {
    const { page } = tab;
    await choose(page, make({ zip, files }), "Odd.zip");
    await textOf(page, "#message", said);
    assert.equal(await runs(page), ["a new run"]);
  });
}

test("while a run is opened or packed, which takes seconds where it is large, the page says so", async ({
  tab,
  zip,
}) => {
  const { page } = tab;
  const opening = await hold(page, "Blob");
  await choose(page, zip);
  await textOf(page, "#run-work", /^Opening packed\.zip \.\.\.$/);
  await opening.release();
  await textOf(page, "#train-status", SAVED);
  assert.is(await page.textContent("#run-work"), "");
  const packing = await hold(page, "Blob");
  await page.click("#run-zip");
  await textOf(page, "#run-work", /^Packing packed\.zip \.\.\.$/);
  await Promise.all([page.waitForEvent("download"), packing.release()]);
  assert.is(await page.textContent("#run-work"), "");
});

test("a run that is kept here is not overwritten by its zip", async ({ tab, zip }) => {
  const { page } = tab;
  await choose(page, zip);
  await textOf(page, "#train-status", SAVED);
  await page.fill("#run-steps", "3");
  await page.click("#train-resume");
  await textOf(page, "#train-status", /^Trained to the end: step 3\.$/);
  const before = await keptFiles(page, "packed");
  await choose(page, zip);
  await textOf(page, "#message", /^A run packed is already kept here; delete it first\./);
  assert.equal(await keptFiles(page, "packed"), before);
});

test.run();
