// The memory of a training step before there is one: the networks, their optimisers and the recorded programs are made
// on an engine that only counts, so the plan is the step's own and takes no GPU.
import type { AdapterTraits } from "../../engine/device/adapter.js";
import { planningGpu } from "../../engine/device/planning.js";
import { type StepOptions, TrainingStep } from "./training-step.js";

export interface StepPlan {
  /** Bytes of all buffers: parameters, their moments, and what a step works in. */
  bytes: number;
  /** Those of parameters and moments among them. */
  modelBytes: number;
}

/**
 * What training takes on an adapter of these traits, for batches of `batch` pictures per side. Throws a LimitError
 * where one tensor would be larger than `maxBufferSize` (bytes).
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
  options: StepOptions,
  { batch, height, width }: { batch: number; height: number; width: number },
  adapter: AdapterTraits,
  maxBufferSize?: number,
): Promise<StepPlan> {
  const gpu = planningGpu(adapter, maxBufferSize);
  const step = new TrainingStep(gpu, options);
  const modelBytes = gpu.memory().liveBytes;
  for (const flip of options.flip_equivariance ? [false, true] : [false]) {
    await step.prepare(batch, height, width, flip);
  }
  return { bytes: gpu.memory().liveBytes, modelBytes };
}
