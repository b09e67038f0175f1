// The command as a process.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

test("the executable answers help and mistakes", () => {
  const main = fileURLToPath(new URL("../../bin/main.js", import.meta.url));
  const run = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: "utf8" });
  assert.match(run("--help").stdout, /train .*\n.*translate /);
  assert.match(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  const mistake = run("trian");
  assert.equal([mistake.status, mistake.stderr], [2, "cutgpu: there is no command trian, did you mean train?\n"]);
});

test.run();
