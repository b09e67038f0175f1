// Runs of the page's part "Train", as its tests start them and read them out of the browser's storage.
import { join } from "node:path";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { parseCheckpoint } from "../../cut/training/checkpoint.js";
import { tiny } from "../support/command.js";

/** Fills in the form for a run, of tiny networks unless others are given, and starts it. */
export async function startRun(
  page: Page,
  folder: string,
  name: string,
  steps: number,
  more = "",
  networks: readonly string[] = tiny,
): Promise<void> {
  await page.setInputFiles("#folder-a", join(folder, "data/trainA"));
  await page.setInputFiles("#folder-b", join(folder, "data/trainB"));
  assert.is(await page.textContent("#count-a"), "6 pictures in trainA");
  await page.fill("#run-name", name);
  await page.fill("#run-pixels", "16");
  await page.fill("#run-steps", String(steps));
  await page.fill("#run-more", [...networks, ...more.split(" ").filter(Boolean)].join(" "));
  await page.click("#train-start");
}

/** A file of a run, from the browser's storage. */
export async function kept(page: Page, name: string, file: string): Promise<Uint8Array> {
  const numbers = await page.evaluate(
    async ([run, path]) => {
      const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
      const handle = await (await runs.getDirectoryHandle(run)).getFileHandle(path);
      return Array.from(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
    },
    [name, file],
  );
  return Uint8Array.from(numbers);
}

export const checkpointOf = async (page: Page, name: string) =>
  parseCheckpoint(await kept(page, name, "latest.safetensors"), name);
