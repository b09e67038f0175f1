// Patch losses beside PatchNCE and MoNCE (docs/method.md section 3), of unit rows q and k [groups * n, channels], one
// group after the other; keys receive no gradient. Composed of operators; their largest tensors are the similarities of
// a group, [groups, n, n], or of its rows with a bank. All compare a row's own key with other keys by
//   log(1 + sum over others of exp((other - own) / tau)),
// a cross-entropy that keeps its digits where it is nearly nothing.
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { eye } from "../../engine/operators/creation/index.js";
import { max } from "../../engine/operators/extrema/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { logSoftmax, logsumexp } from "../../engine/operators/normalization/index.js";
import { l2Normalize } from "../../engine/operators/patch-nce/index.js";
import { add, div, exp, log, mul, scale, softplus, sub } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { concat } from "../../engine/operators/strided/index.js";

/** What stands for a row's similarity with its own key among the others. */
const MASKED = -10;

export interface Groups {
  groups: number;
  /** Temperature. */
  tau: number;
}

/** Products of all rows with all of their group: [groups, n, n]. */
function products(a: Tensor, b: Tensor, groups: number): Tensor {
  const grouped = (x: Tensor) => reshape(x, [groups, x.shape[0] / groups, x.shape[1]]);
  return matmul(grouped(a), grouped(b), { transposeB: true });
}

/** A matrix whose diagonal is `value`, elsewhere x [groups, n, n]. */
function withDiagonal(x: Tensor, value: number): Tensor {
  const own = eye(x.gpu, x.shape[2]);
  return add(mul(x, scale(own, -1, 1)), scale(own, value));
}

/** The diagonal of x [groups, n, n] as [groups, n, 1]. */
const diagonal = (x: Tensor): Tensor => sum(mul(x, eye(x.gpu, x.shape[2])), 2, true);

/** log-sum-exp of (others - own) / tau along the last axis: [groups, n]. Its softplus is the cross-entropy. */
const margin = (others: Tensor, own: Tensor, tau: number): Tensor => logsumexp(scale(sub(others, own), 1 / tau), 2);

export interface HdceOptions extends Groups {
  /** Temperature of the weights, one number: the lower, the more a key counts that is like the own key. */
  gamma: Tensor;
}

/**
 * hDCE, the decoupled contrastive loss with hard negatives (Jung, Kwon and Ye, CVPR 2022), one per row: similarities
 * with other keys are weighted by how like these are to the own key. The reference prints its softplus, which is a
 * cross-entropy.
 */
export function hdce(q: Tensor, k: Tensor, { groups, tau, gamma }: HdceOptions): Tensor {
  const weights = q.gpu.noGrad(() => {
    const alike = withDiagonal(products(k, k, groups), MASKED);
    return exp(div(sub(alike, max(alike, 2, true)), gamma));
  });
  const s = products(q, k.detach(), groups);
  return reshape(margin(withDiagonal(mul(weights, s), MASKED), diagonal(s), tau), [q.shape[0]]);
}

/** SRC, semantic relation consistency (the same paper): the Jensen-Shannon divergence of the rows' relations. */
export function src(q: Tensor, k: Tensor, groups: number): Tensor {
  const ofQ = logSoftmax(products(q, q, groups), 2);
  const ofK = q.gpu.noGrad(() => logSoftmax(products(k, k, groups), 2));
  const [P, R] = [exp(ofQ), exp(ofK)];
  const M = log(scale(add(P, R), 0.5));
  return scale(sum(add(mul(P, sub(ofQ, M)), mul(R, sub(ofK, M)))), 0.5);
}

/** hDCE's gamma in an epoch: from `first` to `last` over all epochs, or 1 after epoch `stepAfter`. */
export function curriculum(
  epoch: number,
  { first, last, epochs, stepAfter }: { first: number; last: number; epochs: number; stepAfter: number | null },
): number {
  return stepAfter !== null && epoch > stepAfter ? 1 : first + ((last - first) * epoch) / epochs;
}

/** Mean over rows of 2 - 2 cos(p, k), the squared distance of their unit vectors; keys receive no gradient. */
export const cosineDistance = (p: Tensor, k: Tensor): Tensor =>
  scale(mean(sum(mul(l2Normalize(p), l2Normalize(k.detach())), 1)), -2, 2);

/** Keys of other pictures, and what keeps keys from counting: 0 where they count, a large negative number else. */
export interface ExternalKeys {
  /** Unit rows [N, channels]. */
  bank: Tensor;
  /** [1, 1, N] of the bank's rows, and [1] of the group's own. */
  bankMask: Tensor;
  ownMask: Tensor;
}

/** PatchNCE with keys of other pictures among the negatives, or as the only ones. One loss per row. */
export function externalNce(q: Tensor, k: Tensor, { bank, bankMask, ownMask }: ExternalKeys, options: Groups): Tensor {
  const { groups, tau } = options;
  const s = products(q, k.detach(), groups);
  const outside = reshape(matmul(q, bank, { transposeB: true }), [groups, s.shape[1], bank.shape[0]]);
  const others = concat([add(withDiagonal(s, MASKED), ownMask), add(outside, bankMask)], 2);
  return reshape(softplus(margin(others, diagonal(s), tau)), [q.shape[0]]);
}
