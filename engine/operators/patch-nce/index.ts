// Patches of feature maps (cut.md sections 2.4 and 3): gathering positions, unit rows, PatchNCE, and the fused path from
// feature maps to losses. Similarities are in memory for a block of keys at a time only: the forward pass keeps a running
// log-sum-exp, and the gradient makes them again, so memory is O(rows). Where one block holds all keys of a group, as in CUT,
// its similarities are kept for the gradient.
import {
  gather_positions,
  l2_normalize,
  l2_normalize_gradient,
  patch_nce_losses,
  patch_nce_probabilities,
  scatter_positions,
} from "../../../shaders/generated.js";
import { ShapeError } from "../../core/errors.js";
import { chooseVariant, defineOperator, type Operator } from "../../core/operator.js";
import { imageShape, sameShape, shapeText } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { rowGrid } from "../../device/kernel.js";
import { fillWith } from "../batch/memory.js";
import { chooseByProfile, DIRECT_VARIANTS, type DirectVariant, forEachVariant } from "../lib/variants.js";
import { runProduct } from "../matmul/index.js";

export const L2_EPS = 1e-7;

function gatherParams(ids: Tensor, [batch, channels, height, width]: readonly number[]) {
  const patches = ids.shape[ids.shape.length - 1];
  return { batch, channels, area: height * width, patches, ids_stride: ids.shape.length === 2 ? patches : 0 };
}

export function runGather(gpu: Gpu, x: Tensor, ids: Tensor, rows: Tensor): void {
  const params = gatherParams(ids, x.shape);
  gpu.dispatch(gather_positions, { bindings: { x, ids, rows }, params, grid: Math.ceil(rows.size / 64) });
}

export function runScatter(gpu: Gpu, rows: Tensor, ids: Tensor, x: Tensor): void {
  fillWith(gpu, x, 0);
  const params = gatherParams(ids, x.shape);
  const grid = Math.ceil((params.batch * params.channels) / 8);
  gpu.dispatch(scatter_positions, { bindings: { rows, ids, x }, params, grid });
}

export function checkPositions(name: string, x: Tensor, ids: Tensor): number {
  const [batch] = imageShape(name, x);
  const fits = ids.dtype === "i32" && (ids.shape.length === 1 || (ids.shape.length === 2 && ids.shape[0] === batch));
  if (!fits) {
    throw new ShapeError(
      `${name}: positions ${shapeText(ids)} (${ids.dtype}) do not fit ${shapeText(x)}`,
      "Give an i32 tensor [patches], or [batch, patches] for positions of each image.",
    );
  }
  return batch * ids.shape[ids.shape.length - 1];
}

export const gatherPositionsOperator = defineOperator<readonly [x: Tensor, ids: Tensor], object>({
  name: "gatherPositions",
  integers: [1],
  shape: ([x, ids]) => [checkPositions("gatherPositions", x, ids), x.shape[1]],
  flops: () => 0,
  forward(gpu, [x, ids], _, rows) {
    runGather(gpu, x, ids, rows);
    return undefined;
  },
  gradient: ({ inputs: [x, ids] }, dy) => [scatterPositionsOperator([dy, ids], { shape: x.shape })],
});

export const scatterPositionsOperator: Operator<readonly [rows: Tensor, ids: Tensor], { shape: readonly number[] }> =
  defineOperator({
    name: "scatterPositions",
    integers: [1],
    shape: (_, { shape }) => shape,
    flops: ([rows]) => sizeOf(rows as Shape),
    forward(gpu, [rows, ids], _, x) {
      runScatter(gpu, rows, ids, x);
      return undefined;
    },
    gradient: ({ inputs: [, ids] }, dy) => [gatherPositions(dy, ids)],
  });

/** Lanes that work on one row. */
const rowLanes = (gpu: Gpu) => (gpu.profile === "software" ? 8 : 64);

export function runL2Normalize(gpu: Gpu, x: Tensor, y: Tensor, norms: Tensor, eps: number): void {
  const [rows, size] = x.shape;
  const constants = { WORKGROUP: rowLanes(gpu) };
  gpu.dispatch(l2_normalize, { bindings: { x, y, norms }, params: { rows, size, eps }, grid: rows, constants });
}

export function runL2NormalizeGradient(gpu: Gpu, dy: Tensor, y: Tensor, norms: Tensor, dx: Tensor, eps: number): void {
  const [rows, size] = y.shape;
  const constants = { WORKGROUP: rowLanes(gpu) };
  const params = { rows, size, eps };
  gpu.dispatch(l2_normalize_gradient, { bindings: { dy, y, norms, dx }, params, grid: rows, constants });
}

