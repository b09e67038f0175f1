// "Translate" in the browser: the same picture through the same model as by the command, results to download, the
// camera, and what bad input gets.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertStatus, cutgpu, makePicture, projectFolder } from "../support/command.js";
import { goldensFolder } from "../support/goldens.js";
import { limitMemory } from "../support/small-memory.js";
import { hold, openPart, openTab, type Tab, textOf } from "./tab.js";
import { tinyModel } from "./tiny-model.js";

const model = join(projectFolder, "cut/web/demo-model.safetensors");
const test = suite<{ tab: Tab; folder: string }>("translate in the browser");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-browser-"));
  context.tab = await openTab(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
});
test.after(async ({ tab, folder }) => {
  await tab.close();
  rmSync(folder, { recursive: true });
});

test("a picture comes out as the command translates it, but for a rounding step", async ({ tab, folder }) => {
  const input = join(folder, "picture.png");
  // Neither side a multiple of 4.
  await makePicture(input, { width: 37, height: 30 });
  const output = join(folder, "translated.png");
  assertStatus(await cutgpu(["translate", "--model", model, "--in", input, "--out", output]), 0);
  await openPart(tab, "translate");
  await tab.page.setInputFiles("#translate-files", input);
  await textOf(tab.page, "#translate-status", /^1 picture translated$/);
  const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.page.click("#results a")]);
  assert.is(download.suggestedFilename(), "picture.png");
  const pixels = async (file: string) => sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const [ours, theirs] = [await pixels(await download.path()), await pixels(output)];
  assert.equal([ours.info.width, ours.info.height], [37, 30]);
  const worst = ours.data.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs.data[i])), 0);
  assert.ok(worst <= 1, `off by ${worst} levels`);
  const caption = await tab.page.textContent("#results figcaption");
  assert.match(caption ?? "", /37 x 30, [\d.]+ m?s/, "the time is told");
});

test("a generator that PyTorch saved is taken", async ({ tab }) => {
  await openPart(tab, "translate");
  await tab.page.setInputFiles("#model-file", join(goldensFolder, "latest_net_G.pth"));
  await textOf(tab.page, "#model-name", /^latest_net_G\.pth$/);
  await tab.page.click("#translate-examples");
  await textOf(tab.page, "#translate-status", /^6 pictures translated$/);
});

test("all results come as one zip; pictures of a folder keep their names", async ({ tab, folder }) => {
  for (const name of ["a/one.png", "a/b/two.jpg"])
    await makePicture(join(folder, "set", name), { width: 16, height: 16 });
  writeFileSync(join(folder, "set", "notes.txt"), "no picture");
  await openPart(tab, "translate");
  await tab.page.setInputFiles("#translate-folder", join(folder, "set"));
  await textOf(tab.page, "#translate-status", /^2 pictures translated; 1 other file left out$/);
  const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.page.click("#translate-zip")]);
  const files = unzipSync(new Uint8Array(readFileSync(await download.path())));
  assert.equal(Object.keys(files).sort(), ["set_a_b_two.png", "set_a_one.png"]);
});

test("results whose names differ only by case are told apart in the zip", async ({ tab, folder }) => {
  const { page } = tab;
  const picture = join(folder, "one.png");
  await makePicture(picture, { width: 16, height: 16 });
  const buffer = readFileSync(picture);
  await openPart(tab, "translate");
  const names = ["a.png", "A.png", "a.bmp"];
  await page.setInputFiles(
    "#translate-files",
    names.map((name) => ({ name, mimeType: "", buffer })),
  );
  await textOf(page, "#translate-status", /^3 pictures translated$/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#translate-zip")]);
  const files = unzipSync(new Uint8Array(readFileSync(await download.path())));
  assert.equal(Object.keys(files).sort(), ["A.png", "a-2.png", "a-3.png"]);
});

test("200 camera frames leave no memory behind, and make no buffer after the first", async ({ tab }) => {
  const { page } = tab;
  await page.addInitScript(() => {
    const made = { buffers: 0, liveTextures: 0 };
    const create = GPUDevice.prototype.createBuffer;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      made.buffers++;
      return create.call(this, descriptor);
    };
    const createTexture = GPUDevice.prototype.createTexture;
    GPUDevice.prototype.createTexture = function (descriptor) {
      made.liveTextures++;
      return createTexture.call(this, descriptor);
    };
    const destroyTexture = GPUTexture.prototype.destroy;
    GPUTexture.prototype.destroy = function () {
      made.liveTextures--;
      return destroyTexture.call(this);
    };
    Object.assign(globalThis, { made });
  });
  await openPart(tab, "translate");
  await page.setInputFiles("#model-file", { name: "tiny.safetensors", mimeType: "", buffer: tinyModel(3) });
  await page.selectOption("#translate-size", "32");
  await page.click("#camera");
  const reach = async (frames: number) => {
    await page.waitForFunction(
      (wanted) => Number(document.getElementById("camera-status")?.dataset["frames"] ?? 0) >= wanted,
      frames,
    );
    return page.evaluate(() => {
      const { liveBytes, liveBuffers, pooledBytes } = document.getElementById("camera-status")?.dataset ?? {};
      return {
        liveBytes,
        liveBuffers,
        pooledBytes,
        ...(globalThis as unknown as { made: Record<string, number> }).made,
      };
    });
  };
  const early = await reach(5);
  assert.ok(Number(early.liveBytes) > 0);
  assert.equal(await reach(205), early);
  // What is shown is a picture, not an empty canvas.
  const { channels } = await sharp(await page.locator("#camera-output").screenshot()).stats();
  assert.ok(
    channels.some(({ stdev }) => stdev > 3),
    channels.map(({ stdev }) => stdev).join(),
  );
  await page.click("#camera");
  assert.is(await page.getAttribute("#camera", "aria-pressed"), "false");
});

