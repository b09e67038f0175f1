// Rows from files: what is no file of rows is named.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseRows } from "../../../bench/measurement/row.js";
import { messageOf } from "../../support/gpu.js";
import { timedRow } from "../support/rows.js";

test("a file that holds no rows is named", () => {
  for (const text of ["", "{}", "[]", "[1]", '[{"suite": "kernels"}]']) {
    assert.match(
      messageOf(() => parseRows(text, "old.json")),
      /old\.json holds no rows/,
    );
  }
  const rows = [timedRow("conv2d", [1, 2, 3])];
  assert.equal(parseRows(JSON.stringify(rows), "old.json"), rows);
});

test.run();
