// The benchmark as a library, for Node and for pages: choose suites, run them on a device, get rows. Nothing here
// reads files or starts processes; `around` and `peers` provide what only Node can do. bench/README.md describes the
// rest.

/** @module cutgpu/bench */

import type { Gpu } from "../engine/core/gpu.js";
import { loadSoftwareKernels } from "../engine/device/software-kernels.js";
import { CutgpuError } from "../engine/lib/errors.js";
import {
  type BenchCase,
  type BenchContext,
  type Ceilings,
  caseName,
  type Outcome,
  type Surroundings,
} from "./measurement/case.js";
import { ceilingsOf, givesCeiling, rowOf } from "./measurement/rating.js";
import { type BenchRow, type Suite, suites, type Timing } from "./measurement/row.js";
import type { PeerJob } from "./peers/jobs.js";
import { generatorCases } from "./suites/generator.js";
import { kernelCases } from "./suites/kernels.js";
import { nceCases } from "./suites/nce.js";
import { overheadCases } from "./suites/overhead.js";
import { rooflineCases } from "./suites/roofline.js";
import { stepCases } from "./suites/training-steps.js";

export { adapterName } from "../engine/device/adapter.js";
export type { BenchCase, Ceilings, Surroundings } from "./measurement/case.js";
export { caseName } from "./measurement/case.js";
export { type Measurement, type MeasureOptions, measure } from "./measurement/measure.js";
export { ceilingsOf, rowOf, shareOf } from "./measurement/rating.js";
export { type BenchRow, type Suite, suites, type Timing } from "./measurement/row.js";

/** Medians of other engines by name, for the jobs that cases carry. */
export type PeerTimes = ReadonlyMap<string, readonly { peer: string; ms: Timing | null }[]>;

export interface BenchOptions {
  /** All by default. */
  suites?: readonly Suite[];
  /** Only rows whose name ("suite kernel shape variant") contains this text; case is ignored. */
  filter?: string;
  signal?: AbortSignal;
  /** Called with each row when it is done. */
  onRow?(row: BenchRow): void;
  /** Called before each row. */
  onProgress?(progress: { done: number; total: number; next: string }): void;
  /** Times of other engines, by the job's id. */
  peers?: PeerTimes;
  /** The peak rates that rows are rated by, as ceilingsOf takes them from earlier rows; measured first by default. */
  ceilings?: Ceilings;
  around?: Surroundings;
}

/** After this many milliseconds the reference is not repeated. */
const REFERENCE_MS = 300;

/** Every case of some suites, in the order of the suites. */
export function casesOf(gpu: Gpu, chosen: readonly Suite[] = suites): BenchCase[] {
  const makers: Record<Suite, () => BenchCase[]> = {
    roofline: () => rooflineCases(gpu),
    kernels: () => kernelCases(gpu),
    generator: generatorCases,
    step: stepCases,
    nce: nceCases,
    overhead: overheadCases,
  };
  return suites.filter((suite) => chosen.includes(suite)).flatMap((suite) => makers[suite]());
}

const matches = (name: string, filter: string) => name.toLowerCase().includes(filter.toLowerCase());

/** The cases that the options select. Throws a CutgpuError that lists all if a filter matches none. */
export function chooseCases(gpu: Gpu, { suites: chosen = suites, filter = "" }: BenchOptions): BenchCase[] {
  const all = casesOf(gpu, chosen);
  const matching = all.filter((each) => matches(caseName(each), filter));
  if (matching.length > 0) return matching;
  const kernels = [...new Set(all.map(({ kernel }) => kernel))];
  throw new CutgpuError(
    "FILTER",
    `no row of ${chosen.join(", ")} has "${filter}" in its name`,
    `There are: ${kernels.join(", ")}; also shapes such as "${all[0].shape}".`,
  );
}

/**
 * Runs the chosen cases and returns their rows. Ceilings that are not given are measured first in any case, because
 * every row is rated by them. A case that the adapter cannot do becomes a row without a time and with the reason.
 * Throws the signal's reason when it is aborted, a CutgpuError where the filter matches nothing, and the errors of a
 * lost device.
 */
export async function runBench(gpu: Gpu, options: BenchOptions = {}): Promise<BenchRow[]> {
  const { signal, onRow, onProgress, peers, around = {} } = options;
  // All kernels that the adapter can run are measured.
  await loadSoftwareKernels();
  const cases = chooseCases(gpu, options);
  const references = new Map<string, number>();
  const reference = (key: string, work: () => void) => {
    let ms = references.get(key);
    if (ms === undefined) {
      ms = bestOf(work);
      references.set(key, ms);
    }
    return ms;
  };
  const bare = { gpu, signal, around, reference };
  const ceilingCases = options.ceilings ? [] : rooflineCases(gpu).filter(givesCeiling);
  const total = new Set([...ceilingCases, ...cases].map(caseName)).size;
  let done = 0;
  const attempt = async (each: BenchCase, ceilings: Ceilings): Promise<Outcome> => {
    signal?.throwIfAborted();
    onProgress?.({ done, total, next: caseName(each) });
    done++;
    return runCase(each, { ...bare, ceilings });
  };
  const none = { gflops: 0, gbps: 0 };
  const measured = new Map<string, Outcome>();
  const unrated: BenchRow[] = [];
  for (const each of ceilingCases) {
    const outcome = await attempt(each, none);
    measured.set(caseName(each), outcome);
    unrated.push(rowOf(gpu, each, outcome, none));
  }
  const ceilings = options.ceilings ?? ceilingsOf(unrated);
  const rows: BenchRow[] = [];
  for (const each of cases) {
    const outcome = measured.get(caseName(each)) ?? (await attempt(each, ceilings));
    const row = rowOf(gpu, each, outcome, ceilings, each.job && peers ? peers.get(each.job.id) : undefined);
    rows.push(row);
    onRow?.(row);
  }
  onProgress?.({ done: total, total, next: "" });
  return rows;
}

/** The shortest of three times in milliseconds, or of fewer where they are long. No other warm-up is needed. */
function bestOf(work: () => void): number {
  let [best, spent] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < 3 && spent < REFERENCE_MS; i++) {
    const start = performance.now();
    work();
    const ms = performance.now() - start;
    best = Math.min(best, ms);
    spent += ms;
  }
  return best;
}

/** The jobs of these cases for other engines, each once. */
export function jobsOf(cases: readonly BenchCase[]): PeerJob[] {
  return [...new Map(cases.flatMap(({ job }) => (job ? [[job.id, job] as const] : []))).values()];
}

async function runCase(each: BenchCase, context: BenchContext): Promise<Outcome> {
  try {
    return await each.run(context);
  } catch (error) {
    // Limits and drivers' refusals affect one row; a lost device affects all, and defects must be visible.
    if (!(error instanceof CutgpuError) || context.gpu.failure) throw error;
    return { measurement: null, flops: 0, bytes: 0, note: `could not run: ${error.message}` };
  }
}
