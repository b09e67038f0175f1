// The README's table: made from rows, between its markers.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { headlineTables, replaceBetweenMarkers, resultTables } from "../../../bench/report/readme-table.js";
import { messageOf } from "../../support/gpu.js";
import { timedRow } from "../support/rows.js";

test("the README's table is made from rows and goes between its markers", () => {
  const peers = { tfjs: { ms: 80, ratio: 8 } };
  const rows = [
    timedRow("conv2d", [19, 20, 21], { peers: { tfjs: { ms: 80, ratio: 4 } }, variant: "slow" }),
    timedRow("conv2d", [9, 10, 11], { peers }),
    timedRow("relu", [1, 1, 1]),
  ];
  const table = resultTables([rows]);
  assert.match(table, /^lavapipe, software kernels/);
  assert.match(table, /\| conv2d 3x3 64->64 at 64x64 \| 10\.0 \| 12\.5 \| 31\.2 % \| 80\.0 \(8\.00x\) \|/);
  assert.not.match(table, /relu/);
  const readme = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n";
  assert.is(replaceBetweenMarkers(readme, "new"), "a\n<!-- bench -->\nnew\n<!-- /bench -->\nb\n");
  assert.match(
    messageOf(() => replaceBetweenMarkers("nothing", "new")),
    /markers/,
  );
});

test("README.md has the five works that matter most", () => {
  const work = (shape: string) => timedRow("conv2d", [9, 10, 11], { peers: { tfjs: { ms: 80, ratio: 8 } }, shape });
  const table = headlineTables([[work("3x3 64->64 at 64x64"), work("3x3 reflect 256->256 at 16x16")]]);
  assert.match(table, "256->256");
  assert.not.match(table, "64->64");
});

test.run();
