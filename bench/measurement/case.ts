// The cases of suites. Each has its name before it runs (for filters, progress and lists) and gives one row: it returns
// its measurement, and bench/measurement/rating.ts makes the row, with rates and the share of the roofline.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Cost } from "../../engine/core/operator.js";
import type { PeerJob } from "../peers/jobs.js";
import type { Measurement } from "./measure.js";
import type { Suite } from "./row.js";

/** The adapter's peak rates, as measured on it. */
export interface Ceilings {
  /** Multiply-adds, two FLOPs each. */
  gflops: number;
  /** Bandwidth of storage buffers, the higher of reading and copying. */
  gbps: number;
}

/** Measurements that depend on the surroundings (Node, or a page). */
export interface Surroundings {
  /** Bytes of the JavaScript heap after a collection. */
  heapBytes?(): number;
  /** Milliseconds to the first step of the demo's size in a new process: shader cache empty, then filled. */
  coldStart?(): Promise<{ cold: number; warm: number }>;
}

export interface BenchContext {
  readonly gpu: Gpu;
  readonly signal?: AbortSignal;
  readonly ceilings: Ceilings;
  readonly around: Surroundings;
  /** Milliseconds of the float64 reference, run once for each key. */
  reference(key: string, work: () => void): number;
}

export interface Outcome extends Cost {
  measurement: Measurement | null;
  reference_ms?: number | null;
  figures?: { [name: string]: number };
  note?: string;
}

export interface BenchCase {
  suite: Suite;
  kernel: string;
  variant: string;
  shape: string;
  /** Operators whose work this case rates. */
  operators?: readonly string[];
  /** The same work for other engines. */
  job?: PeerJob;
  run(context: BenchContext): Promise<Outcome>;
}

/** The parts of the name of a case and its row. */
export type CaseIdentity = Pick<BenchCase, "suite" | "kernel" | "variant" | "shape">;

/** The text that filters search, and the key by which rows of two files are compared. */
export const caseName = ({ suite, kernel, variant, shape }: CaseIdentity): string =>
  [suite, kernel, shape, variant].filter(Boolean).join(" ");
