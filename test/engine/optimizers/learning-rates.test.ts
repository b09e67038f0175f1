// Learning-rate schedules at a few steps, as PyTorch's schedulers give them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as rates from "../../../engine/optimizers/learning-rates.js";

const at = (steps: readonly number[], schedule: (step: number) => number) =>
  steps.map((step) => Number(schedule(step).toPrecision(9)));

test("schedules", () => {
  assert.equal(
    at([0, 2, 3, 6], (step) => rates.stepLr(1, step, 3, 0.5)),
    [1, 1, 0.5, 0.25],
  );
  assert.equal(
    at([0, 2, 5, 9], (step) => rates.multiStepLr(1, step, [2, 5])),
    [1, 0.1, 0.01, 0.01],
  );
  assert.equal(
    at([0, 3], (step) => rates.exponentialLr(2, step, 0.5)),
    [2, 0.25],
  );
  assert.equal(
    at([0, 2, 4, 7], (step) => rates.linearLr(1, step, 4, 0.5)),
    [0.5, 0.75, 1, 1],
  );
  assert.equal(
    at([0, 5, 10], (step) => rates.cosineAnnealingLr(1, step, 10, 0.2)),
    [1, 0.6, 0.2],
  );
});

test.run();
