// The advice on an adapter's limits.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { adviseOnLimit } from "../../../cut/options/limit-advice.js";
import { LimitError, ShapeError } from "../../../engine/core/errors.js";

function thrownFor(error: unknown): unknown {
  try {
    adviseOnLimit(error);
  } catch (thrown) {
    return thrown;
  }
}

test("a limit gets the options to lower, whatever the engine advised, and keeps its message", () => {
  const limit = new LimitError("[1,64,4096,4096] needs 4096 MiB", "Use smaller tensors.");
  const advised = thrownFor(limit) as LimitError;
  assert.instance(advised, LimitError);
  assert.is(advised.message, limit.message);
  assert.is(advised.fix, "Lower --crop_size, --batch_size or --ngf (for translation: --size).");
  assert.is(advised.cause, limit);
});

test("other errors pass as they are", () => {
  for (const error of [new ShapeError("no"), new Error("no"), "no"]) assert.is(thrownFor(error), error);
});

test.run();