export const l2NormalizeOperator = defineOperator<readonly [x: Tensor], { eps: number }>({
  name: "l2Normalize",
  shape([x]) {
    if (x.shape.length !== 2)
      throw new ShapeError(`l2Normalize: expected [rows, channels] and got ${shapeText(x)}`, "Reshape it.");
    return x.shape;
  },
  // Squares and their sum 2, division 1.
  flops: ([x]) => 3 * sizeOf(x as Shape),
  forward(gpu, [x], { eps }, y) {
    const norms = gpu.empty([x.shape[0]]);
    runL2Normalize(gpu, x, y, norms, eps);
    return [norms];
  },
  gradient: ({ output, saved: [norms], options }, dy) => [l2NormalizeGradientOperator([dy, output, norms], options)],
});

export const l2NormalizeGradientOperator = defineOperator<
  readonly [dy: Tensor, y: Tensor, norms: Tensor],
  { eps: number }
>({
  name: "l2NormalizeGradient",
  shape: ([dy]) => dy.shape,
  // The product with y and its sum 2, its part along y taken away 2, division 1.
  flops: ([dy]) => 5 * sizeOf(dy as Shape),
  forward(gpu, [dy, y, norms], { eps }, dx) {
    runL2NormalizeGradient(gpu, dy, y, norms, dx, eps);
    return undefined;
  },
});

export interface PatchNceOptions {
  /** Rows are cut into this many equal groups; negatives come from the row's own group. */
  groups: number;
  /** Temperature (0.07 in the paper). */
  tau: number;
}

export function checkGroups(name: string, rows: number, groups: number): void {
  if (!(groups >= 1) || rows % groups !== 0) {
    throw new ShapeError(
      `${name}: ${rows} rows cannot be cut into ${groups} equal groups`,
      "Give a number of groups that divides the rows.",
    );
  }
}

/**
 * Operations on the similarities of rows [rows, channels] within their groups: a product of matrices of that size, and
 * five for each similarity (scale, exponential, sums).
 */
export const similarityFlops = ([rows, channels]: Shape, { groups }: PatchNceOptions): number =>
  rows * (rows / groups) * (2 * channels + 5);

/** The kernels that a patchNce of q and k takes, its gradient's too; the fused path shares the choice. */
export const patchNceVariant = (gpu: Gpu, q: Tensor, k: Tensor, { groups, tau }: PatchNceOptions): string =>
  chooseVariant(gpu, patchNceOperator.record, [q, k], { groups, tau });

/** Keys whose similarities are in memory at a time: as many as a picture has patches in CUT. */
const KEYS_A_BLOCK = 256;

/** Whether one block holds all keys of a group. */
const oneBlock = (rows: number, { groups }: PatchNceOptions) => rows / groups <= KEYS_A_BLOCK;

/**
 * Walks the keys block by block: `visit` gets the similarities s [rows, keys] of all queries with the keys begin, begin + 1, ...
 * of their group, which the next block overwrites. The same products in the forward pass and in the gradient, so that what
 * cancels there cancels exactly. Returns the last block's.
 */
function eachBlockOfKeys(
  gpu: Gpu,
  variant: string,
  [q, k]: readonly [q: Tensor, k: Tensor],
  options: PatchNceOptions,
  visit: (s: Tensor, block: { keys: number; begin: number; size: number }) => void,
): Tensor {
  const [rows, channels] = q.shape;
  const { groups } = options;
  const size = rows / groups;
  const s = gpu.empty([rows, Math.min(KEYS_A_BLOCK, size)]);
  for (let begin = 0; begin < size; begin += KEYS_A_BLOCK) {
    const keys = Math.min(KEYS_A_BLOCK, size - begin);
    runProduct(gpu, variant, {
      ...{ batch: groups, m: size, n: keys, k: channels, y: s },
      a: { tensor: q, batch: size * channels, m: channels, k: 1 },
      c: { tensor: k, base: begin * channels, batch: size * channels, k: 1, n: channels },
    });
    visit(s, { keys, begin, size });
  }
  return s;
}

/** What the gradient needs of the forward pass: the log-sum-exp of each row's logits, and the similarities if they are one block. */
export type PatchNceSaved = readonly [lse: Tensor, s: Tensor | undefined];

/** Losses [rows]. */
export function runPatchNce(
  gpu: Gpu,
  variant: string,
  [q, k]: readonly [q: Tensor, k: Tensor],
  options: PatchNceOptions,
  loss: Tensor,
): PatchNceSaved {
  const rows = q.shape[0];
  const { tau } = options;
  const lse = gpu.empty(loss.shape);
  const s = eachBlockOfKeys(gpu, variant, [q, k], options, (s, { keys, begin, size }) => {
    gpu.dispatch(patch_nce_losses, {
      bindings: { s, loss, lse },
      params: { rows, keys, begin, group_size: size, tau },
      grid: rowGrid(1, rows),
      constants: { WORKGROUP: rowLanes(gpu) },
    });
  });
  if (oneBlock(rows, options)) return [lse, s];
  s.dispose();
  return [lse, undefined];
}

