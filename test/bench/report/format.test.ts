// How figures are written, on pages and in columns of plain text.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bytes, digits, logTicks, number, times } from "../../../bench/report/format.js";

test("figures are written with three digits and a unit", () => {
  assert.equal([0, 0.01234, 1.5, 12, 812.34, 19136, 2.147e9].map(number), [
    "0",
    "0.0123",
    "1.5",
    "12",
    "812",
    "19,136",
    "2.15 G",
  ]);
  assert.equal([12, 1536, 3 * 2 ** 29].map(bytes), ["12 B", "1.5 KiB", "1.5 GiB"]);
  assert.is(times(2.5), "2.5×");
  assert.equal(
    logTicks([0.05, 2000], 10, 10).map((tick) => Number(tick.toPrecision(6))),
    [0.1, 1, 10, 100, 1000],
  );
  assert.equal(logTicks([3, 60], 10, 10), [5, 10, 20, 50]);
});

test("in columns of plain text every figure has three digits", () => {
  assert.equal([0, 0.01234, 1.234, 12.34, 1234.5].map(digits), ["0", "0.0123", "1.23", "12.3", "1235"]);
  assert.equal([0.9996, 9.996, 99.96].map(digits), ["1.00", "10.0", "100"]);
});

test.run();
