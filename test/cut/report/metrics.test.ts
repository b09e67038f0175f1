// The evaluations of a run: which one is the best.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MetricHistory, type MetricRow } from "../../../cut/report/metrics.js";

const row = (step: number, SWD: number, more: Partial<MetricRow> = {}): MetricRow => {
  const values = { SWD, KID: -SWD };
  return { step, epoch: 1, seconds: 1, run: "a", protocol: "2 and 2", by: "SWD", values, ...more };
};

test("the lowest is the best, the first of equals", () => {
  const metrics = new MetricHistory();
  assert.equal(
    [row(1, 5), row(2, 6), row(3, 4), row(4, 4)].map((each) => metrics.add(each)),
    [true, false, true, false],
  );
  assert.equal([metrics.best?.step, metrics.last?.step], [3, 4]);
  assert.equal(metrics.series.get("SWD")?.outline().length, 4);
});

test("with other pictures, or by another metric, the best begins anew", () => {
  const metrics = new MetricHistory();
  metrics.add(row(1, 5));
  assert.ok(metrics.add(row(2, 9, { protocol: "3 and 3" })));
  assert.not.ok(metrics.add(row(3, 9.5, { protocol: "3 and 3" })));
  assert.ok(metrics.add(row(4, 9.5, { protocol: "3 and 3", by: "KID" })));
  assert.is(metrics.best?.step, 4);
});

test.run();
