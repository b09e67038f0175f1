// hDCE with SRC (Jung, Kwon and Ye, CVPR 2022; docs/method.md section 3). hDCE is PatchNCE without the positive in its
// sum, of similarities that are weighted by how like a negative is to the own key: PatchNCE's kernels do it, with all
// similarities of a group in memory. SRC compares the relations of rows, their products with each other, with those of
// the keys: for so many rows at a time, once and once more for the gradient, or kept where these are all.
import { hard_negatives, relations, relations_gradient } from "../../../shaders/generated.js";
import { positive, requireOptions, whole } from "../../core/check-options.js";
import { GradientError, ShapeError } from "../../core/errors.js";
import { defineOperator } from "../../core/operator.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
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
  /** How many rows, from the first on, are compared by SRC, as one group. */
  related: number;
}

/** Operations of a product with the relations of the rows of SRC, and of what is done to each. */
const relationFlops = ([, channels]: Shape, { related }: HdceOptions) => related * related * (2 * channels + 8);

/** A block of rows of x, of those that are compared. */
const blockOf = (x: Tensor, first: number, { related }: HdceOptions): Tensor =>
  x.part(first * x.shape[1], [Math.min(KEYS_PER_BLOCK, related - first), x.shape[1]]) as Tensor;

/** The relations of a block of rows with all: [block, related]. */
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
    const negatives = gpu.empty([rows]);
    runLosses(gpu, s, keys, tau, losses, negatives);
    const statistics = gpu.empty([related, 4]);
    const kept: Tensor[] = [];
    for (let first = 0; first < related; first += KEYS_PER_BLOCK) {
      const t = relationsOf(gpu, q, first, options);
      // Where the related rows are a group, its keys' products are there.
      const r = related === keys.size ? blockOf(ofKeys, first, options) : relationsOf(gpu, k, first, options);
      gpu.dispatch(relations, {
        bindings: { t, r, y: losses, statistics },
        params: { count: t.shape[0], size: related, first, losses: rows },
        grid: t.shape[0],
        constants,
      });
      if (related <= KEYS_PER_BLOCK) kept.push(t, r);
      else for (const tensor of [t, r]) tensor.dispose();
    }
    ofKeys.dispose();
    return [negatives, s, weights, statistics, ...kept];
  },
  gradient({ gpu, inputs: [q, k], output, saved, options, needs }, dy) {
    if (!needs(0)) return [null, null, null];
    if (gpu.tape.recording) throw new GradientError("hdce cannot be differentiated twice", "Leave out createGraph.");
    const [negatives, s, weights, statistics, t, r] = saved;
    return [hdceGradientOperator([q, k, output, negatives, dy, s, weights, statistics, t, r], options), null, null];
  },
});

type HdceGradientInputs = readonly [
  q: Tensor,
  k: Tensor,
  losses: Tensor,
  negatives: Tensor,
  dy: Tensor,
  s: Tensor,
  weights: Tensor,
  statistics: Tensor,
  t: Tensor | undefined,
  r: Tensor | undefined,
];

export const hdceGradientOperator = defineOperator<HdceGradientInputs, HdceOptions>({
  name: "hdceGradient",
  shape: ([q]) => q.shape,
  flops: ([q], options) => similarityFlops(q as Shape, options) + relationFlops(q as Shape, options),
  forward(gpu, [q, k, loss, negatives, dy, s, weights, statistics, kept, keptOfKeys], options, dq) {
    const { groups, tau, related } = options;
    const [rows] = q.shape;
    const keys = { ...allKeys(rows / groups), decoupled: true };
    const p = gpu.empty(s.shape);
    runProbabilities(gpu, s, keys, tau, { loss, negatives, dloss: dy, factors: weights }, p);
    runQueryGradient(gpu, productVariant(gpu), [p, k], keys, dq);
    p.dispose();
    for (let first = 0; first < related; first += KEYS_PER_BLOCK) {
      const [t, r] = kept ? [kept, keptOfKeys as Tensor] : [q, k].map((x) => relationsOf(gpu, x, first, options));
      const [slopes, block] = [gpu.empty(t.shape), blockOf(q, first, options)];
      gpu.dispatch(relations_gradient, {
        bindings: { t, r, statistics, dy, slopes },
        params: { count: t.shape[0], size: related, first, losses: rows },
        ...partsOfRows(gpu, relations_gradient, t.shape[0], related),
      });
      runMatmul(gpu, productVariant(gpu), slopes, block, { transposeA: true }, dq, { accumulate: true });
      for (const tensor of kept ? [slopes, block] : [t, r, slopes, block]) tensor.dispose();
    }
    return undefined;
  },
});

const OPTIONS = { groups: whole(1), tau: positive, related: whole(1) };

/**
 * hDCE of unit rows q and k [rows, channels], negatives weighted at temperature gamma [1] (a low one weights hard
 * negatives more), and behind it SRC of the first `related` rows: the Jensen-Shannon divergence of each row's relations
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
