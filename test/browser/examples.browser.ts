// The pages of examples/ do what they say, in a browser with a camera that is no camera.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makePicture } from "../support/command.js";
import { openTab, type Tab, textOf } from "./tab.js";
import { tinyModel } from "./tiny-model.js";

const test = suite<{ tab: Tab; folder: string }>("the examples' pages");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-examples-"));
  context.tab = await openTab(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

test("the camera filter draws frame after frame and takes no more memory", async ({ tab }) => {
  // FRAMES says how long to look.
  const frames = Number(process.env["FRAMES"] ?? 50);
  await tab.page.goto(`${tab.url}camera-filter.html`);
  const status = () => textOf(tab.page, "#status", /^\d+ frames/);
  const memory = (said: string) => said.match(/[\d.]+ MiB/)?.[0];
  const few = await status();
  let many = few;
  while (Number.parseInt(many, 10) < frames) {
    await tab.page.waitForTimeout(100);
    many = await status();
  }
  assert.is(memory(many), memory(few), `${many}, after ${few}`);
  const size = await tab.page.evaluate(() => {
    const canvas = document.querySelector("canvas") as HTMLCanvasElement;
    return [canvas.width, canvas.height];
  });
  assert.equal(size, [320, 240]);
  const drawn = await sharp(await tab.page.locator("canvas").screenshot()).stats();
  // White paper with some dark lines.
  assert.ok(drawn.channels[0].mean > 180 && drawn.channels[0].min < 100, JSON.stringify(drawn.channels[0]));
});

test("the translating page takes a model and a picture, and says what is wrong with another file", async (context) => {
  const { tab, folder } = context;
  await tab.page.goto(`${tab.url}translate.html`);
  const picture = join(folder, "picture.png");
  await makePicture(picture, { width: 37, height: 30 });
  await tab.page.locator("#model:enabled").waitFor();
  await tab.page.setInputFiles("#model", picture);
  await textOf(tab.page, "#status", /picture\.png/);
  const model = join(folder, "model.safetensors");
  writeFileSync(model, tinyModel(3));
  await tab.page.setInputFiles("#model", model);
  await textOf(tab.page, "#status", /^model\.safetensors is ready\.$/);
  await tab.page.setInputFiles("#pictures", picture);
  await textOf(tab.page, "#status", /^Done/);
  const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.page.click("main a")]);
  assert.is(download.suggestedFilename(), "picture.png");
  const { width, height } = await sharp(await download.path()).metadata();
  assert.equal([width, height], [36, 32]);
});

test.run();
