// What a suite is made of: cases, each of which knows its name before it runs (for filters, progress and lists) and
// gives one row. A case says what it measured; bench/measurement/rating.ts makes the row of it, with rates and the
// share of the roofline.
import type { Cost } from "../../engine/core/operator.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { PeerJob } from "../peers/jobs.js";
import type { Measurement } from "./measure.js";
import type { Suite } from "./row.js";

/** What the adapter can do at most, as measured on it. */
export interface Ceilings {
  /** Multiply-adds, two FLOPs each. */
  gflops: number;
  /** Bytes that storage buffers give and take, the better of reading and copying. */
  gbps: number;
}

/** What only the surroundings can give (Node, or a page). */
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

/** What a case and its row are called by. */
export type CaseIdentity = Pick<BenchCase, "suite" | "kernel" | "variant" | "shape">;

/** What a filter is looked for in, and by which rows of two files are compared. */
export const caseName = ({ suite, kernel, variant, shape }: CaseIdentity): string =>
  [suite, kernel, shape, variant].filter(Boolean).join(" ");
