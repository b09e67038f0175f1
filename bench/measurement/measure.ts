// How long work takes. Recorded work is warmed up (drivers compile at the first dispatch), repeated inside one pass
// if it is so short that the submit's own cost would show, and sampled until its budget is spent. The clock is the
// GPU's own (timestamps around the pass) where it is plausible, else wall time from the submit to the end. Chrome
// rounds timestamps to 100 microseconds and other drivers to their tick, so the tick is measured, not assumed.
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { type Program, record } from "../../engine/program/program.js";
import type { Timing } from "./row.js";
import { between, type Stamps, Timestamps } from "./timestamps.js";

export interface Measurement {
  /** Samples taken. */
  runs: number;
  /** Milliseconds of one execution of the work. */
  ms: Timing;
  clock: "timestamps" | "wall";
  /** Executions in a sample. */
  repeats: number;
  /** Dispatches of one execution, and bytes of the recorded program's own buffers. */
  dispatches: number;
  bytes: number;
}

export interface MeasureOptions {
  /** Milliseconds that sampling may take after the minimum number of samples. */
  budget?: number;
  signal?: AbortSignal;
  /** As for record. */
  fusePointwise?: boolean;
}

/** A smaller budget, for suites of many rows. */
export const SHORT_BUDGET_MS = 300;

const FEWEST_RUNS = 5;
const MOST_RUNS = 50;
/** If the minimum number of samples would take longer than this, as many are taken as fit, and at least one. */
const PATIENCE_MS = 5_000;
/** A sample should last this long, so that overhead around the work is negligible. */
const SAMPLE_MS = { timestamps: 4, wall: 20 };
const MOST_DISPATCHES = 4096;
/** Ticks of a rounded clock that a sample must last to be plausible (2 %). */
const FEWEST_TICKS = 50;

/** Median (the mean of the middle two), minimum and maximum. */
export function timingOf(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2,
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}

/** The greatest common divisor of all stamps in nanoseconds: the clock's tick, if there are enough of them. */
export function tickOf(stamps: readonly bigint[]): number {
  let divisor = 0n;
  for (const stamp of stamps) {
    let [a, b] = [divisor, stamp];
    while (b !== 0n) [a, b] = [b, a % b];
    divisor = a;
  }
  return Number(divisor);
}

/** Runs `work` with timestamps of one pass, its own, since it may not be the only one; null where there are none. */
async function withClock<T>(gpu: Gpu, work: (clock: Timestamps | null) => Promise<T>): Promise<T> {
  const clock = Timestamps.of(gpu, 1);
  try {
    return await work(clock);
  } finally {
    clock?.dispose();
  }
}

interface Sample {
  wall: number;
  stamps: Stamps | null;
}

async function sample(gpu: Gpu, program: Program, clock: Timestamps | null): Promise<Sample> {
  const start = performance.now();
  program.replay(clock?.writes(0));
  const [stamps] = clock ? await clock.read() : [null];
  if (!clock) await gpu.finish();
  return { wall: performance.now() - start, stamps };
}

/** Whether timestamps are plausible: a time above 0, within wall time, and not a few ticks of a rounded clock. */
function believable(samples: readonly Sample[]): boolean {
  const stamps = samples.flatMap(({ stamps }) => stamps ?? []);
  if (stamps.length === 0) return false;
  const tick = tickOf(stamps) / 1e6;
  return samples.every(({ wall, stamps }) => {
    const time = stamps ? between(stamps) : 0;
    return time > 0 && time <= wall * 1.01 + 0.05 && (samples.length < 3 || time >= FEWEST_TICKS * tick);
  });
}

/** The samples' times by the clock that is plausible. */
function judge(samples: readonly Sample[], divisor: number): Pick<Measurement, "runs" | "ms" | "clock"> {
  const clock = believable(samples) ? "timestamps" : "wall";
  const times = samples.map(
    ({ wall, stamps }) => (clock === "timestamps" && stamps ? between(stamps) : wall) / divisor,
  );
  return { runs: samples.length, ms: timingOf(times), clock };
}

