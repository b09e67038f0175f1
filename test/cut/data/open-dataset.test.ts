// How long an epoch is, for forms that know steps and not epochs.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { batchesPerEpoch } from "../../../cut/data/open-dataset.js";

test("an epoch has the batches of the pictures that max_dataset_size leaves, and SinCUT's of crops", () => {
  const of = (model: "cut" | "sincut", max_dataset_size: number | null, pictures: number) =>
    batchesPerEpoch({ model, batch_size: 4, max_dataset_size }, pictures);
  assert.is(of("cut", null, 30), 7);
  assert.is(of("cut", 9, 30), 2);
  assert.is(of("cut", 90, 30), 7);
  assert.is(of("sincut", null, 1), 25_000);
  assert.is(of("sincut", 9, 1), 3);
});

test.run();
