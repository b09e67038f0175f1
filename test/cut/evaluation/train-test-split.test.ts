// The pictures that are not trained on.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { canSplit, trainTestSplit } from "../../../cut/evaluation/train-test-split.js";

test("every tenth picture is set aside, at most fifty, and none is lost", () => {
  for (const count of [20, 99, 100, 1000, 12345]) {
    const all = Array.from({ length: count }, (_, i) => i);
    const { train, test: aside } = trainTestSplit(all);
    assert.is(aside.length, Math.min(Math.floor(count / 10), Math.floor(count / Math.ceil(count / 50))));
    assert.ok(aside.length >= 2 && aside.length <= 50, `${aside.length} of ${count}`);
    assert.equal(
      [...train, ...aside].sort((a, b) => a - b),
      all,
    );
  }
  assert.equal(trainTestSplit(["a", ..."bcdefghij", "k"]).test, ["j"]);
});

test("few pictures are all trained on", () => {
  assert.not.ok(canSplit(19, 400));
  assert.ok(canSplit(20, 20));
});

test.run();
