// The lines of docs/many-machines.md as somebody types them, in a folder where `npx cutgpu` is the compiled command.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { distFolder, projectFolder } from "./command.js";

/** Runs the block of shell that has these words on a line, in `folder`, with words replaced. Fails where it does. */
export function runDocumentLines(words: RegExp, folder: string, replaced: Readonly<Record<string, string>>): void {
  const document = readFileSync(join(projectFolder, "docs/many-machines.md"), "utf8");
  const blocks = [...document.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);
  const block = blocks.find((each) => words.test(each)) ?? "";
  assert.ok(block, `docs/many-machines.md has a line with ${words}`);
  const script = Object.entries(replaced).reduce((text, [from, to]) => text.replaceAll(from, to), block);
  const bin = mkdtempSync(join(tmpdir(), "cutgpu-npx-"));
  try {
    const npx = join(bin, "npx");
    writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(distFolder, "bin/main.js")}" "$@"\n`);
    chmodSync(npx, 0o755);
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, XDG_CACHE_HOME: join(bin, "cache") };
    const { status, stderr } = spawnSync("sh", ["-ec", script], { cwd: folder, env, encoding: "utf8" });
    assert.is(status, 0, stderr);
  } finally {
    rmSync(bin, { recursive: true });
  }
}
