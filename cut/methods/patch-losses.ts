// The parts of patch losses that are not operators of the engine (docs/method.md section 3): hDCE's gamma by epochs;
// EnCo's distance; and PatchNCE with keys of other pictures. The latter is composed of operators; its largest tensors
// are the similarities of rows with their group, [groups, n, n], and with a bank.
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { eye } from "../../engine/operators/creation/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { logsumexp } from "../../engine/operators/normalization/index.js";
import { DIAGONAL_MASK, l2Normalize, type PatchNceOptions } from "../../engine/operators/patch-nce/index.js";
import { add, mul, scale, softplus, sub } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { concat } from "../../engine/operators/strided/index.js";

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

/** Keys of other pictures, and masks that are added to similarities: 0, or a large negative number to exclude a key. */
export interface ExternalKeys {
  /** Unit rows [N, channels]. */
  bank: Tensor;
  /** [1, 1, N] of the bank's rows, and [1] of the group's own. */
  bankMask: Tensor;
  ownMask: Tensor;
}

/**
 * PatchNCE of unit rows q and k [groups * n, channels] with keys of other pictures among the negatives, or as the only
 * ones. One loss per row; keys receive no gradient. The cross-entropy is log(1 + sum of exp((negative - positive) /
 * tau)), which is accurate for values near 0.
 */
export function externalNce(
  q: Tensor,
  k: Tensor,
  { bank, bankMask, ownMask }: ExternalKeys,
  { groups, tau }: PatchNceOptions,
): Tensor {
  const [rows, channels] = q.shape;
  const grouped = (x: Tensor) => reshape(x, [groups, rows / groups, channels]);
  const s = matmul(grouped(q), grouped(k.detach()), { transposeB: true });
  const own = eye(q.gpu, rows / groups);
  const inside = add(mul(s, scale(own, -1, 1)), scale(own, DIAGONAL_MASK));
  const outside = reshape(matmul(q, bank, { transposeB: true }), [groups, rows / groups, bank.shape[0]]);
  const others = concat([add(inside, ownMask), add(outside, bankMask)], 2);
  const odds = logsumexp(scale(sub(others, sum(mul(s, own), 2, true)), 1 / tau), 2);
  return reshape(softplus(odds), [rows]);
}
