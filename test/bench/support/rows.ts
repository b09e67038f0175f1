// A row as the benchmark gives it, for tests of what is done with rows.
import type { BenchRow } from "../../../bench/measurement/row.js";

/** A row of the suite "kernels" that took ten milliseconds, but for what is given. */
export const benchRow = (given: Partial<BenchRow> = {}): BenchRow => ({
  suite: "kernels",
  kernel: "conv2d",
  variant: "tiled",
  shape: "3x3 64->64 at 64x64",
  dtype: "f32",
  adapter: "lavapipe",
  profile: "software",
  runs: 5,
  ms: { median: 10, min: 9, max: 11 },
  flops: 2e9,
  bytes: 1e6,
  gflops: 12.5,
  gbps: 0.1,
  roofline: 0.312,
  reference_ms: 170,
  peers: {},
  ...given,
});

/** A row of a kernel by its least, median and greatest time. */
export const timedRow = (
  kernel: string,
  [min, median, max]: readonly [number, number, number],
  more: Partial<BenchRow> = {},
): BenchRow => benchRow({ kernel, ms: { median, min, max }, ...more });
