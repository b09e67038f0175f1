// PatchNCE composed of plain operators, with every similarity stored: what the fused operators are measured against. There is no
// exponential among the operators; log-sum-exp is folded pairwise, log(e^a + e^b) = a + softplus(b - a), halving the keys
// until one is left. The own key stands among the negatives in place of the masked one, which is worth e^(-10 / tau), nothing.

import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { slice } from "../../engine/operators/batch/index.js";
import { linear, matmul } from "../../engine/operators/matmul/index.js";
import { gatherPositions, l2Normalize } from "../../engine/operators/patch-nce/index.js";
import type { Head } from "../../engine/operators/patch-nce/path.js";
import { add, mul, relu, scale, softplus, sub } from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";

/** log(sum(exp(x))) over the first axis of x [2^n, rows] -> [rows]. */
function logSumExp(x: Tensor): Tensor {
  const [keys, rows] = x.shape;
  if (keys === 1) return reshape(x, [rows]);
  const a = slice(x, 0, keys / 2);
  const b = slice(x, keys / 2, keys);
  return logSumExp(add(a, softplus(sub(b, a))));
}

/** A loss a row [P] of unit rows q and k [P, C'], P a power of two, as patchNce makes for one group. */
export function composedPatchNce(q: Tensor, k: Tensor, tau: number): Tensor {
  const logits = scale(matmul(k, q, { transposeB: true }), 1 / tau);
  const own = scale(sum(mul(q, k), [1]), 1 / tau);
  return sub(logSumExp(logits), own);
}

/** A loss a row [P], as patchNcePath makes for one image: x [1, C, H, W], ids [P] with P a power of two, keys k [P, C']. */
export function composedPatchNcePath(x: Tensor, ids: Tensor, { w1, b1, w2, b2 }: Head, k: Tensor, tau: number): Tensor {
  const q = l2Normalize(linear(relu(linear(gatherPositions(x, ids), w1, b1)), w2, b2));
  return composedPatchNce(q, k, tau);
}
