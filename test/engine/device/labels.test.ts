// Labels name the part of a model that is at work, in messages and on GPU buffers.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Labels } from "../../../engine/device/labels.js";

test("labels nest, and end with the work, also where it throws", () => {
  const labels = new Labels();
  assert.is(
    labels.within("G", () => labels.within("model.1", () => labels.prefix)),
    "G.model.1: ",
  );
  assert.throws(() =>
    labels.within("G", () => {
      throw new Error("inside");
    }),
  );
  assert.is(labels.prefix, "");
});

test.run();
