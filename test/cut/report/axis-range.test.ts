// The range of an axis: spikes and exploding runs do not flatten what else there is, and are named; nothing else is
// left out.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { axisRange, beyondText } from "../../../cut/report/axis-range.js";
import { drawCharts, drawComparison, drawMetrics } from "../../../cut/report/charts.js";
import { LossHistory } from "../../../cut/report/losses.js";
import { NamedSeries } from "../../../cut/report/series.js";

const curve = (name: string, values: number[]) => ({ name, values });
const falling = (from: number, to: number, count = 40) =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

/** The numbers at the axis of a chart. */
const ticksOf = (svg: string): number[] => {
  const axis = svg.split('aria-label="y-axis tick label"')[1].split("</g>")[0];
  return [...axis.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => Number(text.replace("−", "-")));
};

test("usual curves are shown whole", () => {
  for (const [values, more] of [
    [falling(7, 0.1), []],
    [falling(500, 40), [5]],
    [[...new Array<number>(30).fill(0), 3], []],
    [[0.001, 0.001, 0.001, 0.002, 0.9], []],
    [[250], []],
    [falling(-1, -3), falling(2, 4)],
  ]) {
    const curves = more.length > 0 ? [curve("a", values), curve("b", more)] : [curve("a", values)];
    const range = axisRange(curves);
    assert.equal(range, [Math.min(...values, ...more), Math.max(...values, ...more)]);
    assert.is(beyondText(curves, range), "");
  }
});

test("a spike is left out and named, to either side", () => {
  const spiked = curve("SWD", [90, 80, 70, 123_456, 60, 50, -9000, 45]);
  const [low, high] = axisRange([spiked]);
  assert.ok(high >= 90 && high < 200, `${high}`);
  assert.ok(low <= 45 && low > -100, `${low}`);
  assert.is(beyondText([spiked], [low, high]), "Beyond the frame: SWD (down to -9000 and up to 1.23e5).");
});

test("of alike curves one that explodes early, late or from the start is left out", () => {
  const good = [curve("lr=1", falling(5, 1)), curve("lr=2", falling(5, 2))];
  const tail = (from: number) => [...falling(5, 4), ...falling(from, 1e9, 15)];
  for (const wild of [tail(5), falling(1e3, 1e6), [...falling(-1e4, -1e7)]]) {
    const curves = [...good, curve("lr=9", wild)];
    const [low, high] = axisRange(curves, true);
    assert.ok(low > -20 && high >= 5 && high < 20, `${low} to ${high}`);
    assert.match(beyondText(curves, [low, high]), /^Beyond the frame: lr=9 \(/);
  }
  // What is only worse is shown.
  assert.equal(axisRange([...good, curve("lr=9", falling(9, 8))], true), [1, 9]);
});

test("a sweep's chart keeps the scale of the runs that did not explode, and says so", () => {
  const series = new NamedSeries();
  for (let step = 1; step <= 400; step++) {
    series.add(step, [
      ["lr=0.0002", 2 + Math.sin(step) / 4],
      ["lr=0.5", step < 300 ? 5 : 5 * 1.1 ** (step - 300)],
    ]);
  }
  for (const noisy of [true, false]) {
    const { note, svg } = drawComparison({ title: "G", note: "Smoothed.", noisy, series });
    assert.ok(Math.max(...ticksOf(svg)) <= 20, `${ticksOf(svg)}`);
    assert.match(note, /^Smoothed\. Beyond the frame: lr=0\.5 \(up to \d+\)\.$/);
  }
});

test("a spike in a run's evaluations or losses flattens no chart", () => {
  const metrics = new NamedSeries();
  for (let i = 1; i <= 12; i++)
    metrics.add(100 * i, [
      ["SWD", i === 5 ? 40_000 : 100 - i],
      ["SWD floor", 20],
    ]);
  const [chart] = drawMetrics(metrics);
  assert.ok(Math.max(...ticksOf(chart.svg)) <= 250, `${ticksOf(chart.svg)}`);
  assert.match(chart.note, "Beyond the frame: SWD (up to 40000).");

  const losses = new LossHistory();
  for (let step = 1; step <= 2000; step++) {
    losses.add({ step, epoch: 1, seconds: 0, lr: 1, NCE: step > 900 && step < 940 ? 1e7 : 3 });
  }
  const [patches] = drawCharts(losses);
  assert.ok(Math.max(...ticksOf(patches.svg)) <= 20, `${ticksOf(patches.svg)}`);
  assert.match(patches.note, "Beyond the frame: NCE (up to");
});

test.run();
