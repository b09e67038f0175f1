// The page by the keyboard alone: the way in, and that a pressed button leaves the keyboard where the work goes on.
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hold, openPage, openPart, openTab, type Tab, textOf } from "./tab.js";

const test = suite<{ tab: Tab }>("the page by keyboard");

test.before(async (context) => {
  context.tab = await openTab();
  context.tab.page.on("dialog", (dialog) => dialog.accept());
});
test.after(({ tab }) => tab.close());

test("the first key leads to the content's link, then to the tabs and what they show", async ({ tab }) => {
  const { page } = tab;
  await page.goto(tab.url);
  await page.locator("#model-name", { hasText: "demo" }).waitFor({ state: "attached" });
  const reached: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement?.textContent?.trim()));
  }
  assert.equal(reached, ["Skip to the content", "Translate", "Kernels"]);
});

test("what replaces a button has the keyboard after it", async ({ tab }) => {
  const { page } = tab;
  const press = (id: string, status: RegExp, next: string) => pressed(page, id, "#train-status", status, next);
  await openPart(tab, "train");
  await press("train-try", /^Step \d/, "train-pause");
  await press("train-pause", /^Paused and saved/, "train-resume");
  await press("train-resume", /^Step \d/, "train-pause");
  await press("train-pause", /^Paused and saved/, "train-resume");
  await press("run-delete", /./, "run-select");
});

test("so it is with translations, and with the kernels", async ({ tab }) => {
  const { page } = tab;
  await openPart(tab, "translate");
  const held = await hold(page, "GPUBuffer");
  await pressed(page, "translate-examples", "#translate-status", /^Translating 1/, "translate-examples");
  await pressed(page, "translate-stop", "#translate-status", /^Stopping/, "translate-stop");
  await held.release();
  await page.locator("#translate-zip:focus").waitFor();
  await pressed(page, "translate-clear", "#translate-status", /./, "translate-files");
  await openPage(tab, "kernels/");
  await pressed(page, "bench-run", "#bench-status", /^\d+ of /, "bench-stop");
  await pressed(page, "bench-stop", "#bench-status", /^Stopped/, "bench-run");
});

/** Presses a button by the keyboard; what has the keyboard then is `next`. */
async function pressed(page: Page, id: string, place: string, status: RegExp, next: string): Promise<void> {
  await page.focus(`#${id}`);
  await page.keyboard.press("Enter");
  await textOf(page, place, status);
  await page.locator(`#${next}:focus`).waitFor();
}

test.run();
