// The patch side of contrastive translation (Park et al., 2020): the L2 normalisation that puts patch features on the
// unit sphere, and the PatchNCE loss, which asks each query feature to pick the key of its own position among the keys
// of its image.
import { ShapeError } from "../../core/errors.js";
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";

/** Rows x [R, C] -> x / (||x|| + eps) row by row. The eps is added to the norm, so it counts for tiny rows. */
export function l2Normalize(x: Dense, eps = 1e-7): Dense {
  requireRank("l2Normalize", "x", x.shape, 2, "[rows, channels]");
  const [rows, channels] = x.shape;
  const y = zeros(x.shape);
  for (let row = 0; row < rows; row++) {
    const start = row * channels;
    const factor = 1 / (normOf(x.data, start, channels) + eps);
    for (let at = start; at < start + channels; at++) y.data[at] = x.data[at] * factor;
  }
  return y;
}

/** At a row of zeros the norm's own gradient is taken as zero, as PyTorch does. */
export function l2NormalizeGradient(x: Dense, eps: number, dy: Dense): { dx: Dense } {
  const [rows, channels] = x.shape;
  const dx = zeros(x.shape);
  for (let row = 0; row < rows; row++) {
    const start = row * channels;
    const norm = normOf(x.data, start, channels);
    const factor = 1 / (norm + eps);
    let dot = 0;
    for (let at = start; at < start + channels; at++) dot += x.data[at] * dy.data[at];
    const along = norm > 0 ? (dot * factor * factor) / norm : 0;
    for (let at = start; at < start + channels; at++) dx.data[at] = dy.data[at] * factor - x.data[at] * along;
  }
  return { dx };
}

function normOf(values: Float64Array, start: number, count: number): number {
  let total = 0;
  for (let at = start; at < start + count; at++) total += values[at] * values[at];
  return Math.sqrt(total);
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
 * q, k [G * S, C] -> one loss per row, [G * S]: the cross-entropy of class 0 over the logits
 * [q_i . k_i | q_i . k_1 ... q_i . k_S] / tau, where the second q_i . k_i is replaced by -10. It is the logarithm of 1
 * plus the negatives' odds, the sum of exp(logit - positive): summed without the positive, a small loss keeps its
 * digits.
 */
export function patchNce(q: Dense, k: Dense, options: PatchNceOptions): Dense {
  const { rows, perGroup } = requirePatches("patchNce", q, k, options);
  const y = zeros([rows]);
  const logits = new Float64Array(perGroup);
  for (let row = 0; row < rows; row++) {
    const logOdds = negativesOf(q, k, row, perGroup, options.tau, logits);
    y.data[row] = Math.max(logOdds, 0) + Math.log1p(Math.exp(-Math.abs(logOdds)));
  }
  return y;
}

/** Keys are constants of the method, so only q gets a gradient. dy is [G * S]. */
export function patchNceGradient(q: Dense, k: Dense, options: PatchNceOptions, dy: Dense): { dq: Dense } {
  // The probability of all negatives together, which is what the positive's lacks of 1.
  const share = (logOdds: number) => Math.exp(Math.min(logOdds, 0)) / (1 + Math.exp(-Math.abs(logOdds)));
  return { dq: gradientByLogits(q, k, options, dy, share, () => unweighted) };
}

const unweighted = () => 1;

/** Every logit's gradient is its part of the share of all negatives; the positive's is less that share. */
function gradientByLogits(
  q: Dense,
  k: Dense,
  options: PatchNceOptions,
  dy: Dense,
  shareOf: (logOdds: number) => number,
  factorsOf: (row: number) => (j: number) => number,
): Dense {
  const { rows, perGroup } = requirePatches("gradient", q, k, options);
  const dq = zeros(q.shape);
  const logits = new Float64Array(perGroup);
  for (let row = 0; row < rows; row++) {
    const factor = factorsOf(row);
    const logOdds = negativesOf(q, k, row, perGroup, options.tau, logits, factor);
    const share = shareOf(logOdds);
    const firstKey = row - (row % perGroup);
    for (let j = 0; j < perGroup; j++) {
      // The constant -10 passes nothing on.
      const slope = firstKey + j === row ? -share : share * factor(j) * Math.exp(logits[j] - logOdds);
      addRow(dq, row, (dy.data[row] * slope) / options.tau, k, firstKey + j);
    }
  }
  return dq;
}

/** Adds a row of `other`, times a factor, to a row of x. */
function addRow(x: Dense, row: number, factor: number, other: Dense, otherRow: number): void {
  const channels = x.shape[1];
  for (let c = 0; c < channels; c++) x.data[row * channels + c] += factor * other.data[otherRow * channels + c];
}

function dot(a: Dense, i: number, b: Dense, j: number): number {
  const channels = a.shape[1];
  return total(channels, (c) => a.data[i * channels + c] * b.data[j * channels + c]);
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

/**
 * The log-sum-exp of one row's negatives, whose similarities are times their factors, less its positive logit. Leaves
 * in `logits` those of the group's keys in order, less the positive one, with the constant in the place of the row's
 * own key.
 */
function negativesOf(
  q: Dense,
  k: Dense,
  row: number,
  perGroup: number,
  tau: number,
  logits: Float64Array,
  factor: (j: number) => number = unweighted,
): number {
  const firstKey = Math.floor(row / perGroup) * perGroup;
  const positive = dot(q, row, k, row);
  for (let j = 0; j < perGroup; j++) {
    const negative = firstKey + j === row ? OWN_KEY : factor(j) * dot(q, row, k, firstKey + j);
    logits[j] = (negative - positive) / tau;
  }
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  return largest + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - largest), 0));
}

