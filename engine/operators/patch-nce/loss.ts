// PatchNCE (docs/method.md section 3): for every row, the cross-entropy of its positive against the keys of its group.
// Similarities are in memory for one block of keys at a time: the forward pass keeps a running log-sum-exp, and the
// gradient recomputes them, so memory is O(rows). Where one block holds all keys of a group, as in CUT, its
// similarities are kept for the gradient.
import { patch_nce_losses, patch_nce_probabilities } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { chooseVariant, defineOperator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import type { Shape, Tensor } from "../../core/tensor.js";
import { type KernelSource, workgroupsFor } from "../../device/kernel-source.js";
import { positive, requireOptions, whole } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { sameShape, shapeText } from "../../lib/shapes.js";
import { eye } from "../creation/index.js";
import { chooseByProfile, type DirectVariant, directVariants } from "../lib/variants.js";
import { matmul, runProduct } from "../matmul/index.js";
import { add, exp, mul, scale, sub } from "../pointwise/index.js";
import { sum } from "../reduction/index.js";
import { ROW_WORKGROUP } from "./l2-normalize.js";

export interface PatchNceOptions {
  /** Rows are cut into this many equal groups; negatives come from the row's own group. */
  groups: number;
  /** Temperature (0.07 in the paper). */
  tau: number;
}

/** Throws with the function's name unless the options are those of PatchNCE; none has a default. */
export const checkPatchNceOptions = (name: string, options: PatchNceOptions): void =>
  requireOptions(name, options, { groups: whole(1), tau: positive });

export function checkGroups(name: string, rows: number, groups: number): void {
  if (!(groups >= 1) || rows % groups !== 0) {
    throw new ShapeError(
      `${name}: ${rows} rows cannot be cut into ${groups} equal groups`,
      "Give a number of groups that divides the rows.",
    );
  }
}

/** Throws with the function's name unless queries and keys are rows of one shape that divide into the groups. */
export function checkRows(name: string, q: Tensor, k: Tensor, groups: number): void {
  if (q.shape.length !== 2 || !sameShape(q.shape, k.shape)) {
    throw new ShapeError(
      `${name}: queries ${shapeText(q)} and keys ${shapeText(k)} must be [rows, channels] of one shape`,
      "Make the keys from the same positions as the queries.",
    );
  }
  checkGroups(name, q.shape[0], groups);
}

/**
 * FLOPs of the similarities of rows [rows, channels] within their groups: the matrix product, and 5 for each of them.
 */
export const similarityFlops = ([rows, channels]: Shape, { groups }: PatchNceOptions): number =>
  rows * (rows / groups) * (2 * channels + 5);

/** The variant of patchNce for q and k, which its gradient and fusedPatchNce use too. */
export const patchNceVariant = (gpu: Gpu, q: Tensor, k: Tensor, { groups, tau }: PatchNceOptions): DirectVariant =>
  chooseVariant(gpu, patchNceOperator.record, [q, k], { groups, tau });

/** Keys per block of similarities: as many as CUT takes patches from an image. */
export const KEYS_PER_BLOCK = 256;

/** Takes the place of the positive's similarity in the matrix of negatives, as in the reference. */
export const DIAGONAL_MASK = -10;

/** Consecutive elements of a row per invocation, in kernels that cut rows into parts. */
const PER_THREAD = { software: 8, gpu: 1 } as const;

/** Whether one block holds all keys of a group. */
const oneBlock = (rows: number, { groups }: PatchNceOptions) => rows / groups <= KEYS_PER_BLOCK;

/** Keys begin, begin + 1, ... of every group; `size` is the number of keys of a group. */
interface KeyBlock {
  keys: number;
  begin: number;
  size: number;
  /** Whether the sum leaves out the positive, as in hDCE. */
  decoupled?: boolean;
}

/** All keys of a group as one block. */
export const allKeys = (size: number): KeyBlock => ({ keys: size, begin: 0, size });

/** Fills s [rows, keys] with the similarities of each group's first queries (all by default) with a block of keys. */
export function runSimilarities(
  gpu: Gpu,
  variant: DirectVariant,
  [q, k]: readonly [q: Tensor, k: Tensor],
  { keys, begin, size }: KeyBlock,
  s: Tensor,
  queries = size,
): void {
  const [rows, channels] = q.shape;
  runProduct(gpu, variant, {
    batch: rows / size,
    m: queries,
    n: keys,
    k: channels,
    y: s,
    a: { tensor: q, batch: size * channels, m: channels, k: 1 },
    b: { tensor: k, base: begin * channels, batch: size * channels, k: 1, n: channels },
  });
}

/** Adds a block of similarities to the losses [rows] and to lse [rows], tau * logsumexp(negatives / tau). */
export function runLosses(gpu: Gpu, s: Tensor, block: KeyBlock, tau: number, loss: Tensor, lse: Tensor): void {
  const { keys, begin, size, decoupled = false } = block;
  gpu.dispatch(patch_nce_losses, {
    bindings: { s, loss, lse },
    params: { rows: lse.size, keys, begin, group_size: size, tau },
    grid: lse.size,
    constants: { WORKGROUP: ROW_WORKGROUP[gpu.profile], DECOUPLED: decoupled },
  });
}

/**
 * What the gradient needs besides the similarities: results of the forward pass, and the losses' gradient; all [rows].
 */
interface LossGradient {
  loss: Tensor;
  lse: Tensor;
  dloss: Tensor;
  /** Of decoupled losses: the weights that the similarities were multiplied by, [rows, keys]. */
  weights?: Tensor;
}

/** Fills p with the gradient by a block of similarities. */
export function runProbabilities(gpu: Gpu, s: Tensor, block: KeyBlock, tau: number, of: LossGradient, p: Tensor): void {
  const { keys, begin, size, decoupled = false } = block;
  const { loss, lse, dloss, weights = s } = of;
  const rows = lse.size;
  const { grid, constants } = partsOfRows(gpu, patch_nce_probabilities, rows, keys);
  gpu.dispatch(patch_nce_probabilities, {
    bindings: { s, lse, loss, dloss, w: weights, p },
    params: { rows, keys, begin, group_size: size, tau },
    grid,
    constants: { ...constants, DECOUPLED: decoupled },
  });
}

/** The grid and constants of a kernel that cuts rows into parts (shaders/lib/row_part.wgsl). */
export function partsOfRows(gpu: Gpu, kernel: KernelSource, rows: number, size: number) {
  const perThread = PER_THREAD[gpu.profile];
  return { grid: workgroupsFor(kernel, Math.ceil(size / perThread)) * rows, constants: { PER_THREAD: perThread } };
}

/** dq = p k for the first block of keys, and dq += p k for later ones; p is the gradient by the similarities. */
export function runQueryGradient(
  gpu: Gpu,
  variant: DirectVariant,
  [p, k]: readonly [p: Tensor, k: Tensor],
  { keys, begin, size }: KeyBlock,
  dq: Tensor,
): void {
  const [rows, channels] = dq.shape;
  runProduct(gpu, variant, {
    batch: rows / size,
    m: size,
    n: channels,
    k: keys,
    y: dq,
    accumulate: begin > 0,
    a: { tensor: p, batch: size * keys, m: keys, k: 1 },
    b: { tensor: k, base: begin * channels, batch: size * channels, k: channels, n: 1 },
  });
}

/**
 * Calls `visit` with the similarities s [rows, keys] of each block of keys in turn, which the next block overwrites.
 * With `triangle`, of one group, the queries after the block's last key are left out. Forward pass and gradient compute
 * the same products, so that equal terms cancel exactly. Returns the last block's s.
 */
export function eachBlockOfKeys(
  gpu: Gpu,
  variant: DirectVariant,
  [q, k]: readonly [q: Tensor, k: Tensor],
  { groups, triangle = false }: { groups: number; triangle?: boolean },
  visit: (s: Tensor, block: KeyBlock) => void,
): Tensor {
  const rows = q.shape[0];
  const size = rows / groups;
  const s = gpu.empty([rows, Math.min(KEYS_PER_BLOCK, size)]);
  for (let begin = 0; begin < size; begin += KEYS_PER_BLOCK) {
    const block = { keys: Math.min(KEYS_PER_BLOCK, size - begin), begin, size };
    runSimilarities(gpu, variant, [q, k], block, s, triangle ? begin + block.keys : size);
    visit(s, block);
  }
  return s;
}

/** What the gradient needs of the forward pass besides the losses; the similarities only if they are one block. */
type PatchNceSaved = readonly [lse: Tensor, s: Tensor | undefined];

/** Fills loss [rows]. */
export function runPatchNce(
  gpu: Gpu,
  variant: DirectVariant,
  [q, k]: readonly [q: Tensor, k: Tensor],
  options: PatchNceOptions,
  loss: Tensor,
): PatchNceSaved {
  const lse = gpu.empty(loss.shape);
  const s = eachBlockOfKeys(gpu, variant, [q, k], options, (s, block) =>
    runLosses(gpu, s, block, options.tau, loss, lse),
  );
  if (oneBlock(q.shape[0], options)) return [lse, s];
  s.dispose();
  return [lse, undefined];
}

/**
 * Gradient of the queries (keys receive none, docs/method.md section 3). p_ij is the probability of key j, and
 * n_i = 1 - exp(-loss_i) that of all negatives, the masked one included: 1 - p_ii without cancellation.
 *   dq_i = dloss_i / tau * (sum over j != i of p_ij k_j - n_i k_i)
 */
function runPatchNceGradient(
  gpu: Gpu,
  [q, k, loss, lse, dloss, kept]: PatchNceGradientInputs,
  options: PatchNceOptions,
  dq: Tensor,
): void {
  const { groups, tau } = options;
  const rows = q.shape[0];
  const size = rows / groups;
  const variant = patchNceVariant(gpu, q, k, options);
  const p = gpu.empty([rows, Math.min(KEYS_PER_BLOCK, size)]);
  const addBlock = (s: Tensor, block: KeyBlock) => {
    runProbabilities(gpu, s, block, tau, { loss, lse, dloss }, p);
    runQueryGradient(gpu, variant, [p, k], block, dq);
  };
  if (kept) addBlock(kept, { keys: size, begin: 0, size });
  else eachBlockOfKeys(gpu, variant, [q, k], options, addBlock).dispose();
  p.dispose();
}

export const patchNceOperator = defineOperator<readonly [q: Tensor, k: Tensor], PatchNceOptions, DirectVariant>({
  name: "patchNce",
  dtype: () => "f32",
  variants: directVariants((variant) => (gpu, [q, k], options, loss) => {
    const [lse, s] = runPatchNce(gpu, variant, [q, k], options, loss);
    return s ? [lse, s] : [lse];
  }),
  choose: chooseByProfile,
  shape([q, k], { groups }) {
    checkRows("patchNce", q, k, groups);
    return [q.shape[0]];
  },
  flops: ([q], options) => similarityFlops(q as Shape, options),
  gradient({ gpu, inputs: [q, k], output, saved: [lse, s], options, needs }, dy) {
    if (!needs(0)) return [null, null];
    if (gpu.tape.recording) return [gradientInOperators(q, k, output, dy, options), null];
    return [patchNceGradientOperator([q, k, output, lse, dy, s], options), null];
  },
});

/**
 * The same gradient composed of operators, which can be differentiated again; all similarities are in memory at once.
 */
function gradientInOperators(q: Tensor, k: Tensor, loss: Tensor, dloss: Tensor, options: PatchNceOptions): Tensor {
  const { groups, tau } = options;
  const [rows, channels] = q.shape;
  const size = rows / groups;
  const grouped = (x: Tensor, columns: number) => reshape(x, [groups, size, columns]);
  const diagonal = eye(q.gpu, size);
  const others = scale(diagonal, -1, 1);
  const keys = grouped(k, channels).detach();
  const similarities = matmul(grouped(q, channels), keys, { transposeB: true });
  const positives = sum(mul(similarities, diagonal), 2, true);
  const masked = add(mul(similarities, others), scale(diagonal, DIAGONAL_MASK));
  const probabilities = exp(sub(scale(sub(masked, positives), 1 / tau), grouped(loss, 1)));
  const toPositive = mul(sum(probabilities, 2, true), keys);
  const toKeys = sub(matmul(mul(probabilities, others), keys), toPositive);
  return reshape(mul(toKeys, scale(grouped(dloss, 1), 1 / tau)), q.shape);
}

type PatchNceGradientInputs = readonly [
  q: Tensor,
  k: Tensor,
  loss: Tensor,
  lse: Tensor,
  dloss: Tensor,
  s: Tensor | undefined,
];

export const patchNceGradientOperator = defineOperator<PatchNceGradientInputs, PatchNceOptions>({
  name: "patchNceGradient",
  optional: [5],
  shape: ([q]) => q.shape,
  // Nominally the similarities are kept, as with one block, and their gradient is multiplied with the keys.
  flops: ([q], options) => similarityFlops(q as Shape, options),
  forward(gpu, inputs, options, dq) {
    runPatchNceGradient(gpu, inputs, options, dq);
    return undefined;
  },
});

/**
 * PatchNCE of unit rows q and k [rows, channels]: for each row the cross-entropy of its positive, the key of the same
 * row, against the keys of its group, the diagonal of the negatives masked by -10 (docs/method.md section 3). Returns
 * [rows]. Keys receive no gradient.
 *
 * @example
 * ```ts
 * const rows = gpu.tensor([[1, 0], [0, 1]]);
 * const swapped = gpu.tensor([[0, 1], [1, 0]]);
 * console.log((await patchNce(rows, rows, { groups: 1, tau: 0.25 }).read()).map(Math.round)); // 0, 0
 * console.log((await patchNce(rows, swapped, { groups: 1, tau: 0.25 }).read()).map(Math.round)); // 4, 4
 * ```
 */
export function patchNce(q: Tensor, k: Tensor, options: PatchNceOptions): Tensor {
  checkPatchNceOptions("patchNce", options);
  return patchNceOperator([q, k], options);
}
