// PatchNCE composed of plain operators, with every similarity stored: what the suite "nce" measures the fused operators
// against. There is no exponential among the operators, so log-sum-exp is folded pairwise,
//   log(e^a + e^b) = a + softplus(b - a),
// halving the keys until one is left. The sum contains the positive once, and not CUT's masked entry, which adds a
// negligible e^(-10 / tau).
import {
  add,
  gatherPositions,
  type Head,
  l2Normalize,
  linear,
  matmul,
  mul,
  relu,
  reshape,
  scale,
  slice,
  softplus,
  sub,
  sum,
  type Tensor,
} from "../../engine/index.js";

/** log(sum(exp(x))) over the first axis of x [2^n, rows] -> [rows]. */
function logSumExp(x: Tensor): Tensor {
  const [keys, rows] = x.shape;
  if (keys === 1) return reshape(x, [rows]);
  const a = slice(x, 0, keys / 2);
  const b = slice(x, keys / 2, keys);
  return logSumExp(add(a, softplus(sub(b, a))));
}

/** One loss per row, [P], of unit rows q and k [P, C'], P a power of two, as patchNce computes for one group. */
export function composedPatchNce(q: Tensor, k: Tensor, tau: number): Tensor {
  const logits = scale(matmul(k, q, { transposeB: true }), 1 / tau);
  const positive = scale(sum(mul(q, k), [1]), 1 / tau);
  return sub(logSumExp(logits), positive);
}

/**
 * One loss per row, [P], as fusedPatchNce makes for one image: x [1, C, H, W], ids [P] with P a power of two, keys k
 * [P, C'].
 */
export function composedPatchNcePath(x: Tensor, ids: Tensor, { w1, b1, w2, b2 }: Head, k: Tensor, tau: number): Tensor {
  const q = l2Normalize(linear(relu(linear(gatherPositions(x, ids), w1, b1)), w2, b2));
  return composedPatchNce(q, k, tau);
}
