// The memory of a training step, planned before it runs: networks, optimizers and recorded programs are made on an
// engine that only counts, so the plan is exact and needs no GPU.
import type { AdapterTraits } from "../../engine/device/adapter.js";
import { planningGpu } from "../../engine/open/planning.js";
import type { BatchSize, MakeMethod } from "../methods/method.js";
import type { TrainOptions } from "../options/train-schema.js";
import { TrainingStep } from "./training-step.js";

export interface StepPlan {
  /** Bytes of all buffers: parameters, Adam's moments, and a step's working memory. */
  bytes: number;
  /** The share of parameters and moments. */
  modelBytes: number;
}

/**
 * The memory of training on an adapter with these traits, for batches of a size. Throws a LimitError
 * where one tensor would be larger than `maxBufferSize` (bytes). `make` is for a method of your own.
 *
 * @example
 * ```ts
 * import { planStep, resolveOptions } from "cutgpu/cut";
 *
 * const options = resolveOptions({ dataroot: "pictures", ngf: 16, ndf: 16, low_memory: true });
 * const adapter = { profile: "gpu", subgroupSize: 32 } as const;
 * const { bytes } = await planStep(options, { batch: 1, height: 128, width: 128 }, adapter);
 * console.log(`${Math.round(bytes / 2 ** 20)} MiB`);
 * ```
 */
export async function planStep(
  options: TrainOptions,
  size: BatchSize,
  adapter: AdapterTraits,
  maxBufferSize?: number,
  make?: MakeMethod,
): Promise<StepPlan> {
  const gpu = planningGpu(adapter, maxBufferSize);
  const step = new TrainingStep(gpu, options, make);
  const modelBytes = gpu.memory().liveBytes;
  for (const kind of step.method.kinds) await step.prepare(size, kind);
  return { bytes: gpu.memory().liveBytes, modelBytes };
}