test("a camera that is asked for twice is opened once", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await page.setInputFiles("#model-file", { name: "tiny.safetensors", mimeType: "", buffer: tinyModel(3) });
  await page.evaluate(() => {
    const tracks: MediaStreamTrack[] = [];
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
    Object.assign(globalThis, { tracks });
    for (let i = 0; i < 2; i++) document.getElementById("camera")?.click();
  });
  await textOf(page, "#camera-status", /frames per second/);
  assert.is(await page.textContent("#message"), "");
  await page.click("#camera");
  const states = () =>
    page.evaluate(() =>
      (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState),
    );
  assert.equal(await states(), ["ended"]);
});

test("results can be cleared while more are made, and the rest be stopped", async ({ tab, folder }) => {
  const { page } = tab;
  for (let i = 0; i < 3; i++) await makePicture(join(folder, "more", `${i}.png`), { width: 64, height: 64 });
  await openPart(tab, "translate");
  await page.setInputFiles("#translate-files", join(folder, "more", "0.png"));
  await textOf(page, "#translate-status", /^1 picture translated$/);
  const { release } = await hold(page, "GPUBuffer");
  await page.setInputFiles("#translate-folder", join(folder, "more"));
  await textOf(page, "#translate-status", /^Translating 1 of 3/);
  await page.click("#translate-clear");
  await page.click("#translate-stop");
  assert.is(await page.textContent("#translate-status"), "Stopping after this picture ...");
  await release();
  await textOf(page, "#translate-status", /^1 picture translated$/);
  assert.is(await page.locator("#results figure").count(), 1);
  await page.click("#translate-clear");
  assert.not.ok(await page.isVisible("#translate-actions"));
});

test("after a lost device, the next picture is translated on a new one", async ({ tab, folder }) => {
  const { page } = tab;
  await page.addInitScript(() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await request.call(this, descriptor);
      Object.assign(globalThis, { device });
      return device;
    };
  });
  await openPart(tab, "translate");
  const input = join(folder, "again.png");
  await makePicture(input, { width: 16, height: 16 });
  await page.setInputFiles("#translate-files", input);
  await textOf(page, "#translate-status", /^1 picture translated$/);
  await page.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
  await page.setInputFiles("#translate-files", input);
  await textOf(page, "#translate-status", /^2 pictures translated$/);
});

/** From now on all that is said of translations, however short. */
async function statusesOf(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    const status = document.getElementById("translate-status") as HTMLElement;
    new MutationObserver(() => said.push(status.textContent ?? "")).observe(status, { childList: true });
    Object.assign(globalThis, { said });
  });
  return () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
}

/** Devices say that buffers are small. */
function limitBuffers(bytes: number): void {
  const own = Object.getOwnPropertyDescriptor(GPUDevice.prototype, "limits")?.get as () => object;
  const get = function (this: GPUDevice) {
    return new Proxy(own.call(this), {
      get: (all, name) =>
        /^max(StorageBufferBinding|Buffer)Size$/.test(String(name)) ? bytes : Reflect.get(all, name, all),
    });
  };
  Object.defineProperty(GPUDevice.prototype, "limits", { get });
}

const limits: [string, (page: Page) => Promise<unknown>][] = [
  ["the adapter's limits", (page) => page.evaluate(limitBuffers, 2 ** 21)],
  ["the GPU's memory", (page) => page.evaluate(`(${limitMemory})(GPUDevice.prototype, ${2 ** 23})`)],
];

