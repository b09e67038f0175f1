// Runs of the page's part "Train", as its tests start them and read them out of the browser's storage.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import type { Download, Page } from "playwright-core";
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
  assert.match((await page.textContent("#count-a")) ?? "", /^\d+ pictures in trainA$/);
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

/** The SHA-256 of all files of a run in the browser's storage, by their paths, sorted. */
export async function keptFiles(page: Page, name: string): Promise<Record<string, string>> {
  const found = await page.evaluate(async (run) => {
    const files: [string, string][] = [];
    const walk = async (folder: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of folder as unknown as AsyncIterable<[string, FileSystemHandle]>) {
        if (handle.kind === "directory") await walk(handle as FileSystemDirectoryHandle, `${prefix}${name}/`);
        else {
          const bytes = await (await (handle as FileSystemFileHandle).getFile()).arrayBuffer();
          const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
          files.push([prefix + name, Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")]);
        }
      }
    };
    const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
    await walk(await runs.getDirectoryHandle(run), "");
    return files;
  }, name);
  return Object.fromEntries(found.sort());
}

export const checkpointOf = async (page: Page, name: string, which = "latest") =>
  parseCheckpoint(await kept(page, name, `${which}.safetensors`), name);

/** The rows of a run's log, losses.jsonl say. */
export async function logOf<Row>(page: Page, name: string, log: string): Promise<Row[]> {
  const text = new TextDecoder().decode(await kept(page, name, log));
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

/** The files of a zip that the browser downloaded go to a folder. */
export async function unzipTo(folder: string, download: Download): Promise<void> {
  for (const [path, bytes] of Object.entries(unzipSync(new Uint8Array(readFileSync(await download.path()))))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}
