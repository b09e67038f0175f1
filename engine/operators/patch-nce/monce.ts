// MoNCE (Zhan et al., CVPR 2022; docs/method.md section 3): PatchNCE whose negatives are weighted by a transport plan
// between queries and keys, which Sinkhorn's iteration finds in one dispatch. The logarithms of the weights are added
// to the similarities, of which PatchNCE's kernels then compute the losses. All similarities of a group are in memory.
//
// Of the plan T = diag(u) K diag(v) the gradient keeps K and the scalings of all rounds, O(n^2 + rounds n) numbers.
import {
  sinkhorn,
  sinkhorn_gradient,
  transport_kernel,
  transport_kernel_gradient,
  transport_plan_gradient,
  transport_weights,
} from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator } from "../../core/operator.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import { flag, oneOf, positive, requireOptions, whole } from "../../lib/check-options.js";
import { GradientError } from "../../lib/errors.js";
import { type Product, productVariant, runProduct } from "../matmul/index.js";
import { sumInto } from "../reduction/index.js";
import {
  allKeys,
  checkRows,
  type PatchNceOptions,
  partsOfRows,
  runLosses,
  runProbabilities,
  runQueryGradient,
  runSimilarities,
  similarityFlops,
} from "./loss.js";

export interface MonceOptions extends PatchNceOptions {
  /** hard: keys similar to the query cost less and count more; easy: the other way round. */
  cost: "hard" | "easy";
  /** Entropic regularisation: the larger, the smoother the plan. */
  eps: number;
  /** Weight of the negatives. */
  negTermWeight: number;
  /** Rounds of Sinkhorn's iteration. */
  rounds: number;
  /** Whether the plan is a constant to the gradient: cheaper, but unlike the published code. */
  planDetached: boolean;
}

/** Invocations of the workgroup of a group, and how many of them share a column; on a CPU one lane sums all of it. */
const SINKHORN = { software: { WORKGROUP: 8, SLICES: 1 }, gpu: { WORKGROUP: 256, SLICES: 4 } } as const;

/** Row count, rows per group, that padded to a multiple of 4, and the factor of T_ij. */
function sizesOf({ shape: [rows] }: Tensor, { groups, negTermWeight }: MonceOptions) {
  const n = rows / groups;
  return { rows, n, side: 4 * Math.ceil(n / 4), weight: (n - 1) * negTermWeight };
}

const product = (gpu: Gpu, given: Product) => runProduct(gpu, productVariant(gpu), given);

/** K and its transpose [groups, 2, side, side], and the scalings of all rounds [groups, 2, rounds + 1, side]. */
function runTransport(gpu: Gpu, s: Tensor, options: MonceOptions): [kernel: Tensor, scalings: Tensor] {
  const { groups, cost, eps, rounds } = options;
  const { n, side } = sizesOf(s, options);
  const [kernel, scalings] = [gpu.empty([groups, 2, side, side]), gpu.empty([groups, 2, rounds + 1, side])];
  const { grid, constants } = partsOfRows(gpu, transport_kernel, groups * side, side);
  gpu.dispatch(transport_kernel, {
    bindings: { s, k: kernel },
    params: { groups, n, side, eps },
    grid,
    constants: { ...constants, EASY: cost === "easy" },
  });
  gpu.dispatch(sinkhorn, {
    bindings: { k: kernel, x: scalings },
    params: { groups, n, vec4s: side / 4, rounds },
    grid: groups,
    constants: SINKHORN[gpu.profile],
  });
  return [kernel, scalings];
}

/**
 * Adds to p, the gradient by similarities, the part through the plan. For a scaling h = 1 / (M g), M being K or its
 * transpose, and the gradient a by log h, the gradient by log K_ij is -K_ij (a h)_i g_j per half of a round; summed
 * over all rounds these are two matrix products.
 */
function runSinkhornGradient(gpu: Gpu, p: Tensor, kernel: Tensor, scalings: Tensor, options: MonceOptions): void {
  const { groups, tau, cost, eps, rounds } = options;
  const { rows, n, side, weight } = sizesOf(p, options);
  const dlogT = gpu.empty([groups, side, side]);
  gpu.dispatch(transport_plan_gradient, {
    bindings: { p, k: kernel, h: scalings, dlog_t: dlogT },
    params: { groups, n, side, rounds, tau, weight },
    ...partsOfRows(gpu, transport_plan_gradient, groups * side, side),
  });
  const [rowSums, columnSums] = [gpu.empty([groups, side]), gpu.empty([groups, side])];
  sumInto(gpu, dlogT, [2], rowSums);
  sumInto(gpu, dlogT, [1], columnSums);
  const factors = gpu.empty([groups, 2, rounds, side]);
  gpu.dispatch(sinkhorn_gradient, {
    bindings: { k: kernel, h: scalings, row_sums: rowSums, column_sums: columnSums, x: factors },
    params: { groups, vec4s: side / 4, rounds },
    grid: groups,
    constants: SINKHORN[gpu.profile],
  });
  // First u with the v of the round before, then v with the u of its own round.
  const products = gpu.empty([groups, side, side]);
  const ofScalings = { tensor: scalings, batch: 2 * (rounds + 1) * side, k: side };
  const ofFactors = { tensor: factors, batch: 2 * rounds * side, k: side };
  const terms = { batch: groups, m: side, n: side, k: rounds, y: products };
  product(gpu, { ...terms, a: { ...ofFactors, m: 1 }, b: { ...ofScalings, base: (rounds + 1) * side, n: 1 } });
  const ofV = { ...ofFactors, base: rounds * side, n: 1 };
  product(gpu, { ...terms, a: { ...ofScalings, m: 1 }, b: ofV, accumulate: true });
  gpu.dispatch(transport_kernel_gradient, {
    bindings: { dlog_t: dlogT, k: kernel, products, p },
    params: { rows, n, side, factor: (cost === "easy" ? -1 : 1) / eps },
    ...partsOfRows(gpu, transport_kernel_gradient, rows, n),
  });
  for (const tensor of [dlogT, rowSums, columnSums, factors, products]) tensor.dispose();
}

