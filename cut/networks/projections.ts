// F of EnCo (docs/method.md, section 15): for every pair of feature maps a projection, applied to both maps, and a
// predictor, applied to the decoder's only. Batch norm uses the mean and variance of its batch; running statistics,
// which published files carry, are not needed in training and not kept.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import { linear } from "../../engine/operators/matmul/index.js";
import { batchNorm2d } from "../../engine/operators/normalization/index.js";
import { relu } from "../../engine/operators/pointwise/index.js";
import { makeParameters, type Parameters } from "./network.js";

/** w1 [C', C], g1 and b1 [C'], w2 [C', C']. */
export type Projection = Readonly<Record<"w1" | "g1" | "b1" | "w2", Tensor>>;
/** w3 [C' / 2, C'], g3 and b3 [C' / 2], w4 [C', C' / 2], b4 [C']. */
export type Predictor = Readonly<Record<"w3" | "g3" | "b3" | "w4" | "b4", Tensor>>;

/** Rows [n, C] to [n, C']. */
export function project(rows: Tensor, { w1, g1, b1, w2 }: Projection): Tensor {
  const hidden = relu(batchNorm2d(linear(rows, w1), { weight: g1, bias: b1 }));
  return batchNorm2d(linear(hidden, w2));
}

/** Projected rows [n, C'] to predictions of others [n, C']. */
export const predict = (rows: Tensor, { w3, g3, b3, w4, b4 }: Predictor): Tensor =>
  linear(relu(batchNorm2d(linear(rows, w3), { weight: g3, bias: b3 })), w4, b4);

export class Projections {
  readonly parameters: Parameters;

  /** `channels` has one entry for each pair of maps. */
  constructor(gpu: Gpu, channels: readonly number[], width: number) {
    const hidden = Math.ceil(width / 2);
    const shapes = channels.flatMap((count, i): [string, Shape][] => [
      [`mlp_${i}.0.weight`, [width, count]],
      [`mlp_${i}.1.weight`, [width]],
      [`mlp_${i}.1.bias`, [width]],
      [`mlp_${i}.3.weight`, [width, width]],
      [`prj_${i}.0.weight`, [hidden, width]],
      [`prj_${i}.1.weight`, [hidden]],
      [`prj_${i}.1.bias`, [hidden]],
      [`prj_${i}.3.weight`, [width, hidden]],
      [`prj_${i}.3.bias`, [width]],
    ]);
    this.parameters = makeParameters(gpu, new Map(shapes));
  }

  projection(i: number): Projection {
    const get = (name: string) => this.parameters.get(`mlp_${i}.${name}`) as Tensor;
    return { w1: get("0.weight"), g1: get("1.weight"), b1: get("1.bias"), w2: get("3.weight") };
  }

  predictor(i: number): Predictor {
    const get = (name: string) => this.parameters.get(`prj_${i}.${name}`) as Tensor;
    return { w3: get("0.weight"), g3: get("1.weight"), b3: get("1.bias"), w4: get("3.weight"), b4: get("3.bias") };
  }
}
