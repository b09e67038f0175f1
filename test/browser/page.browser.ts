// What holds for the pages as a whole: keyboard, names of fields, no WebGPU, no script, no camera, looking inside; and
// measuring kernels.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hold, openPage, openPart, openTab, pagesFolder, sidewaysOnPhone, type Tab, textOf } from "./tab.js";
import { tinyModel } from "./tiny-model.js";

const test = suite<{ tab: Tab }>("the page");

test.before(async (context) => {
  context.tab = await openTab();
});
test.after(({ tab }) => tab.close());

test("tabs are moved between by arrow keys, and the address follows", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await page.focus("#tab-translate");
  for (const part of ["train", "inspect", "translate"]) {
    await page.keyboard.press("ArrowRight");
    assert.is(await page.getAttribute(`#tab-${part}`, "aria-selected"), "true");
    assert.ok(await page.isVisible(`#${part}`));
    assert.is(new URL(page.url()).hash, `#${part}`);
    assert.is(await page.evaluate(() => document.activeElement?.id), `tab-${part}`);
  }
});

for (const path of ["", "kernels/"]) {
  test(`every field of /${path} has a name for those who do not see it`, async ({ tab }) => {
    await openPage(tab, path);
    const unnamed = await tab.page.$$eval("input, select, button", (fields) =>
      fields
        .filter((field) => {
          const labels = (field as HTMLInputElement).labels;
          return !(
            labels?.length ||
            field.getAttribute("aria-label") ||
            (field.localName === "button" && field.textContent)
          );
        })
        .map(({ id }) => id),
    );
    assert.equal(unnamed, []);
  });

  test(`without WebGPU /${path} says which browsers have it`, async ({ tab }) => {
    const page = await tab.context.newPage();
    await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
    await page.goto(tab.url + path);
    const notice = page.locator("#no-webgpu");
    await notice.waitFor();
    assert.match((await notice.textContent()) ?? "", /Chrome[\s\S]*Safari[\s\S]*Firefox/);
    assert.is(await page.locator("#not-started").count(), 0);
    await page.close();
  });

  test(`opened as a file, from which browsers start no modules, /${path} says so`, async ({ tab }) => {
    const page = await tab.context.newPage();
    await page.goto(pathToFileURL(join(pagesFolder, path, "index.html")).href);
    await page.locator("#not-started").waitFor({ state: "visible" });
    await page.close();
  });
}

test("a refused camera gets one error message", async ({ tab }) => {
  await openPart(tab, "translate");
  await tab.page.click("#camera");
  await textOf(
    tab.page,
    "#message",
    /(camera was refused|there is no camera); (allow|connect) .*drop pictures\.|There is no camera/i,
  );
  assert.is(await tab.page.getAttribute("#camera", "aria-pressed"), "false");
});

test("looking inside draws a map per layer, and a click moves the point", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "inspect");
  await page.click("#inspect-example");
  await textOf(page, "#inspect-status", /, 64 x 64: /);
  // The model's taps: 0, 4, 8, 12.
  for (const id of ["similarity", "sources", "patch-losses", "components"]) {
    assert.is(await page.locator(`#${id} canvas`).count(), 4);
  }
  assert.match((await page.textContent("#sources")) ?? "", /come from their own place, median displacement/);
  assert.match((await page.textContent("#patch-losses")) ?? "", /a guess among 4,097 is 8\.32/);
  const drawn = () =>
    page.$$eval("#similarity canvas, #components canvas", (canvases) =>
      canvases.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()),
    );
  const before = await drawn();
  assert.is(new Set(before).size, 8, "no two are alike");
  await page.click("#inspect-output", { position: { x: 30, y: 30 } });
  await page.locator("#inspect-output[aria-label*='point 5, 5']").waitFor();
  const after = await drawn();
  assert.ok(
    after.slice(0, 4).every((map, i) => map !== before[i]),
    "similarity follows the point",
  );
  assert.equal(after.slice(4), before.slice(4));
  await page.focus("#inspect-output");
  await page.keyboard.press("ArrowRight");
  await page.locator("#inspect-output[aria-label*='point 6, 5']").waitFor();
  assert.equal(await sidewaysOnPhone(page), []);
});

test("another model may be opened while a picture is looked into", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "inspect");
  const { release } = await hold(page, "GPUBuffer");
  await page.click("#inspect-example");
  await textOf(page, "#inspect-status", /^Looking/);
  await page.setInputFiles("#model-file", { name: "tiny.safetensors", mimeType: "", buffer: tinyModel(3) });
  await textOf(page, "#inspect-model", /^tiny/);
  await release();
  await textOf(page, "#inspect-status", /, 64 x 64: /);
  assert.is(await page.textContent("#message"), "");
});

test("the kernels of this GPU are measured, drawn below its roofline, and exported", async ({ tab }) => {
  const { page } = tab;
  await openPage(tab, "kernels/");
  await page.fill("#bench-filter", "fft");
  await page.click("#bench-run");
  await textOf(page, "#message", /"fft"/);
  assert.is(await page.locator("#bench-rows tbody tr").count(), 0, "a filter without rows is answered at once");
  await page.fill("#bench-filter", "linear");
  await page.click("#bench-run");
  await textOf(page, "#bench-status", /^\d+ rows measured\.$/);
  assert.ok((await page.locator("#bench-rows tbody tr").count()) > 5);
  assert.match((await page.textContent("#bench-plot")) ?? "", /GFLOP\/s/);
  assert.equal(await sidewaysOnPhone(page), []);
  const before = page.viewportSize();
  for (const width of [390, 640, 800, 1300]) {
    await page.setViewportSize({ width, height: 800 });
    const scale = await page.$$eval("#bench-plot svg", (all) =>
      all.flatMap((svg) => {
        const { width } = svg.getBoundingClientRect();
        return width === 0 ? [] : [width / (svg as SVGSVGElement).viewBox.baseVal.width];
      }),
    );
    assert.is(scale.length, 1);
    assert.ok(scale[0] > 0.75 && scale[0] < 1.3, `letters are scaled by ${scale} at ${width}`);
  }
  if (before) await page.setViewportSize(before);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#bench-export")]);
  assert.is(download.suggestedFilename(), "cutgpu-bench.json");
});

test("the pages lead to each other, and old addresses to the page of kernels", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await page.click(".tabs a");
  await page.waitForURL(`${tab.url}kernels/`);
  assert.is(await page.textContent(".tabs [aria-current=page]"), "Kernels");
  await page.click("text=Look inside");
  await page.waitForURL(`${tab.url}#inspect`);
  assert.ok(await page.isVisible("#inspect"));
  // Once as a change of the open page's address, and once as an address to load.
  await page.goto(`${tab.url}#kernels`);
  await page.waitForURL(`${tab.url}kernels/`);
  await page.goto(`${tab.url}icon.svg`);
  await page.goto(`${tab.url}#kernels`);
  await page.waitForURL(`${tab.url}kernels/`);
});

test.run();