export interface HdceOptions extends PatchNceOptions {
  /** How many of the first rows are compared by SRC. */
  readonly related: number;
}

/** q, k [R, C], gamma [1] -> [R + related]: hDCE, and the divergences of SRC (docs/method.md section 3). */
export function hdce(q: Dense, k: Dense, gamma: Dense, options: HdceOptions): Dense {
  const { rows, perGroup } = requirePatches("hdce", q, k, options);
  const y = zeros([rows + options.related]);
  const logits = new Float64Array(perGroup);
  for (let row = 0; row < rows; row++)
    y.data[row] = negativesOf(q, k, row, perGroup, options.tau, logits, hardness(k, gamma, row, perGroup));
  const { P, R, halfRatio } = relationsOf(q, k, options.related);
  P.forEach((p, i) => {
    y.data[rows + i] = total(p.length, (j) => p[j] * halfRatio(P, i, j) + R[i][j] * halfRatio(R, i, j));
  });
  return y;
}

/** Keys are constants. dy is [R + related]. */
export function hdceGradient(q: Dense, k: Dense, gamma: Dense, options: HdceOptions, dy: Dense): { dq: Dense } {
  const { rows, perGroup } = requirePatches("hdceGradient", q, k, options);
  const factorsOf = (row: number) => hardness(k, gamma, row, perGroup);
  const dq = gradientByLogits(q, k, options, dy, unweighted, factorsOf);
  const { P, halfRatio } = relationsOf(q, k, options.related);
  for (const [i, p] of P.entries()) {
    const mean = total(p.length, (j) => p[j] * halfRatio(P, i, j));
    for (let j = 0; j < p.length; j++) {
      // Of the product of rows i and j, which both rows make.
      const slope = dy.data[rows + i] * p[j] * (halfRatio(P, i, j) - mean);
      addRow(dq, i, slope, q, j);
      addRow(dq, j, slope, q, i);
    }
  }
  return { dq };
}

/** hDCE's weights of a row's negatives. */
function hardness(k: Dense, gamma: Dense, row: number, perGroup: number): (j: number) => number {
  const firstKey = row - (row % perGroup);
  const alike = Array.from({ length: perGroup }, (_, j) =>
    firstKey + j === row ? OWN_KEY : dot(k, row, k, firstKey + j),
  );
  const most = Math.max(...alike);
  return (j) => Math.exp((alike[j] - most) / gamma.data[0]);
}

/** The softmaxes of the products of q's first rows with each other, and of k's; and half of log(X / mean of both). */
function relationsOf(q: Dense, k: Dense, related: number) {
  const [P, R] = [q, k].map((x) =>
    matrix(related, (i, j) => Math.exp(dot(x, i, x, j))).map((row) => {
      const sum = total(related, (j) => row[j]);
      return row.map((value) => value / sum);
    }),
  );
  const halfRatio = (x: number[][], i: number, j: number) => Math.log((2 * x[i][j]) / (P[i][j] + R[i][j])) / 2;
  return { P, R, halfRatio };
}

