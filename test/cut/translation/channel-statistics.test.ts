// Statistics gathered part by part are those of the whole.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ChannelStatistics } from "../../../cut/translation/channel-statistics.js";

const meanOf = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
const varianceOf = (values: number[]) => meanOf(values.map((v) => (v - meanOf(values)) ** 2));

test("parts of other sizes, means and deviations, also where the mean is large", () => {
  // Whole numbers and dyadic means, so that nothing is rounded.
  const parts = [[1, 3], [10, 10, 12, 16], [-5], [2 ** 20, 2 ** 20 + 2]];
  const statistics = new ChannelStatistics(2);
  for (const part of parts) {
    const shifted = part.map((v) => 4 * v + 2 ** 22);
    statistics.add(part.length, [meanOf(part), meanOf(shifted)], [varianceOf(part), varianceOf(shifted)]);
  }
  const all = parts.flat();
  const shifted = all.map((v) => 4 * v + 2 ** 22);
  for (const [c, values] of [all, shifted].entries()) {
    assert.ok(Math.abs(statistics.mean[c] / meanOf(values) - 1) < 1e-14);
    assert.ok(Math.abs(statistics.variance[c] / varianceOf(values) - 1) < 1e-14);
  }
});

test("digits survive where the mean is a million deviations", () => {
  const statistics = new ChannelStatistics(1);
  for (let i = 0; i < 1000; i++) statistics.add(2, [1e6 + (i % 2)], [0.25]);
  // Halves of the parts lie at 1e6 and 1e6 + 1: 0.25 within and 0.25 between.
  assert.ok(Math.abs(statistics.variance[0] - 0.5) < 1e-9);
});

test.run();