/** Milliseconds of one replay, by the clock that is plausible: wall time includes the round trip to the GPU. */
export async function timeReplay(gpu: Gpu, program: Program): Promise<number> {
  return judge([await withClock(gpu, (clock) => sample(gpu, program, clock))], 1).ms.median;
}

/** Runs that a time budget allows for work of `ms` milliseconds. */
export function runsFor(ms: number, budget: number): number {
  if (ms * FEWEST_RUNS > Math.max(PATIENCE_MS, budget)) return Math.max(1, Math.floor(PATIENCE_MS / ms));
  return Math.min(MOST_RUNS, Math.max(FEWEST_RUNS, Math.floor(budget / ms)));
}

/**
 * Records `work` (operators, as in a training step; tensors made outside are its inputs) and times its execution.
 * Throws what recording throws, such as a LimitError where a tensor is too large for the adapter.
 */
export function measure(gpu: Gpu, work: () => unknown, options: MeasureOptions = {}): Promise<Measurement> {
  return withClock(gpu, (clock) => measureBy(clock, gpu, work, options));
}

async function measureBy(
  clock: Timestamps | null,
  gpu: Gpu,
  work: () => unknown,
  { budget = 1000, ...options }: MeasureOptions,
): Promise<Measurement> {
  const prepare = (repeats: number) => {
    const repeated = () => {
      for (let i = 0; i < repeats; i++) gpu.scope(() => void work());
    };
    return record(gpu, repeated, undefined, options);
  };
  let { program } = await prepare(1);
  try {
    const { length: dispatches, bytes } = program;
    if (dispatches === 0) throw new CutgpuError("BENCH", "there is nothing to measure: no kernel was run");
    await sample(gpu, program, clock);
    gpu.check();
    // The second run, since the first one also compiles.
    const trials = [await sample(gpu, program, clock)];
    const wanted = SAMPLE_MS[believable(trials) ? "timestamps" : "wall"];
    // A sample that seems long enough may have waited for another process.
    if (judge(trials, 1).ms.min >= wanted) trials.push(await sample(gpu, program, clock));
    const estimate = Math.max(1e-3, judge(trials, 1).ms.min);
    const repeats = Math.max(1, Math.min(Math.ceil(wanted / estimate), Math.floor(MOST_DISPATCHES / dispatches)));
    if (repeats > 1) {
      program.dispose();
      ({ program } = await prepare(repeats));
      await sample(gpu, program, clock);
    }
    const samples: Sample[] = [];
    const length = estimate * repeats;
    for (let left = runsFor(length, budget); left > 0; left--) {
      options.signal?.throwIfAborted();
      samples.push(await sample(gpu, program, clock));
    }
    gpu.check();
    return { ...judge(samples, repeats), repeats, dispatches, bytes };
  } finally {
    program.dispose();
  }
}

/** Measures the wall time of work that waits for its own end, such as a whole training step. */
export async function measureWall(run: () => Promise<unknown>, options: MeasureOptions = {}): Promise<Measurement> {
  const { budget = 1000, signal } = options;
  const once = async () => {
    signal?.throwIfAborted();
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  await once();
  const times = [await once()];
  for (let left = runsFor(times[0], budget) - 1; left > 0; left--) times.push(await once());
  return wallMeasurement(times);
}

/** Wall times of single executions, as a measurement. */
export function wallMeasurement(times: readonly number[], dispatches = 0): Measurement {
  return { runs: times.length, ms: timingOf(times), clock: "wall", repeats: 1, dispatches, bytes: 0 };
}

/** Wall time in milliseconds of one execution of `run`, until the GPU is done with it. */
export async function wallTime(gpu: Gpu, run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  await gpu.finish();
  return performance.now() - start;
}
