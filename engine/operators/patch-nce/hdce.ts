// hDCE with SRC (Jung, Kwon and Ye, CVPR 2022; docs/method.md section 3). hDCE is PatchNCE without the positive in its
// sum, each similarity weighted by how similar the negative is to the positive. PatchNCE's kernels compute it, with all
// similarities of a group in memory. SRC compares the relations of rows, their products with each other, with those of
// the keys; computed in blocks of rows, and recomputed for the gradient unless one block holds all rows.
import { hard_negatives, relations, relations_gradient } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator } from "../../core/operator.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import { positive, requireOptions, whole } from "../../lib/check-options.js";
import { GradientError, ShapeError } from "../../lib/errors.js";
import { productVariant, runMatmul } from "../matmul/index.js";
import { ROW_WORKGROUP } from "./l2-normalize.js";
import {
  allKeys,
  checkRows,
  KEYS_PER_BLOCK,
  type PatchNceOptions,
  partsOfRows,
  runLosses,
  runProbabilities,
  runQueryGradient,
  runSimilarities,
  similarityFlops,
} from "./loss.js";

export interface HdceOptions extends PatchNceOptions {
  /** The number of rows, from the first on, that SRC compares as one group. */
  related: number;
}

/** FLOPs of SRC: the products of rows, and 8 for each of them. */
const relationFlops = ([, channels]: Shape, { related }: HdceOptions) => related * related * (2 * channels + 8);

/** The block of SRC's rows that begins at `first`. */
const blockOf = (x: Tensor, first: number, { related }: HdceOptions): Tensor =>
  x.part(first * x.shape[1], [Math.min(KEYS_PER_BLOCK, related - first), x.shape[1]]) as Tensor;

/** The relations of a block of rows with all rows: [block, related]. */
function relationsOf(gpu: Gpu, x: Tensor, first: number, options: HdceOptions): Tensor {
  const [block, all] = [blockOf(x, first, options), x.part(0, [options.related, x.shape[1]]) as Tensor];
  const products = gpu.empty([block.shape[0], options.related]);
  runMatmul(gpu, productVariant(gpu), block, all, { transposeB: true }, products);
  for (const tensor of [block, all]) tensor.dispose();
  return products;
}

export const hdceOperator = defineOperator<readonly [q: Tensor, k: Tensor, gamma: Tensor], HdceOptions>({
  name: "hdce",
  dtype: () => "f32",
  shape([q, k, gamma], { groups, related }) {
    checkRows("hdce", q, k, groups);
    if (gamma.size !== 1 || related > q.shape[0]) {
      throw new ShapeError(
        `hdce: gamma has ${gamma.size} numbers, and ${related} of ${q.shape[0]} rows are related`,
        "Give a gamma of one number, and as many related rows as there are, or fewer.",
      );
    }
    return [q.shape[0] + related];
  },
  flops: ([q], options) => 2 * similarityFlops(q as Shape, options) + 2 * relationFlops(q as Shape, options),
  forward(gpu, [q, k, gamma], options, losses) {
    const { groups, tau, related } = options;
    const [rows] = q.shape;
    const keys = { ...allKeys(rows / groups), decoupled: true };
    const constants = { WORKGROUP: ROW_WORKGROUP[gpu.profile] };
    const [s, ofKeys, weights] = [0, 1, 2].map(() => gpu.empty([rows, keys.size]));
    runSimilarities(gpu, productVariant(gpu), [q, k], keys, s);
    runSimilarities(gpu, productVariant(gpu), [k, k], keys, ofKeys);
    gpu.dispatch(hard_negatives, {
      bindings: { r: ofKeys, gamma, s, w: weights },
      params: { rows, size: keys.size },
      grid: rows,
      constants,
    });
    const lse = gpu.empty([rows]);
    runLosses(gpu, s, keys, tau, losses, lse);
    const statistics = gpu.empty([related, 4]);
    const savedBlocks: Tensor[] = [];
    for (let first = 0; first < related; first += KEYS_PER_BLOCK) {
      const t = relationsOf(gpu, q, first, options);
      // Where the related rows are a whole group, the products of its keys are there already.
      const r = related === keys.size ? blockOf(ofKeys, first, options) : relationsOf(gpu, k, first, options);
      gpu.dispatch(relations, {
        bindings: { t, r, y: losses, statistics },
        params: { count: t.shape[0], size: related, first, losses: rows },
        grid: t.shape[0],
        constants,
      });
      if (related <= KEYS_PER_BLOCK) savedBlocks.push(t, r);
      else for (const tensor of [t, r]) tensor.dispose();
    }
    ofKeys.dispose();
    return [lse, s, weights, statistics, ...savedBlocks];
  },
  gradient({ gpu, inputs: [q, k], output, saved, options, needs }, dy) {
    if (!needs(0)) return [null, null, null];
    if (gpu.tape.recording) throw new GradientError("hdce cannot be differentiated twice", "Leave out createGraph.");
    const [lse, s, weights, statistics, t, r] = saved;
    return [hdceGradientOperator([q, k, output, lse, dy, s, weights, statistics, t, r], options), null, null];
  },
});

