// Rows from files: what is no file of rows is named.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseRows } from "../../../bench/measurement/parse-rows.js";
import { messageOf } from "../../support/gpu.js";
import { timedRow } from "../support/rows.js";

test("a file that holds no rows is named", () => {
  const half = [
    { ms: {} },
    { ms: { median: "1", min: 1, max: 1 } },
    { kernel: undefined },
    { profile: "cpu" },
    { gflops: "12" },
    { peers: null },
  ];
  const broken = half.map((part) => JSON.stringify([{ ...timedRow("conv2d", [1, 2, 3]), ...part }]));
  for (const text of ["", "{}", "[]", "[1]", '[{"suite": "kernels"}]', ...broken]) {
    assert.match(
      messageOf(() => parseRows(text, "old.json")),
      /old\.json holds no rows/,
    );
  }
  const rows = [timedRow("conv2d", [1, 2, 3])];
  assert.equal(parseRows(JSON.stringify(rows), "old.json"), rows);
});

test.run();
