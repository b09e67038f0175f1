// F, the feature network (docs/method.md section 2.4): for every tapped layer a head of two linear layers with a ReLU
// between, followed by L2 normalisation. The reference creates heads at the first forward pass; here the shapes are
// known at the start.

import type { Gpu } from "../../engine/core/gpu.js";
import type { Shape, Tensor } from "../../engine/core/tensor.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { linear } from "../../engine/operators/matmul/index.js";
import { type Head, l2Normalize } from "../../engine/operators/patch-nce/index.js";
import { relu } from "../../engine/operators/pointwise/index.js";
import { makeParameters, type ParameterShapes, type Parameters } from "./network.js";

export interface HeadsArchitecture {
  /** Channels of the feature maps, one entry per tapped layer. */
  channels: readonly number[];
  /** Width of the patch features (netF_nc). */
  width: number;
}

export class Heads {
  readonly parameters: Parameters;

  constructor(gpu: Gpu, architecture: HeadsArchitecture) {
    this.parameters = makeParameters(gpu, Heads.shapes(architecture));
  }

  /** Shapes of the parameters by key, in order of definition. */
  static shapes({ channels, width }: HeadsArchitecture): ParameterShapes {
    const shapes = new Map<string, Shape>();
    channels.forEach((count, i) => {
      shapes.set(`mlp_${i}.0.weight`, [width, count]).set(`mlp_${i}.0.bias`, [width]);
      shapes.set(`mlp_${i}.2.weight`, [width, width]).set(`mlp_${i}.2.bias`, [width]);
    });
    return shapes;
  }

  /** The head of tap number `i`. */
  head(i: number): Head {
    const get = (name: string) => this.parameters.get(`mlp_${i}.${name}`) as Tensor;
    return { w1: get("0.weight"), b1: get("0.bias"), w2: get("2.weight"), b2: get("2.bias") };
  }
}

/**
 * Unit rows [N * P, width] of patches at positions `ids` of a feature map [N, C, H, W], [N, P] or for all pictures [P],
 * with gradients; without a head, of the features themselves. patchKeys gives the same without gradients.
 */
export function unitRows(map: Tensor, ids: Tensor, head: Head | null): Tensor {
  const rows = gatherPositions(map, ids);
  if (!head) return l2Normalize(rows);
  return l2Normalize(linear(relu(linear(rows, head.w1, head.b1)), head.w2, head.b2));
}
