// What holds for the page as a whole: keyboard, no WebGPU, no camera, looking inside.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab }>("the page");

test.before(async (context) => {
  context.tab = await openTab();
});
test.after(({ tab }) => tab.close());

test("tabs are moved between by arrow keys, and the address follows", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  await page.focus("#tab-translate");
  for (const part of ["train", "inspect", "kernels", "translate"]) {
    await page.keyboard.press("ArrowRight");
    assert.is(await page.getAttribute(`#tab-${part}`, "aria-selected"), "true");
    assert.ok(await page.isVisible(`#${part}`));
    assert.is(new URL(page.url()).hash, `#${part}`);
    assert.is(await page.evaluate(() => document.activeElement?.id), `tab-${part}`);
  }
});

test("every field has a name for those who do not see it", async ({ tab }) => {
  await openPart(tab, "translate");
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

test("a refused camera gets one sentence", async ({ tab }) => {
  await openPart(tab, "translate");
  await tab.page.click("#camera");
  await textOf(
    tab.page,
    "#message",
    /(camera was refused|there is no camera); (allow|connect) .*drop pictures\.|There is no camera/i,
  );
  assert.is(await tab.page.getAttribute("#camera", "aria-pressed"), "false");
});

test("looking inside draws a map a layer, and a click moves the point", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "inspect");
  await page.click("#inspect-example");
  await textOf(page, "#inspect-status", /, 32 x 32: /);
  // The model's taps: 0, 4, 8, 12.
  for (const id of ["similarity", "components"]) assert.is(await page.locator(`#${id} canvas`).count(), 4);
  const drawn = () =>
    page.$$eval("#similarity canvas, #components canvas", (canvases) =>
      canvases.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()),
    );
  const before = await drawn();
  assert.is(new Set(before).size, 8, "no two are alike");
  await page.click("#inspect-output", { position: { x: 30, y: 30 } });
  await page.locator("#inspect-output[aria-label*='point 2, 2']").waitFor();
  const after = await drawn();
  assert.ok(
    after.slice(0, 4).every((map, i) => map !== before[i]),
    "similarity follows the point",
  );
  assert.equal(after.slice(4), before.slice(4));
  await page.focus("#inspect-output");
  await page.keyboard.press("ArrowRight");
  await page.locator("#inspect-output[aria-label*='point 3, 2']").waitFor();
});

test("the kernels of this GPU are measured, drawn below its roofline, and exported", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "kernels");
  await page.fill("#bench-filter", "linear");
  await page.click("#bench-run");
  await textOf(page, "#bench-status", /^\d+ rows measured\.$/);
  assert.ok((await page.locator("#bench-rows tbody tr").count()) > 5);
  assert.match((await page.textContent("#bench-plot")) ?? "", /GFLOP\/s/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#bench-export")]);
  assert.is(download.suggestedFilename(), "cutgpu-bench.json");
});

test("without WebGPU the page says which browsers have it", async ({ tab }) => {
  const page = await tab.context.newPage();
  await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
  await page.goto(tab.url);
  const notice = page.locator("#no-webgpu");
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? "", /Chrome[\s\S]*Safari[\s\S]*Firefox/);
  await page.close();
});

test.run();
