// The last line of `npm test`, which people and machines read, and its exit status: run.ts on few tests.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("npm test");

function run(pattern: string, environment: NodeJS.ProcessEnv = {}) {
  const program = fileURLToPath(new URL("run.js", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [program, pattern], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  return { status, last: stdout.trimEnd().split("\n").at(-1) };
}

test("ends with how many tests passed and failed", () => {
  const { status, last } = run("engine/lib/float16");
  assert.match(last ?? "", /^[1-9]\d* passed, 0 failed$/);
  assert.is(status, 0);
});

test("what an adapter cannot do is skipped, and neither passed nor failed", () => {
  // Where no driver is, SwiftShader runs the tests, which has no 16-bit floats.
  const bare = { VK_ICD_FILENAMES: "/nonexistent", VK_DRIVER_FILES: "", OPERATOR: "relu" };
  const { status, last } = run("operators/half", bare);
  assert.match(last ?? "", /^0 passed, 0 failed, \d+ skipped$/);
  assert.is(status, 0);
});

test("a pattern that no file matches is a failure", () => {
  assert.equal(run("no such file"), { status: 1, last: "0 passed, 1 failed" });
});

test.run();
