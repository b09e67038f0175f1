// From measurements to rows: the share of the roofline, other engines beside ours, and rows that say why they have no
// time.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { shareOf } from "../../../bench/index.js";
import { measure } from "../../../bench/measurement/measure.js";
import { rowOf } from "../../../bench/measurement/rating.js";
import type { BenchRow } from "../../../bench/measurement/row.js";
import { LimitError } from "../../../engine/lib/errors.js";
import { testGpu } from "../../support/gpu.js";

test("the share of the roofline is that of the tighter ceiling", () => {
  const ceilings = { gflops: 100, gbps: 10 };
  assert.is(shareOf(1e8, 1e3, 2, ceilings), 0.5, "bound by arithmetic: 1 ms at best");
  assert.is(shareOf(1e3, 1e7, 4, ceilings), 0.25, "bound by memory: 1 ms at best");
  assert.is(shareOf(0, 0, 1, ceilings), null);
});

test("peers' medians become ratios", async () => {
  const gpu = await testGpu("software");
  const measurement = {
    runs: 5,
    ms: { median: 2, min: 1, max: 3 },
    clock: "wall",
    repeats: 1,
    dispatches: 1,
    bytes: 0,
  } as const;
  const which = { suite: "kernels", kernel: "matmul", variant: "tiled", shape: "s" } as const;
  const others = [
    { peer: "tfjs", ms: { median: 8, min: 8, max: 8 } },
    { peer: "onnxruntime", ms: null },
  ];
  const row: BenchRow = rowOf(gpu, which, { measurement, flops: 4e6, bytes: 0 }, { gflops: 4, gbps: 1 }, others);
  assert.equal(row.peers, { tfjs: { ms: 8, ratio: 4 } });
  assert.is(row.gflops, 2);
  assert.is(row.roofline, 0.5);
  assert.is(row.figures?.["wall_clock"], 1);
});

test("what exceeds the adapter's limits gives a row that says so", async () => {
  const gpu = await testGpu("software");
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  let caught: unknown;
  await measure(gpu, () => gpu.empty([limit])).catch((error: unknown) => {
    caught = error;
  });
  assert.instance(caught, LimitError);
  const which = { suite: "kernels", kernel: "relu", variant: "default", shape: "s" } as const;
  const outcome = { measurement: null, flops: 0, bytes: 0, note: "could not run: too large" };
  const row = rowOf(gpu, which, outcome, { gflops: 1, gbps: 1 });
  assert.equal([row.ms, row.runs, row.gflops, row.note], [null, 0, null, "could not run: too large"]);
});

test.run();
