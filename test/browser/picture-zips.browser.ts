// Zips of pictures on the page: chosen or dropped for A, B, translation and a look inside; a data set fills both sides,
// with what it keeps from training.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Zippable, zipSync } from "fflate";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeDataset, makePicture, tiny } from "../support/command.js";
import { keptFiles } from "./runs.js";
import { hold, openPart, openTab, sidewaysOnPhone, type Tab, textOf } from "./tab.js";

/** `files` are a data set: two test pictures of each side, six to train on. */
const test = suite<{ tab: Tab; folder: string; files: Record<string, Uint8Array> }>("zips of pictures");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  const set = join(context.folder, "set");
  await makeDataset(set);
  for (const name of ["testA/more.png", "testB/one.png", "testB/two.png"]) await makePicture(join(set, name));
  const paths = readdirSync(set, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  context.files = Object.fromEntries(
    paths.map(({ parentPath, name }) => [
      join(parentPath, name).slice(set.length + 1),
      readFileSync(join(parentPath, name)),
    ]),
  );
  context.tab = await openTab();
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

const choose = (page: Page, input: string, files: Zippable, name: string) =>
  page.setInputFiles(input, { name, mimeType: "application/zip", buffer: Buffer.from(zipSync(files)) });

/** The files of one folder, without it. */
const within = (files: Record<string, Uint8Array>, folder: string): Zippable =>
  Object.fromEntries(
    Object.entries(files).flatMap(([path, bytes]) =>
      path.startsWith(folder) ? [[path.slice(folder.length), bytes]] : [],
    ),
  );

test("a data set's zip fills both sides, and its test pictures evaluate the run", async ({ tab, files }) => {
  const { page } = tab;
  await openPart(tab, "train");
  const opening = await hold(page, "Blob");
  await choose(page, "#files-b", { ...files, "README.md": new Uint8Array(1) }, "horses.zip");
  await textOf(page, "#count-b", /^Opening horses\.zip \.\.\.$/);
  await opening.release();
  await textOf(page, "#count-b", /^6 pictures in horses\/trainB; 1 other file left out$/);
  assert.is(await page.textContent("#count-a"), "6 pictures in horses/trainA");
  await textOf(page, "#test-split", /^2 in testA and 2 in testB are not trained on: /);
  assert.equal(await sidewaysOnPhone(page), []);
  await page.fill("#run-name", "zipped");
  await page.fill("#run-pixels", "16");
  await page.fill("#run-steps", "2");
  await page.fill("#run-more", tiny.join(" "));
  await page.click("#train-start");
  await textOf(page, "#train-status", /^Trained to the end: step 2\.$/);
  await textOf(page, "#evaluated", /\(2 of testA, 2 of testB, 16 pixels a side, features none\)$/);
  const stored = Object.keys(await keptFiles(page, "zipped")).filter((path) => path.startsWith("data/"));
  assert.equal(
    stored,
    Object.keys(files)
      .map((path) => `data/${path}`)
      .sort(),
  );
});

test("plain zips fill their own side; one that is refused leaves what was chosen before", async ({ tab, files }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await choose(page, "#files-a", within(files, "trainA/"), "horses.zip");
  await textOf(page, "#count-a", /^6 pictures in horses$/);
  assert.is(await page.textContent("#count-b"), "Drop a folder, pictures or a .zip here.");
  await choose(page, "#files-a", { "notes.txt": new Uint8Array(1) }, "notes.zip");
  await textOf(page, "#message", /^There is no picture in notes\.zip\. Give a zip that holds pictures/);
  assert.is(await page.textContent("#count-a"), "6 pictures in horses");
  await choose(page, "#files-b", within(files, "trainB/"), "zebras.zip");
  await page.setInputFiles("#files-a", { name: "a.png", mimeType: "", buffer: Buffer.from(files["trainA/a0.png"]) });
  await textOf(page, "#count-b", /^6 pictures in zebras$/);
  await textOf(page, "#count-a", /^1 picture$/);
});

test("a folder that holds a data set fills both sides as well", async ({ tab, folder }) => {
  const { page } = tab;
  await openPart(tab, "train");
  await page.setInputFiles("#folder-a", join(folder, "set"));
  await textOf(page, "#count-a", /^6 pictures in set\/trainA$/);
  await textOf(page, "#count-b", /^6 pictures in set\/trainB$/);
});

test("a zip's pictures are translated; one without pictures leaves nothing to stop or download", async ({
  tab,
  files,
}) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await choose(page, "#translate-files", { "notes.txt": new Uint8Array(1) }, "notes.zip");
  await textOf(page, "#message", /^There is no picture in notes\.zip\./);
  assert.not.ok(await page.isVisible("#translate-actions"));
  await choose(page, "#translate-files", within(files, "testB/"), "two.zip");
  await textOf(page, "#translate-status", /^2 pictures translated$/);
  assert.equal(await page.locator("#results b").allTextContents(), ["two/two.png", "two/one.png"]);
});

test("of a zip's pictures the first is looked into; a zip without pictures leaves what was said", async ({
  tab,
  files,
}) => {
  const { page } = tab;
  await openPart(tab, "inspect");
  const opening = await hold(page, "Blob");
  await choose(page, "#inspect-file", within(files, "testB/"), "two.zip");
  await textOf(page, "#inspect-status", /^Opening two\.zip \.\.\.$/);
  assert.ok(await page.isVisible("#inspect-status"));
  await opening.release();
  const said = await textOf(page, "#inspect-status", /^two\/one\.png, the first of 2 pictures, \d+ x \d+: /);
  await choose(page, "#inspect-file", { "notes.txt": new Uint8Array(1) }, "notes.zip");
  await textOf(page, "#message", /^There is no picture in notes\.zip\./);
  assert.is(await page.textContent("#inspect-status"), said);
});

test.run();