type HdceGradientInputs = readonly [
  q: Tensor,
  k: Tensor,
  losses: Tensor,
  lse: Tensor,
  dy: Tensor,
  s: Tensor,
  weights: Tensor,
  statistics: Tensor,
  t: Tensor | undefined,
  r: Tensor | undefined,
];

export const hdceGradientOperator = defineOperator<HdceGradientInputs, HdceOptions>({
  name: "hdceGradient",
  optional: [8, 9],
  shape: ([q]) => q.shape,
  flops: ([q], options) => similarityFlops(q as Shape, options) + relationFlops(q as Shape, options),
  forward(gpu, [q, k, loss, lse, dy, s, weights, statistics, savedT, savedR], options, dq) {
    const { groups, tau, related } = options;
    const [rows] = q.shape;
    const keys = { ...allKeys(rows / groups), decoupled: true };
    const p = gpu.empty(s.shape);
    runProbabilities(gpu, s, keys, tau, { loss, lse, dloss: dy, weights }, p);
    runQueryGradient(gpu, productVariant(gpu), [p, k], keys, dq);
    p.dispose();
    for (let first = 0; first < related; first += KEYS_PER_BLOCK) {
      const [t, r] = savedT ? [savedT, savedR as Tensor] : [q, k].map((x) => relationsOf(gpu, x, first, options));
      const [dt, block] = [gpu.empty(t.shape), blockOf(q, first, options)];
      gpu.dispatch(relations_gradient, {
        bindings: { t, r, statistics, dy, dt },
        params: { count: t.shape[0], size: related, first, losses: rows },
        ...partsOfRows(gpu, relations_gradient, t.shape[0], related),
      });
      runMatmul(gpu, productVariant(gpu), dt, block, { transposeA: true }, dq, { accumulate: true });
      for (const tensor of savedT ? [dt, block] : [t, r, dt, block]) tensor.dispose();
    }
    return undefined;
  },
});

const OPTIONS = { groups: whole(1), tau: positive, related: whole(1) };

/**
 * hDCE of unit rows q and k [rows, channels], negatives weighted at temperature gamma [1] (a low one weights hard
 * negatives more), followed by SRC of the first `related` rows: the Jensen-Shannon divergence of each row's relations
 * from those of its key. Returns [rows + related]. Keys receive no gradient.
 *
 * @example
 * ```ts
 * const rows = gpu.tensor([[1, 0], [0, 1]]);
 * const losses = await hdce(rows, rows, gpu.tensor([1]), { groups: 1, tau: 0.25, related: 2 }).read();
 * console.log(losses.map(Math.round)); // -4, -4, 0, 0
 * ```
 */
export function hdce(q: Tensor, k: Tensor, gamma: Tensor, options: HdceOptions): Tensor {
  requireOptions("hdce", options, OPTIONS);
  return hdceOperator([q, k, gamma], options);
}