/** FLOPs of the plan: `products` products of K with a vector in each half of a round. */
const planFlops = ([rows]: Shape, { groups, rounds }: MonceOptions, products: number) =>
  products * rounds * 4 * rows * (rows / groups);

export const monceOperator = defineOperator<readonly [q: Tensor, k: Tensor], MonceOptions>({
  name: "monce",
  dtype: () => "f32",
  shape([q, k], { groups }) {
    checkRows("monce", q, k, groups);
    return [q.shape[0]];
  },
  flops: ([q], options) => similarityFlops(q as Shape, options) + planFlops(q as Shape, options, 1),
  forward(gpu, [q, k], options, loss) {
    const { rounds, tau } = options;
    const { rows, n, side, weight } = sizesOf(q, options);
    const keys = allKeys(n);
    const s = gpu.empty([rows, n]);
    runSimilarities(gpu, productVariant(gpu), [q, k], keys, s);
    const [kernel, scalings] = runTransport(gpu, s, options);
    const weighted = gpu.empty(s.shape);
    gpu.dispatch(transport_weights, {
      bindings: { s, k: kernel, h: scalings, y: weighted },
      params: { rows, n, side, rounds, tau, weight },
      ...partsOfRows(gpu, transport_weights, rows, n),
    });
    s.dispose();
    const lse = gpu.empty(loss.shape);
    runLosses(gpu, weighted, keys, tau, loss, lse);
    return [lse, weighted, kernel, scalings];
  },
  gradient({ gpu, inputs: [, k], output, saved, options, needs }, dy) {
    if (!needs(0)) return [null, null];
    if (gpu.tape.recording) throw new GradientError("monce cannot be differentiated twice", "Leave out createGraph.");
    const [lse, weighted, kernel, scalings] = saved;
    return [monceGradientOperator([k, output, lse, dy, weighted, kernel, scalings], options), null];
  },
});

type MonceGradientInputs = readonly [
  k: Tensor,
  loss: Tensor,
  lse: Tensor,
  dloss: Tensor,
  weighted: Tensor,
  kernel: Tensor,
  scalings: Tensor,
];

export const monceGradientOperator = defineOperator<MonceGradientInputs, MonceOptions>({
  name: "monceGradient",
  shape: ([k]) => k.shape,
  flops: ([k], options) =>
    similarityFlops(k as Shape, options) + (options.planDetached ? 0 : planFlops(k as Shape, options, 2)),
  forward(gpu, [k, loss, lse, dloss, weighted, kernel, scalings], options, dq) {
    const { tau, planDetached } = options;
    const { n } = sizesOf(k, options);
    const p = gpu.empty(weighted.shape);
    const keys = allKeys(n);
    runProbabilities(gpu, weighted, keys, tau, { loss, lse, dloss }, p);
    if (!planDetached) runSinkhornGradient(gpu, p, kernel, scalings, options);
    runQueryGradient(gpu, productVariant(gpu), [p, k], keys, dq);
    p.dispose();
    return undefined;
  },
});

const OPTIONS = {
  groups: whole(1),
  tau: positive,
  cost: oneOf("hard", "easy"),
  eps: positive,
  negTermWeight: positive,
  rounds: whole(1),
  planDetached: flag,
};

/**
 * MoNCE of unit rows q and k [rows, channels]: PatchNCE whose negatives are weighted by a transport plan between
 * queries and keys. Returns [rows]. Keys receive no gradient; that of the queries passes through the plan.
 *
 * @example
 * ```ts
 * const rows = gpu.tensor([[1, 0], [0, 1]]);
 * const plan = { cost: "hard", eps: 1, negTermWeight: 1, rounds: 50, planDetached: false } as const;
 * console.log((await monce(rows, rows, { groups: 1, tau: 0.25, ...plan }).read()).map(Math.round)); // 0, 0
 * ```
 */
export function monce(q: Tensor, k: Tensor, options: MonceOptions): Tensor {
  requireOptions("monce", options, OPTIONS);
  return monceOperator([q, k], options);
}
