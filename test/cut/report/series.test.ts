// Series: what a chart needs of many values, in memory that does not grow.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NamedSeries, Series } from "../../../cut/report/series.js";

function seriesOf(count: number, value: (step: number) => number): Series {
  const series = new Series();
  for (let step = 1; step <= count; step++) series.add(step, value(step));
  return series;
}

test("a short series is kept as it is", () => {
  const points = Array.from({ length: 200 }, (_, i) => ({ step: i + 1, value: Math.sin(i) }));
  const series = seriesOf(200, (step) => Math.sin(step - 1));
  assert.equal(series.outline(), points);
  assert.equal(series.means(), points);
  assert.equal(
    series.sample(),
    points.map(({ value }) => value),
  );
});

test("a long one keeps the extremes of every stretch, and no more points than a short one", () => {
  for (const count of [12_000, 100_000]) {
    const series = seriesOf(count, (step) => (step === 5003 ? 9 : step === 5007 ? -9 : step % 2));
    const kept = series.outline();
    assert.ok(kept.length <= 480 && kept.length >= 240, String(kept.length));
    for (const extreme of [
      { step: 5003, value: 9 },
      { step: 5007, value: -9 },
    ]) {
      assert.ok(kept.some(({ step, value }) => step === extreme.step && value === extreme.value));
    }
    assert.ok(kept.every((point, i) => i === 0 || point.step > kept[i - 1].step));
    assert.is(series.means().at(-1)?.step, count);
  }
});

test("means of stretches are those of their rows, however many each row stands for", () => {
  // A line: the mean of a whole stretch lies in its middle.
  const series = seriesOf(4000, (step) => step);
  for (const [i, { step, value }] of series.means().entries()) {
    const first = i === 0 ? 1 : series.means()[i - 1].step + 1;
    assert.is(value, (first + step) / 2);
  }
  const thinned = new Series();
  for (let step = 1; step <= 4000; step += 4) thinned.add(step, step, 4);
  assert.is(thinned.means().length, series.means().length);
});

test("the moving average of a constant is that constant from the first step", () => {
  for (const count of [3, 1000]) {
    for (const { value } of seriesOf(count, () => 3).smoothed()) assert.ok(Math.abs(value - 3) < 1e-12);
  }
});

test("what is not finite is left out, and a name without values is none", () => {
  const series = new NamedSeries();
  series.add(1, [
    ["a", 1],
    ["b", Number.NaN],
  ]);
  series.add(2, [["c", 2]]);
  assert.equal(series.names, ["a", "c"]);
  assert.equal(series.get("a")?.outline(), [{ step: 1, value: 1 }]);
});

test.run();
