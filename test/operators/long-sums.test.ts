// Sums of a million numbers keep their digits, over all elements and over the long axis of a few columns: added one
// after another in f32 they lost four digits, and a variance most of them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { mean, reshape, sum, variance } from "../../engine/index.js";
import { profiles, testGpu } from "../support/gpu.js";

const COUNT = 1_000_000;
const values = Float32Array.from({ length: COUNT }, (_, i) => 0.1 + 1e-3 * Math.sin(i));
const plainSum = (of: ArrayLike<number>) => Array.from(of).reduce((total, value) => total + value, 0);
const total = plainSum(values);

for (const profile of profiles) {
  test(`a million numbers on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor(values);
    const close = (got: number, expected: number, what: string) =>
      assert.ok(Math.abs(got / expected - 1) < 2e-6, `${what}: ${got} in place of ${expected}`);
    const results = gpu.scope(() => [sum(x), mean(x), variance(x), sum(reshape(x, [COUNT / 4, 4]), 0)] as const);
    const [all, average, spread, columns] = await Promise.all(results.map((each) => each.read()));
    close(all[0], total, "sum");
    close(average[0], total / COUNT, "mean");
    close(spread[0], plainSum(values.map((value) => (value - total / COUNT) ** 2)) / (COUNT - 1), "variance");
    const ofColumn = (column: number) => plainSum(values.filter((_, i) => i % 4 === column));
    for (const [column, got] of columns.entries()) close(got, ofColumn(column), `column ${column}`);
    for (const each of [x, ...results]) each.dispose();
  });
}

test.run();
