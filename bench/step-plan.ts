// The plan of a training step, counted and not run: dispatches by kernel with the memory that they bind, operators with
// their nominal FLOPs, and the memory of the step. FLOPs are known for operators only: several kernels share an
// operator's work, and recomputation in the backward pass is not nominal. On request the step is run as well, and every
// kernel timed.
import type { BatchSize } from "../cut/methods/method.js";
import type { TrainOptions } from "../cut/options/train-schema.js";
import { TrainingStep } from "../cut/training/training-step.js";
import type { Gpu } from "../engine/core/gpu.js";
import type { Replayable } from "../engine/core/observers.js";
import type { Dispatch } from "../engine/core/recorder.js";
import { type KernelSource, specialize } from "../engine/device/kernel-source.js";
import { makeStep, type StepSize } from "./inputs/random-training-step.js";
import { REPLAYS, timeDispatches } from "./measurement/dispatch-times.js";
import { type ObservedCall, observe, totalCost } from "./measurement/observe.js";

/** A shader with its constants filled in, as passed to the driver. */
export interface PlannedKernel {
  /** The shader's name; `label` also contains the chosen constants. */
  name: string;
  label: string;
  code: string;
  dispatches: number;
  /** Bytes of the tensors that its dispatches bind, in total. */
  bytes: number;
  /** Its dispatches by their grid of workgroups, "16 x 1 x 1". */
  grids: Map<string, PlannedGrid>;
}

/** The dispatches of a kernel in one grid, and their total milliseconds: NaN if they were not timed. */
export interface PlannedGrid {
  dispatches: number;
  ms: number;
}

export interface PlannedOperator {
  operator: string;
  calls: number;
  flops: number;
}

export interface DispatchPlan {
  /** Sorted by dispatches, descending. */
  kernels: PlannedKernel[];
  /** Sorted by FLOPs, descending. */
  operators: PlannedOperator[];
  dispatches: number;
  /** Bytes that all dispatches bind. */
  bytes: number;
  /** Nominal, and those of the chosen kernels: for Winograd's convolutions those of its products. */
  flops: number;
  realFlops: number;
  /** Bytes of parameters and moments, and of a step's working memory: its inputs and its program. */
  modelBytes: number;
  workBytes: number;
}

/**
 * The plan of a step of the default kind. On a planningGpu nothing is compiled either. `times` come from timeStep for
 * the same step.
 */
export async function planDispatches(
  gpu: Gpu,
  options: TrainOptions,
  size: BatchSize,
  times: readonly number[] = [],
): Promise<DispatchPlan> {
  const before = gpu.memory().liveBytes;
  const dispatches: Dispatch[] = [];
  const unobserve = gpu.observers.add({ onProgram: (_, recorded) => dispatches.push(...recorded) });
  const step = new TrainingStep(gpu, options);
  try {
    const model = gpu.memory().liveBytes;
    const calls = await observe(gpu, () => step.prepare(size));
    const kernels = kernelsOf(gpu, dispatches, times);
    const operators = new Map<string, PlannedOperator>();
    for (const { operator, flops } of calls) {
      const found = operators.get(operator) ?? { operator, calls: 0, flops: 0 };
      operators.set(operator, { operator, calls: found.calls + 1, flops: found.flops + flops });
    }
    return {
      kernels,
      operators: [...operators.values()].sort((a, b) => b.flops - a.flops),
      dispatches: dispatches.length,
      bytes: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
      flops: totalCost(calls).flops,
      realFlops: calls.reduce((sum, call) => sum + realFlops(call), 0),
      modelBytes: model - before,
      workBytes: gpu.memory().liveBytes - model,
    };
  } finally {
    unobserve();
    step.dispose();
  }
}

/**
 * Milliseconds of each dispatch of a step, run on random pictures. `onProgress` gets the number of runs that are done,
 * and may throw to end them.
 */
export async function timeStep(
  gpu: Gpu,
  size: StepSize,
  training: Record<string, unknown>,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<number[]> {
  const made = makeStep(gpu, size, training);
  const programs: [program: Replayable, count: number][] = [];
  const unobserve = gpu.observers.add({ onProgram: (program, { length }) => programs.push([program, length]) });
  let done = 0;
  const total = 1 + REPLAYS;
  try {
    onProgress(done, total);
    await made.run();
    onProgress(++done, total);
    // The step of the default kind is recorded first.
    return await timeDispatches(gpu, ...programs[0], () => onProgress(++done, total));
  } finally {
    unobserve();
    made.step.dispose();
  }
}

/** FLOPs of a call: nominal, or those of Winograd's products. */
function realFlops({ flops, dispatches }: ObservedCall): number {
  if (!dispatches.some(({ source }) => source.name.startsWith("winograd_"))) return flops;
  const products = dispatches.filter(({ source }) => source.name.startsWith("matmul_"));
  return products.reduce((sum, { params: { batch, m, n, k } }) => sum + 2 * batch * m * n * k, 0);
}

function kernelsOf(gpu: Gpu, dispatches: readonly Dispatch[], times: readonly number[]): PlannedKernel[] {
  const kernels = new Map<string, PlannedKernel>();
  for (const [i, { source, constants, storages, grid }] of dispatches.entries()) {
    const stored = gpu.kernels.halves?.sourceFor(source, storages, constants) ?? source;
    const halves = stored === source ? [] : Object.keys(source.bindings).filter((_, i) => storages[i].half);
    const label = [labelOf(stored, constants), ...halves].join("-");
    let kernel = kernels.get(label);
    if (!kernel) {
      const code = specialize(stored, constants);
      kernel = { name: stored.name, label, code, dispatches: 0, bytes: 0, grids: new Map() };
      kernels.set(label, kernel);
    }
    const size = grid.join(" x ");
    kernel.dispatches++;
    const found = kernel.grids.get(size) ?? { dispatches: 0, ms: 0 };
    kernel.grids.set(size, { dispatches: found.dispatches + 1, ms: found.ms + (times[i] ?? Number.NaN) });
    // A tensor that is bound twice, such as a placeholder for an absent operand, is counted once.
    for (const { bytes } of new Set(storages)) kernel.bytes += bytes;
  }
  return [...kernels.values()].sort((a, b) => b.dispatches - a.dispatches);
}

/** "unary-OP=3-PER_THREAD=1": valid in a file name. */
function labelOf({ name }: KernelSource, constants: Dispatch["constants"]): string {
  return [name, ...Object.entries(constants).map(([constant, value]) => `${constant}=${value}`)].join("-");
}
