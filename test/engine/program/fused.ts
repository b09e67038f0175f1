// What a recording makes of work with and without the fusion of elementwise operators.

import type { Gpu } from "../../../engine/core/gpu.js";
import type { Shape, Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { relativeError } from "../../support/goldens.js";
import { uniform, upload } from "../../support/gpu.js";

/** The kernels of `work`, which makes tensors, and the relative error of each against those made without fusion. */
export async function fused(
  gpu: Gpu,
  work: () => Tensor[],
): Promise<{ kernels: string[]; errors: number[]; bytes: number[] }> {
  const read = async (fusePointwise: boolean) => {
    const { program, result } = await engine.record(gpu, work, new engine.Arena(), { fusePointwise });
    program.replay();
    const values = await Promise.all(result.map((y) => y.read()));
    const found = { kernels: program.kernels(), bytes: program.bytes, values };
    program.dispose();
    return found;
  };
  const [apart, together] = [await read(false), await read(true)];
  const errors = together.values.map((values, i) => relativeError(values, Float64Array.from(apart.values[i])));
  return { kernels: together.kernels, errors, bytes: [apart.bytes, together.bytes] };
}

export const tensorOf = (gpu: Gpu, shape: Shape, seed = 1, low = -1, high = 1) =>
  upload(gpu, uniform(new Random(seed), shape, low, high));
