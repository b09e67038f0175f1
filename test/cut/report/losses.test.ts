// What a chart makes of the record of a training.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type LossRow, lossNames, outline, smooth } from "../../../cut/report/losses.js";

const row: LossRow = { step: 1, epoch: 1, seconds: 0.1, lr: 2e-4, G_GAN: 0.5, D_real: 0.25, NCE: 5, NCE_4: 4 };
const rows = [row, { ...row, step: 2 }];

test("loss names keep their order and leave out the fixed columns", () => {
  assert.equal(lossNames(rows), ["G_GAN", "D_real", "NCE", "NCE_4"]);
});

test("the outline keeps the extremes of every stretch", () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ step: i, value: i === 503 ? 9 : i === 507 ? -9 : 0 }));
  const kept = outline(points, 20);
  assert.ok(kept.length <= 40);
  assert.ok(kept.some(({ value }) => value === 9) && kept.some(({ value }) => value === -9));
  assert.ok(kept.every((point, i) => i === 0 || point.step > kept[i - 1].step));
  assert.equal(outline(points.slice(0, 30), 20), points.slice(0, 30));
});

test("the moving average of a constant is that constant from the first step", () => {
  for (const { value } of smooth(
    Array.from({ length: 50 }, (_, step) => ({ step, value: 3 })),
    10,
  )) {
    assert.ok(Math.abs(value - 3) < 1e-12);
  }
});

test.run();