/**
 * Gradient of the queries (keys receive none, cut.md section 3), with p_ij = exp(q_i . k_j / tau - lse_i):
 *   dq_i = dloss_i / tau * ((p_ii - 1) k_i + sum over j != i of p_ij k_j)
 */
export function runPatchNceGradient(
  gpu: Gpu,
  [q, k, lse, dloss, kept]: PatchNceGradientInputs,
  options: PatchNceOptions,
  dq: Tensor,
): void {
  const { groups, tau } = options;
  const [rows, channels] = q.shape;
  const variant = patchNceVariant(gpu, q, k, options);
  const PER_THREAD = gpu.profile === "software" ? 8 : 1;
  const p = gpu.empty([rows, Math.min(KEYS_A_BLOCK, rows / groups)]);
  const addBlock = (s: Tensor, { keys, begin, size }: { keys: number; begin: number; size: number }) => {
    gpu.dispatch(patch_nce_probabilities, {
      bindings: { s, lse, dloss, p },
      params: { rows, keys, begin, group_size: size, tau },
      grid: rowGrid(Math.ceil(keys / (64 * PER_THREAD)), rows),
      constants: { PER_THREAD },
    });
    runProduct(gpu, variant, {
      ...{ batch: groups, m: size, n: channels, k: keys, y: dq, accumulate: begin > 0 },
      a: { tensor: p, batch: size * keys, m: keys, k: 1 },
      c: { tensor: k, base: begin * channels, batch: size * channels, k: channels, n: 1 },
    });
  };
  if (kept) addBlock(kept, { keys: rows / groups, begin: 0, size: rows / groups });
  else eachBlockOfKeys(gpu, variant, [q, k], options, addBlock).dispose();
  p.dispose();
}

export const patchNceOperator = defineOperator<readonly [q: Tensor, k: Tensor], PatchNceOptions, DirectVariant>({
  name: "patchNce",
  variants: forEachVariant(DIRECT_VARIANTS, (variant) => (gpu, [q, k], options, loss) => {
    const [lse, s] = runPatchNce(gpu, variant, [q, k], options, loss);
    return s ? [lse, s] : [lse];
  }),
  choose: chooseByProfile,
  shape([q, k], { groups }) {
    if (q.shape.length !== 2 || !sameShape(q.shape, k.shape)) {
      throw new ShapeError(
        `patchNce: queries ${shapeText(q)} and keys ${shapeText(k)} must be [rows, channels] alike`,
        "Make the keys from the same positions as the queries.",
      );
    }
    checkGroups("patchNce", q.shape[0], groups);
    return [q.shape[0]];
  },
  flops: ([q], options) => similarityFlops(q as Shape, options),
  gradient: ({ inputs: [q, k], saved: [lse, s], options, needs }, dy) => [
    needs(0) ? patchNceGradientOperator([q, k, lse, dy, s], options) : null,
    null,
  ],
});

type PatchNceGradientInputs = readonly [q: Tensor, k: Tensor, lse: Tensor, dloss: Tensor, s: Tensor | undefined];

export const patchNceGradientOperator = defineOperator<PatchNceGradientInputs, PatchNceOptions>({
  name: "patchNceGradient",
  shape: ([q]) => q.shape,
  // The textbook keeps the similarities, as one block does, and multiplies the keys with their gradients.
  flops: ([q], options) => similarityFlops(q as Shape, options),
  forward(gpu, inputs, options, dq) {
    runPatchNceGradient(gpu, inputs, options, dq);
    return undefined;
  },
});

/**
 * Rows of channels at positions (row-major y * W + x): x [B, C, H, W], ids [P] for all images or [B, P] -> [B * P, C].
 * Positions may repeat.
 */
export const gatherPositions = (x: Tensor, ids: Tensor): Tensor => gatherPositionsOperator([x, ids], {});

/** x / (|x| + eps) for every row of [rows, channels]; the epsilon is added to the norm. */
export const l2Normalize = (x: Tensor, eps = L2_EPS): Tensor => l2NormalizeOperator([x], { eps });

/**
 * PatchNCE of unit rows q and k [rows, channels]: for each row the cross-entropy of its own key against the keys of its group,
 * the diagonal of the negatives masked by -10 (cut.md section 3). Returns [rows]. Keys receive no gradient.
 */
export const patchNce = (q: Tensor, k: Tensor, options: PatchNceOptions): Tensor => patchNceOperator([q, k], options);
