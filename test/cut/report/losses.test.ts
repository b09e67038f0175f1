// What a report keeps of the losses of a run.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LossHistory, type LossRow } from "../../../cut/report/losses.js";

const row: LossRow = { step: 1, epoch: 1, seconds: 0.1, lr: 2e-4, G_GAN: 0.5, D_real: 0.25, NCE: 5, NCE_4: 4 };

test("the names of losses keep their order and leave out the fixed columns", () => {
  const losses = new LossHistory();
  losses.add(row);
  losses.add({ ...row, step: 2, NCE_8: 1 });
  assert.equal(losses.names, ["G_GAN", "D_real", "NCE", "NCE_4", "NCE_8"]);
  assert.is(losses.last?.step, 2);
});

test("time is counted for all rows, those too that one stands for", () => {
  const losses = new LossHistory();
  losses.add(row);
  losses.add({ ...row, step: 2, seconds: 0.3 }, 3);
  assert.ok(Math.abs(losses.seconds - 1) < 1e-12);
  assert.ok(Math.abs(losses.secondsPerStep - 0.25) < 1e-12);
});

test.run();
