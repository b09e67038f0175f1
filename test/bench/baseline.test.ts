// The verdict on an earlier file: slower beyond the spread of both runs, another adapter, no file of rows; and the
// README's table.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareWithBaseline, parseRows } from "../../bench/baseline.js";
import { readmeTables, replaceBetweenMarkers } from "../../bench/readme.js";
import type { BenchRow } from "../../bench/row.js";
import { digits, tableHead, tableRow } from "../../bench/table.js";
import { messageOf } from "../support/gpu.js";

function row(
  kernel: string,
  [min, median, max]: readonly [number, number, number],
  more: Partial<BenchRow> = {},
): BenchRow {
  return {
    suite: "kernels",
    kernel,
    variant: "tiled",
    shape: "3x3 64->64 at 64x64",
    dtype: "f32",
    adapter: "lavapipe",
    profile: "software",
    runs: 5,
    ms: { median, min, max },
    flops: 2e9,
    bytes: 1e6,
    gflops: 12.5,
    gbps: 0.1,
    roofline: 0.312,
    reference_ms: 170,
    peers: {},
    ...more,
  };
}

const names = (changes: { name: string }[]) => changes.map(({ name }) => name.split(" ")[1]);

test("slower and faster are what lies beyond the spread of both runs and 5 %", () => {
  const before = [
    row("steady", [9, 10, 11]),
    row("noisy", [5, 10, 15]),
    row("slower", [9, 10, 11]),
    row("slightly", [10, 10, 10]),
    row("faster", [9.5, 10, 10.5]),
    row("gone", [1, 1, 1]),
  ];
  const now = [
    row("steady", [9.5, 10.5, 12]),
    row("noisy", [12, 14, 16]),
    row("slower", [12, 13, 14]),
    row("slightly", [10.4, 10.4, 10.4]),
    row("faster", [4, 5, 6]),
    row("new", [1, 1, 1]),
  ];
  const { slower, faster, compared } = compareWithBaseline(now, before);
  assert.equal(names(slower), ["slower"]);
  assert.equal(names(faster), ["faster"]);
  assert.is(compared, 5);
});

test("another adapter is refused with both names, and so are files without a common row", () => {
  const other = [row("conv2d", [1, 1, 1], { adapter: "NVIDIA H100" })];
  assert.match(
    messageOf(() => compareWithBaseline([row("conv2d", [1, 1, 1])], other)),
    /"NVIDIA H100".*"lavapipe"/,
  );
  assert.match(
    messageOf(() => compareWithBaseline([row("a", [1, 1, 1])], [row("b", [1, 1, 1])])),
    /none of the rows/,
  );
});

test("a file that holds no rows is named", () => {
  for (const text of ["", "{}", "[]", "[1]", '[{"suite": "kernels"}]']) {
    assert.match(
      messageOf(() => parseRows(text, "old.json")),
      /old\.json holds no rows/,
    );
  }
  const rows = [row("conv2d", [1, 2, 3])];
  assert.equal(parseRows(JSON.stringify(rows), "old.json"), rows);
});

test("a row's line stands under the titles of its columns", () => {
  const [head, line] = [tableHead(), tableRow(row("conv2d", [9, 10, 11])).split("\n")[0]];
  for (const [title, value] of [
    ["median ms", "10.0"],
    ["spread", "-10% +10%"],
    ["GFLOP/s", "12.5"],
    ["roofline", "31.2%"],
  ]) {
    assert.is(line.indexOf(value) + value.length, head.indexOf(title) + title.length, title);
  }
  const skipped = tableRow(row("conv2d", [1, 1, 1], { ms: null, runs: 0, gflops: null, note: "could not run" }));
  assert.match(skipped, / - .*\n {4}could not run$/);
  assert.equal([0, 0.01234, 1.234, 12.34, 1234.5].map(digits), ["0", "0.0123", "1.23", "12.3", "1235"]);
});

test("the README's table is made from rows and goes between its markers", () => {
  const peers = { tfjs: { ms: 80, ratio: 8 } };
  const rows = [
    row("conv2d", [19, 20, 21], { peers: { tfjs: { ms: 80, ratio: 4 } }, variant: "slow" }),
    row("conv2d", [9, 10, 11], { peers }),
    row("relu", [1, 1, 1]),
  ];
  const table = readmeTables([rows]);
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

test.run();