for (const [what, limit] of limits) {
  test(`a picture that is too large for ${what} goes by tiles, which can be stopped`, async ({ tab, folder }) => {
    const { page } = tab;
    const files = ["large.png", "small.png"].map((name) => join(folder, name));
    await makePicture(files[0], { width: 900, height: 700 });
    await makePicture(files[1], { width: 16, height: 16 });
    await openPart(tab, "translate");
    await page.setInputFiles("#model-file", { name: "tiny.safetensors", mimeType: "", buffer: tinyModel(3) });
    await limit(page);
    const said = await statusesOf(page);
    await page.setInputFiles("#translate-files", files);
    await textOf(page, "#translate-status", /^2 pictures translated$/);
    const byTiles = /^Translating 1 of 2: large\.png, which is large, by tiles: \d+ %$/;
    assert.ok((await said()).some((text) => byTiles.test(text)));
    assert.match((await page.textContent("#results figcaption b[title='large.png'] + span")) ?? "", /^900 x 700, /);
    const { release } = await hold(page, "GPUBuffer");
    await page.setInputFiles("#translate-files", files);
    await textOf(page, "#translate-status", /^Translating 1 of 2: large\.png$/);
    await page.click("#translate-stop");
    await release();
    await textOf(page, "#translate-status", /^2 pictures translated$/);
    assert.is(await page.textContent("#message"), "");
  });
}

test("a picture of which not even a tile fits is told from the others, with what to do", async ({ tab, folder }) => {
  const { page } = tab;
  await makePicture(join(folder, "sizes", "large.png"), { width: 400, height: 400 });
  await makePicture(join(folder, "sizes", "small.png"), { width: 16, height: 16 });
  await openPart(tab, "translate");
  await page.locator("#board-output[data-translations]").waitFor();
  await page.evaluate(limitBuffers, 100_000);
  await page.setInputFiles("#translate-folder", join(folder, "sizes"));
  const advice = "choose a shorter longer side\\.";
  await textOf(page, "#message", new RegExp(`^1 of 2 .*: sizes/large\\.png is too large for this GPU; ${advice}`));
  assert.is(await page.textContent("#translate-status"), "1 picture translated");
});

const refusals: [string, (tab: Tab, folder: string) => Promise<void>, RegExp][] = [
  [
    "a file that is no model",
    ({ page }) =>
      page.setInputFiles("#model-file", { name: "notes.pth", mimeType: "", buffer: Buffer.from("hello there") }),
    /^notes\.pth /,
  ],
  [
    "a model of other channels",
    ({ page }) => page.setInputFiles("#model-file", { name: "four.safetensors", mimeType: "", buffer: tinyModel(4) }),
    /four\.safetensors works on pictures of 4 channels; give a model for gray \(1\) or RGB \(3\) pictures\./,
  ],
  [
    "a picture that does not decode",
    ({ page }) =>
      page.setInputFiles("#translate-files", {
        name: "torn.png",
        mimeType: "image/png",
        buffer: Buffer.from("\x89PNG...."),
      }),
    /^1 of 1 pictures could not be translated: torn\.png cannot be read as a picture/,
  ],
  [
    "a picture that is larger than a canvas",
    async ({ page }, folder) => {
      await makePicture(join(folder, "long.png"), { width: 70_000, height: 1 });
      await page.setInputFiles("#translate-files", join(folder, "long.png"));
    },
    /long\.png .*: 70000 x 1 pixels are more than a canvas of this browser holds; scale it down\./,
  ],
  [
    "a folder without pictures",
    async ({ page }, folder) => {
      mkdirSync(join(folder, "texts"));
      for (const name of ["a.txt", "b.txt"]) writeFileSync(join(folder, "texts", name), "");
      await page.setInputFiles("#translate-folder", join(folder, "texts"));
    },
    /There is no picture among the 2 files; choose pictures/,
  ],
];

for (const [what, give, said] of refusals) {
  test(`${what} gets one error message, and what was there stays`, async ({ tab, folder }) => {
    const { page } = tab;
    await openPart(tab, "translate");
    const before = await page.textContent("#model-name");
    const results = await page.locator("#results figure").count();
    await give(tab, folder);
    await textOf(page, "#message", said);
    assert.is(await page.textContent("#model-name"), before);
    assert.is(await page.locator("#results figure").count(), results);
    assert.is(await page.getAttribute("#message", "role"), "alert");
    await page.click("#message button");
    assert.is(await page.textContent("#message"), "");
  });
}

test.run();
