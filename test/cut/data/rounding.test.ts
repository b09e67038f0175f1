// Rounding against Python's: halves go to the even neighbour.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nearestMultipleOf4, roundHalfEven } from "../../../cut/data/rounding.js";

test("halves go to the even neighbour, all else to the nearest", () => {
  assert.equal([0.5, 1.5, 2.5, 3.5].map(roundHalfEven), [0, 2, 2, 4]);
  assert.equal([0.49, 0.51, 2.4999, 7].map(roundHalfEven), [0, 1, 2, 7]);
});

test("sizes become multiples of 4 as Python rounds", () => {
  assert.equal([256, 257, 258, 259, 262].map(nearestMultipleOf4), [256, 256, 256, 260, 264]);
});

test.run();
