// The terminal's table: a row stands under the titles of its columns.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { tableHead, tableRow } from "../../../bench/report/terminal-table.js";
import { timedRow } from "../support/rows.js";

test("a row's line stands under the titles of its columns", () => {
  const [head, line] = [tableHead(), tableRow(timedRow("conv2d", [9, 10, 11])).split("\n")[0]];
  for (const [title, value] of [
    ["median ms", "10.0"],
    ["spread", "-10% +10%"],
    ["GFLOP/s", "12.5"],
    ["roofline", "31.2%"],
    ["reference ms", "170"],
  ]) {
    assert.is(line.indexOf(value) + value.length, head.indexOf(title) + title.length, title);
  }
  const skipped = tableRow(timedRow("conv2d", [1, 1, 1], { ms: null, runs: 0, gflops: null, note: "could not run" }));
  assert.match(skipped, / - .*\n {4}could not run$/);
  const wall = tableRow(timedRow("submit", [1, 1, 1], { figures: { wall_clock: 1, calls: 3 } }));
  assert.match(wall, /\n {4}wall time, calls 3$/);
});

test.run();