export interface MonceOptions extends PatchNceOptions {
  readonly cost: "hard" | "easy";
  readonly eps: number;
  readonly negTermWeight: number;
  readonly rounds: number;
  readonly planDetached: boolean;
}

/** q, k [G * S, C] -> one loss per row: PatchNCE, the negatives weighted by a plan (docs/method.md section 3). */
export function monce(q: Dense, k: Dense, options: MonceOptions): Dense {
  const { rows, perGroup: n } = requirePatches("monce", q, k, options);
  const y = zeros([rows]);
  for (let first = 0; first < rows; first += n) {
    const { odds } = weightedOf(q, k, first, n, options);
    for (let i = 0; i < n; i++) y.data[first + i] = Math.log1p(total(n, (j) => odds(i, j)));
  }
  return y;
}

/** Keys are constants. dy is [G * S]. */
export function monceGradient(q: Dense, k: Dense, options: MonceOptions, dy: Dense): { dq: Dense } {
  const { rows, perGroup: n } = requirePatches("monceGradient", q, k, options);
  const { tau, eps, cost, planDetached } = options;
  const dq = zeros(q.shape);
  for (let first = 0; first < rows; first += n) {
    const { odds, kernel, scalings, times } = weightedOf(q, k, first, n, options);
    const sums = Array.from({ length: n }, (_, i) => total(n, (j) => odds(i, j)));
    // By the logits, then by the logarithms of the plan, and of the kernel.
    const p = matrix(n, (i, j) => (dy.data[first + i] * (i === j ? -sums[i] : odds(i, j))) / (1 + sums[i]));
    const plan = matrix(n, (i, j) => (i === j ? 0 : (p[i][j] * times(i, j)) / (times(i, j) + 1e-8)));
    const log = matrix(n, (i, j) => plan[i][j]);
    let du = plan.map((row) => total(n, (j) => row[j]));
    let dv = plan.map((_, j) => total(n, (i) => plan[i][j]));
    for (let round = options.rounds; round > 0 && !planDetached; round--) {
      const [u, v, before] = [scalings[round].u, scalings[round].v, scalings[round - 1].v];
      const ofV = matrix(n, (i, j) => u[i] * kernel[i][j] * v[j] * dv[j]);
      du = du.map((d, i) => d - total(n, (j) => ofV[i][j]));
      const ofU = matrix(n, (i, j) => u[i] * kernel[i][j] * before[j] * du[i]);
      dv = dv.map((_, j) => -total(n, (i) => ofU[i][j]));
      du = du.map(() => 0);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) log[i][j] -= ofV[i][j] + ofU[i][j];
    }
    const sign = planDetached ? 0 : cost === "easy" ? -1 : 1;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const slope = p[i][j] / tau + (i === j ? 0 : (sign * log[i][j]) / eps);
        addRow(dq, first + i, slope, k, first + j);
      }
    }
  }
  return { dq };
}

function total(n: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += value(i);
  return sum;
}

const matrix = (n: number, value: (i: number, j: number) => number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => value(i, j)));

/** Of a group: what a negative adds to the odds against the positive, how often it counts, and the plan's parts. */
function weightedOf(q: Dense, k: Dense, first: number, n: number, options: MonceOptions) {
  const { tau, cost, eps, negTermWeight, rounds } = options;
  const s = matrix(n, (i, j) => dot(q, first + i, k, first + j));
  const kernel = matrix(n, (i, j) => Math.exp((i === j ? OWN_KEY : cost === "easy" ? 1 - s[i][j] : s[i][j]) / eps));
  const scalings = [{ u: new Array<number>(n).fill(0), v: new Array<number>(n).fill(1) }];
  for (let round = 0; round < rounds; round++) {
    const { v: before } = scalings[round];
    const u = kernel.map((row) => 1 / total(n, (j) => row[j] * before[j]));
    const v = kernel.map((_, j) => 1 / total(n, (i) => kernel[i][j] * u[i]));
    scalings.push({ u, v });
  }
  const { u, v } = scalings[rounds];
  const times = (i: number, j: number) => (n - 1) * negTermWeight * u[i] * kernel[i][j] * v[j];
  const odds = (i: number, j: number) =>
    i === j ? Math.exp((OWN_KEY - s[i][i]) / tau) : Math.exp((s[i][j] - s[i][i]) / tau) * (times(i, j) + 1e-8);
  return { odds, kernel, scalings, times };
}
