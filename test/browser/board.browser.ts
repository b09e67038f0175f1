// The drawing board: it opens with an example that is translated, and every change of the drawing changes the
// translation.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openPart, openTab, sidewaysOnPhone, type Tab, textOf } from "./tab.js";
import { tinyModel } from "./tiny-model.js";

const test = suite<{ tab: Tab }>("the drawing board");

test.before(async (context) => {
  context.tab = await openTab();
});
test.after(({ tab }) => tab.close());

/** Waits until there are more translations than `before` and none is under way, and returns how many there are. */
async function translated(page: Page, before: number): Promise<number> {
  const more = await page.waitForFunction((least) => {
    const output = document.getElementById("board-output");
    const count = Number(output?.dataset["translations"] ?? 0);
    return count > least && output?.ariaBusy === "false" && count;
  }, before);
  return Number(await more.jsonValue());
}

/** The pixels of one of the two canvases as they are seen. */
async function seen(page: Page, id: "board-input" | "board-output"): Promise<Buffer> {
  return sharp(await page.locator(`#${id}`).screenshot({ animations: "disabled" }))
    .resize(128, 128, { fit: "fill" })
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** The mean difference of two pictures, in levels. */
const difference = (a: Buffer, b: Buffer) => a.reduce((sum, level, i) => sum + Math.abs(level - b[i]), 0) / a.length;

/** A wave across the lower part of the board. */
async function drawWave(page: Page): Promise<void> {
  const box = await page.locator("#board-input").boundingBox();
  if (!box) throw new Error("the board is not seen");
  const at = (part: number): [number, number] => [
    box.x + box.width * (0.1 + 0.8 * part),
    box.y + box.height * (0.8 + 0.1 * Math.sin(9 * part)),
  ];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let i = 1; i <= 8; i++) await page.mouse.move(...at(i / 8));
  await page.mouse.up();
}

test("it opens with an example and its translation; a stroke changes both", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  const first = await translated(page, 0);
  await textOf(page, "#board-status", /^128 x 128 pixels in [\d.]+ m?s$/);
  const [input, output] = [await seen(page, "board-input"), await seen(page, "board-output")];
  const ink = input.filter((level) => level > 128).length / input.length;
  assert.ok(ink > 0.02 && ink < 0.4, `${ink} of the board is chalk`);
  assert.ok(difference(input, output) > 5, "the translation is another picture");
  await drawWave(page);
  await translated(page, first);
  assert.ok(difference(await seen(page, "board-input"), input) > 2);
  assert.ok(difference(await seen(page, "board-output"), output) > 1);
});

test("another model, another drawing, a step back, a clean board, and a file of the translation", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  let done = await translated(page, 0);
  await page.setInputFiles("#model-file", { name: "tiny.safetensors", mimeType: "", buffer: tinyModel(3) });
  done = await translated(page, done);
  const before = await seen(page, "board-input");
  const output = await seen(page, "board-output");
  await page.click("#board-examples button[aria-label='Draw: teddy bear']");
  await translated(page, done);
  const bear = await seen(page, "board-input");
  assert.ok(difference(bear, before) > 5);
  assert.ok(difference(await seen(page, "board-output"), output) > 1);
  await drawWave(page);
  assert.ok(difference(await seen(page, "board-input"), bear) > 2);
  await page.click("#board-undo");
  assert.ok(difference(await seen(page, "board-input"), bear) < 0.1, "the stroke is taken back");
  await page.click("#board-clear");
  const clean = await seen(page, "board-input");
  assert.ok(clean.reduce((sum, level) => sum + level, 0) / clean.length < 5, "the board is wiped");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#board-save")]);
  const { width, height, format } = await sharp(readFileSync(await download.path())).metadata();
  assert.equal([width, height, format], [128, 128, "png"]);
});

test("no part scrolls sideways on a phone", async ({ tab }) => {
  for (const part of ["translate", "train"] as const) {
    await openPart(tab, part);
    assert.equal(await sidewaysOnPhone(tab.page), [], part);
  }
});

test.run();
