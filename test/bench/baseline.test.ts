// The verdict on an earlier file: slower beyond the spread of both runs, and another adapter.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareWithBaseline } from "../../bench/baseline.js";
import { messageOf } from "../support/gpu.js";
import { timedRow } from "./support/rows.js";

const names = (changes: { name: string }[]) => changes.map(({ name }) => name.split(" ")[1]);

test("slower and faster are what lies beyond the spread of both runs and 5 %", () => {
  const before = [
    timedRow("steady", [9, 10, 11]),
    timedRow("noisy", [5, 10, 15]),
    timedRow("slower", [9, 10, 11]),
    timedRow("slightly", [10, 10, 10]),
    timedRow("faster", [9.5, 10, 10.5]),
    timedRow("gone", [1, 1, 1]),
  ];
  const now = [
    timedRow("steady", [9.5, 10.5, 12]),
    timedRow("noisy", [12, 14, 16]),
    timedRow("slower", [12, 13, 14]),
    timedRow("slightly", [10.4, 10.4, 10.4]),
    timedRow("faster", [4, 5, 6]),
    timedRow("new", [1, 1, 1]),
  ];
  const { slower, faster, compared } = compareWithBaseline(now, before);
  assert.equal(names(slower), ["slower"]);
  assert.equal(names(faster), ["faster"]);
  assert.is(compared, 5);
});

test("a row that has no time any more is lost, and one that never had any is not compared", () => {
  const failed = { ms: null, note: "could not run: too large" };
  const before = [timedRow("fits", [1, 1, 1]), timedRow("lost", [1, 2, 3]), timedRow("never", [1, 1, 1], failed)];
  const now = [timedRow("fits", [1, 1, 1]), timedRow("lost", [1, 1, 1], failed), timedRow("never", [1, 1, 1], failed)];
  const { slower, lost, compared } = compareWithBaseline(now, before);
  assert.equal(slower, []);
  assert.equal(names(lost), ["lost"]);
  assert.equal(
    lost.map(({ before, why }) => [before, why]),
    [[2, failed.note]],
  );
  assert.is(compared, 2);
});

test("another adapter or profile is refused with both names, and so are files without a common row", () => {
  const other = [timedRow("conv2d", [1, 1, 1], { adapter: "NVIDIA H100" })];
  assert.match(
    messageOf(() => compareWithBaseline([timedRow("conv2d", [1, 1, 1])], other)),
    /"NVIDIA H100".*"lavapipe"/,
  );
  const plain = [timedRow("conv2d", [1, 1, 1], { profile: "gpu" })];
  assert.match(
    messageOf(() => compareWithBaseline([timedRow("conv2d", [1, 1, 1])], plain)),
    /kernels of profile gpu, and this run has those of software/,
  );
  assert.match(
    messageOf(() => compareWithBaseline([timedRow("a", [1, 1, 1])], [timedRow("b", [1, 1, 1])])),
    /a time of none of these rows/,
  );
});

test.run();
