// Runs every dist/test/**/*.test.js under uvu, in child processes so that one GPU device serves many tests and a crash
// of the driver is still reported, and closes with the plain line `N passed, N failed`. Those of the commands mostly
// wait for processes of their own, so all others run beside them. The package's tests build dist/web anew, which a test
// of the commands serves, so they follow these. The goldens and the operators have processes of their own: one with all
// tests was once ended by lavapipe, which had used up the mappings that Linux allows
// (engine/open/collect-bind-groups.ts). What failed is printed once more at the end, where a log cut short still has
// it. `node dist/test/run.js [PATTERN]` runs the files whose path matches the pattern. Of the tests that walk all
// operators on both kernel profiles, OPERATOR=conv2d and PROFILE=gpu run those of one.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const uvu = fileURLToPath(new URL("../../node_modules/uvu/bin.js", import.meta.url));
const tests = fileURLToPath(new URL(".", import.meta.url));
const wanted = process.argv[2] ?? "";

/** Files below test/ that match a pattern, in one process, and what is set there. */
interface Part {
  readonly files: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** All variants of the large kernels of GPUs. */
const ON_GPUS = "operators/(?:skinny|subgroup-matrix|tiles)\\.";
/**
 * lavapipe compiles these for four lanes in half of the time that it takes for eight, which are its own. Its cache
 * takes no account of lanes, so this has another.
 */
const FOUR_LANES = {
  LP_NATIVE_VECTOR_WIDTH: "128",
  MESA_SHADER_CACHE_DIR: fileURLToPath(new URL("../test-cache/four-lanes", import.meta.url)),
};

/** Lanes that run beside each other, about as long as each other; their parts run one after the other. */
const lanes: readonly (readonly Part[])[] = [
  [{ files: "(?=cut/cli/)" }, { files: "(?=goldens/)" }, { files: "(?=package/)" }],
  [
    { files: "(?!cut/cli/|goldens/|package/|operators/)" },
    { files: `(?=operators/)(?!${ON_GPUS})` },
    { files: `(?=${ON_GPUS})`, environment: FOUR_LANES },
  ],
];

interface Count {
  total: number;
  passed: number;
  skipped: number;
  failed: number;
}

/** What uvu prints of a test that failed: its name and what was wrong, up to the next file's name or the totals. */
const FAILURES = /^ *FAIL .*?(?=^\S+\.test\.js$|^ *FAIL |^ *Total:)/gms;
const failures: string[] = [];

/** Runs the files of a part that match; what uvu prints is counted, and passed on at once or at the end. */
function run({ files, environment }: Part, live: boolean): Promise<Count> {
  const pattern = `^${files}.*(?:${wanted}).*\\.test\\.js$`;
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [uvu, tests, pattern], { stdio: ["ignore", "pipe", "inherit"], env });
  const held: Buffer[] = [];
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (live) process.stdout.write(chunk);
    else held.push(chunk);
    output += stripVTControlCharacters(chunk.toString());
  });
  return new Promise((resolve) => {
    child.on("close", (status, signal) => {
      process.stdout.write(Buffer.concat(held));
      const count = (label: string) => Number(output.match(new RegExp(`${label}:\\s+(\\d+)`))?.[1] ?? 0);
      const [total, passed, skipped] = [count("Total"), count("Passed"), count("Skipped")];
      // uvu does not count what it skips.
      const failed = total - passed;
      failures.push(...(output.match(FAILURES) ?? []));
      if (signal) console.log(`the test process was ended by ${signal}`);
      resolve({ total, passed, skipped, failed: failed === 0 && status !== 0 ? 1 : failed });
    });
  });
}

/** Runs the parts of a lane; only the first lane's tests are seen while they run. */
async function runLane(parts: readonly Part[], lane: number): Promise<Count[]> {
  const counts: Count[] = [];
  for (const part of parts) counts.push(await run(part, lane === 0));
  return counts;
}

const counts = (await Promise.all(lanes.map(runLane))).flat();
const sum = (of: keyof Count) => counts.reduce((all, count) => all + count[of], 0);
const nothing = sum("total") + sum("skipped") === 0;
if (nothing) console.log(`no test file, a *.test.ts below test/, matches "${wanted}"`);
for (const failure of failures) console.log(failure.trimEnd());
const failed = sum("failed") + (nothing && sum("failed") === 0 ? 1 : 0);
console.log(`${sum("passed")} passed, ${failed} failed${sum("skipped") ? `, ${sum("skipped")} skipped` : ""}`);
process.exitCode = failed ? 1 : 0;
