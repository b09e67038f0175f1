// Runs every dist/test/**/*.test.js under uvu, in one child process so that one GPU device serves them all and a crash
// of the driver is still reported, and closes with the plain line `N passed, N failed`.
// `node dist/test/run.js [PATTERN]` runs the files whose path matches the pattern. Of the tests that walk all operators
// on both kernel profiles, OPERATOR=conv2d and PROFILE=gpu run those of one.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const uvu = fileURLToPath(new URL("../../node_modules/uvu/bin.js", import.meta.url));
const tests = fileURLToPath(new URL(".", import.meta.url));
const pattern = `(?:${process.argv[2] ?? ""}).*\\.test\\.js$`;

const child = spawn(process.execPath, [uvu, tests, pattern], { stdio: ["ignore", "pipe", "inherit"] });
let tail = "";
child.stdout.on("data", (chunk: Buffer) => {
  process.stdout.write(chunk);
  tail = (tail + chunk.toString()).slice(-4000);
});
child.on("close", (status, signal) => {
  const count = (label: string) => Number(tail.match(new RegExp(`${label}:\\s+(\\d+)`))?.[1] ?? 0);
  const total = count("Total");
  const passed = count("Passed");
  const skipped = count("Skipped");
  let failed = total - passed - skipped;
  if (signal) console.log(`the test process was ended by ${signal}`);
  if (total === 0) console.log(`no test file, a *.test.ts below test/, matches "${process.argv[2] ?? ""}"`);
  if ((status !== 0 || total === 0) && failed === 0) failed = 1;
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed ? 1 : 0;
});
