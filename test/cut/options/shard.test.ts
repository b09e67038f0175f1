// Parts of a list: together they are the list, each item once, and their numbers as an array specification.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberRanges, shardItems, shardSize } from "../../../cut/options/shard.js";

const test = suite("shard");

test("every item is in one part, and parts differ by one item at most", () => {
  for (const [items, count] of [
    [10, 3],
    [3, 5],
    [7, 7],
    [0, 2],
  ]) {
    const list = Array.from({ length: items }, (_, i) => i);
    const parts = Array.from({ length: count }, (_, i) => shardItems(list, { index: i + 1, count }));
    assert.equal(
      parts.flat().sort((a, b) => a - b),
      list,
    );
    const sizes = parts.map(({ length }) => length);
    assert.equal(
      parts.map((_, i) => shardSize(items, { index: i + 1, count })),
      sizes,
    );
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }
});

test("numbers are written as ranges", () => {
  assert.is(numberRanges([1, 3, 4, 5, 9, 10, 20]), "1,3-5,9-10,20");
  assert.is(numberRanges([]), "");
});

test.run();
