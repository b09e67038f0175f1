// A row of a benchmark's results: what was run, how long it took, and its share of the adapter's peak. The same rows go
// to the terminal, to JSON files, to the report and into the README.
import type { Profile } from "../../engine/device/adapter.js";

export const suites = ["roofline", "kernels", "generator", "step", "nce", "overhead"] as const;
export type Suite = (typeof suites)[number];

export interface Timing {
  median: number;
  min: number;
  max: number;
}

export interface BenchRow {
  suite: Suite;
  /** The measured thing: an operator's name ("conv2d", "conv2dWeightGradient"), or a quantity ("fma", "replay"). */
  kernel: string;
  /** The operator's variant, or "default" where there is no choice. */
  variant: string;
  /** For people and as a key: "3x3 reflect 64->64 at 64x64". */
  shape: string;
  dtype: "f32";
  /** The adapter's name. Files are only compared if it is the same, and so is the profile. */
  adapter: string;
  profile: Profile;
  /** Measured repetitions; 0 where it could not run. */
  runs: number;
  /** Milliseconds per run; null where it could not run, and `note` says why. */
  ms: Timing | null;
  /** Nominal FLOPs, and bytes that must move: inputs read once, the output written once. */
  flops: number;
  bytes: number;
  /** Rates of the median; in the suite "roofline", which gives ceilings, of the fastest run. */
  gflops: number | null;
  gbps: number | null;
  /** Share of the adapter's maximum at this arithmetic intensity: min(FMA rate, intensity x bandwidth). */
  roofline: number | null;
  /** The float64 reference in plain TypeScript, one thread; null where it was not run. */
  reference_ms: number | null;
  /** Other engines on the same adapter; ratio = their median / ours. */
  peers: { [name: string]: { ms: number; ratio: number } };
  /** Other figures of the row, by name with the unit in it: { bytes_in_use: 3e7, js_us_per_dispatch: 1.2 }. */
  figures?: { [name: string]: number };
  /** Why there is no time, or another remark. */
  note?: string;
}
