// Tests of the pages in a real browser: `node dist/test/browser/run.js [PATTERN]`, or `npm run test:browser`. Builds
// the pages and the test's own page once, runs every dist/test/browser/*.browser.js under uvu in one child process, and
// closes with the plain line `N passed, N failed`, as test/run.ts does.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildTestPages } from "./build.js";

const uvu = fileURLToPath(new URL("../../../node_modules/uvu/bin.js", import.meta.url));
const tests = fileURLToPath(new URL(".", import.meta.url));
const pattern = `(?:${process.argv[2] ?? ""}).*\\.browser\\.js$`;

const folder = mkdtempSync(join(tmpdir(), "cutgpu-page-"));
await buildTestPages(folder);

const child = spawn(process.execPath, [uvu, tests, pattern], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, CUTGPU_TEST_PAGES: folder },
});
let tail = "";
child.stdout.on("data", (chunk: Buffer) => {
  process.stdout.write(chunk);
  tail = (tail + chunk.toString()).slice(-4000);
});
child.on("close", (status, signal) => {
  rmSync(folder, { recursive: true, force: true });
  const count = (label: string) => Number(tail.match(new RegExp(`${label}:\\s+(\\d+)`))?.[1] ?? 0);
  const total = count("Total");
  const passed = count("Passed");
  let failed = total - passed - count("Skipped");
  if (signal) console.log(`the test process was ended by ${signal}`);
  if ((status !== 0 || total === 0) && failed === 0) failed = 1;
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
});
