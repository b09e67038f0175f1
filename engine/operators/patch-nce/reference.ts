// The patch side of contrastive translation (Park et al., 2020): features read at chosen positions of a map, and the
// PatchNCE loss, which asks each query feature to pick the key of its own position among the keys of its image.
import { ShapeError } from "../../core/errors.js";
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";

export interface GatherOptions {
  /** `ids` holds a list of its own for each image, B * P in all; otherwise one list of P serves every image. */
  readonly perImage?: boolean;
}

/** x [B, C, H, W], ids y * W + x of positions -> rows [B * P, C], image by image. */
export function gatherPositions(x: Dense, ids: Int32Array, options: GatherOptions = {}): Dense {
  const { channels, area, positions, offsets } = locate("gatherPositions", x, ids, options);
  const y = zeros([offsets.length, channels]);
  let at = 0;
  for (let row = 0; row < offsets.length; row++) {
    const start = Math.floor(row / positions) * channels * area + offsets[row];
    for (let channel = 0; channel < channels; channel++) y.data[at++] = x.data[start + channel * area];
  }
  return y;
}

/** A position that was read twice gets the sum of both cotangents. */
export function gatherPositionsGradient(x: Dense, ids: Int32Array, options: GatherOptions, dy: Dense): { dx: Dense } {
  const { channels, area, positions, offsets } = locate("gatherPositionsGradient", x, ids, options);
  const dx = zeros(x.shape);
  let at = 0;
  for (let row = 0; row < offsets.length; row++) {
    const start = Math.floor(row / positions) * channels * area + offsets[row];
    for (let channel = 0; channel < channels; channel++) dx.data[start + channel * area] += dy.data[at++];
  }
  return { dx };
}

function locate(operator: string, x: Dense, ids: Int32Array, { perImage = false }: GatherOptions) {
  requireRank(operator, "x", x.shape, 4, "[B, C, H, W]");
  const [batch, channels, height, width] = x.shape;
  const area = height * width;
  const positions = perImage ? ids.length / batch : ids.length;
  if (!Number.isInteger(positions)) {
    throw new ShapeError(`${operator}: ${ids.length} ids do not divide among ${batch} images.`, "Give B * P ids.");
  }
  const outside = ids.find((id) => id < 0 || id >= area);
  if (outside !== undefined) {
    throw new ShapeError(
      `${operator}: position ${outside} is outside a map of ${height} x ${width}.`,
      `Use ids from 0 to ${area - 1}.`,
    );
  }
  const offsets = Int32Array.from({ length: batch * positions }, (_, row) => ids[perImage ? row : row % positions]);
  return { channels, area, positions, offsets };
}

export interface PatchNceOptions {
  /** How many sets of rows compete among themselves: the images of the batch, or 1 to use all rows as negatives. */
  readonly groups: number;
  /** The temperature that logits are divided by. */
  readonly tau: number;
}

/** What stands in place of a row's product with its own key among the negatives, before the division by tau. */
const OWN_KEY = -10;

/**
 * q, k [G * S, C] -> one loss a row, [G * S]: the cross-entropy of class 0 over the logits
 * [q_i . k_i | q_i . k_1 ... q_i . k_S] / tau, where the second q_i . k_i is replaced by -10.
 */
export function patchNce(q: Dense, k: Dense, options: PatchNceOptions): Dense {
  const { rows, perGroup } = requirePatches("patchNce", q, k, options);
  const y = zeros([rows]);
  const logits = new Float64Array(perGroup + 1);
  for (let row = 0; row < rows; row++) y.data[row] = rowLoss(q, k, row, perGroup, options.tau, logits);
  return y;
}

/** Keys are constants of the method, so only q gets a gradient. dy is [G * S]. */
export function patchNceGradient(q: Dense, k: Dense, options: PatchNceOptions, dy: Dense): { dq: Dense } {
  const { rows, perGroup } = requirePatches("patchNceGradient", q, k, options);
  const channels = q.shape[1];
  const dq = zeros(q.shape);
  const logits = new Float64Array(perGroup + 1);
  for (let row = 0; row < rows; row++) {
    const loss = rowLoss(q, k, row, perGroup, options.tau, logits);
    const logSum = loss + logits[0];
    const firstKey = Math.floor(row / perGroup) * perGroup;
    for (let j = 0; j < perGroup; j++) {
      // Every logit's gradient is its probability, less 1 at the positive; the constant -10 passes nothing on.
      const own = firstKey + j === row;
      const slope = own ? Math.expm1(-loss) : Math.exp(logits[1 + j] - logSum);
      const factor = (dy.data[row] * slope) / options.tau;
      const key = (firstKey + j) * channels;
      for (let c = 0, at = row * channels; c < channels; c++, at++) dq.data[at] += factor * k.data[key + c];
    }
  }
  return { dq };
}

function requirePatches(operator: string, q: Dense, k: Dense, { groups }: PatchNceOptions) {
  requireRank(operator, "q", q.shape, 2, "[rows, channels]");
  requireSameShape(operator, "q and k", q.shape, k.shape);
  const [rows] = q.shape;
  if (rows % groups !== 0) {
    throw new ShapeError(
      `${operator}: ${rows} rows do not divide into ${groups} groups.`,
      "Give every image as many patches.",
    );
  }
  return { rows, perGroup: rows / groups };
}

/** The loss of one row, whose logits are left in `logits`: the positive, then the group's keys in order. */
function rowLoss(q: Dense, k: Dense, row: number, perGroup: number, tau: number, logits: Float64Array): number {
  const channels = q.shape[1];
  const firstKey = Math.floor(row / perGroup) * perGroup;
  let largest = OWN_KEY / tau;
  for (let j = 0; j < perGroup; j++) {
    const key = (firstKey + j) * channels;
    let dot = 0;
    for (let c = 0, at = row * channels; c < channels; c++, at++) dot += q.data[at] * k.data[key + c];
    logits[1 + j] = dot / tau;
    largest = Math.max(largest, logits[1 + j]);
  }
  const own = 1 + row - firstKey;
  logits[0] = logits[own];
  logits[own] = OWN_KEY / tau;
  let total = 0;
  for (let j = 0; j <= perGroup; j++) total += Math.exp(logits[j] - largest);
  return largest + Math.log(total) - logits[0];
}
