// The program that renders the page of a file of rows.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { distFolder } from "../../support/command.js";
import { benchRow } from "../support/rows.js";

test("a file of rows is rendered, and another refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-report-"));
  const [input, output] = [join(folder, "rows.json"), join(folder, "report.html")];
  const render = () =>
    spawnSync(process.execPath, [join(distFolder, "bench/node/render-report.js"), input, output], {
      encoding: "utf8",
    });
  try {
    writeFileSync(input, JSON.stringify([benchRow()]));
    assert.is(render().status, 0);
    assert.match(readFileSync(output, "utf8"), benchRow().adapter);
    writeFileSync(input, "[1]");
    const refused = render();
    assert.is(refused.status, 2);
    assert.match(refused.stderr, /^cutgpu: .*rows\.json holds no rows of a benchmark\..*\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
