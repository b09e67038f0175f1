// The learning rate by epoch, against the values that the reference's schedulers give.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { learningRateFactor } from "../../../cut/training/learning-rate.js";

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

const cut = { n_epochs: 200, n_epochs_decay: 200, lr_decay_iters: 50, epoch_count: 1 };
const fastCut = { ...cut, n_epochs: 150, n_epochs_decay: 50 };

test("linear: constant, then down to nearly nothing", () => {
  const lr = (options: typeof cut, epoch: number) => 2e-4 * learningRateFactor("linear", options, epoch);
  for (const [epoch, expected] of [
    [1, 2e-4],
    [200, 2e-4],
    [201, 1.99e-4],
    [300, 1.005e-4],
    [400, 9.95e-7],
  ]) {
    near(lr(cut, epoch), expected, 0.0005 * expected);
  }
  near(lr(fastCut, 150), 2e-4, 1e-12);
  near(lr(fastCut, 151), 1.961e-4, 1e-7);
  near(lr(fastCut, 200), 3.92e-6, 1e-8);
});

test("linear depends on the epoch's number alone, not on where the run began", () => {
  assert.is(learningRateFactor("linear", { ...cut, epoch_count: 150 }, 250), learningRateFactor("linear", cut, 250));
});

test("step: a tenth after every lr_decay_iters epochs", () => {
  assert.is(learningRateFactor("step", cut, 50), 1);
  near(learningRateFactor("step", cut, 51), 0.1, 1e-12);
  near(learningRateFactor("step", cut, 101), 0.01, 1e-12);
});

test("cosine: half at n_epochs / 2, zero at n_epochs, then up again as PyTorch's does", () => {
  assert.is(learningRateFactor("cosine", cut, 1), 1);
  near(learningRateFactor("cosine", cut, 101), 0.5, 1e-12);
  near(learningRateFactor("cosine", cut, 201), 0, 1e-12);
  near(learningRateFactor("cosine", cut, 301), 0.5, 1e-12);
});

test.run();
