// The patch side of contrastive translation (Park et al., 2020): the L2 normalisation that puts patch features on the
// unit sphere, and the PatchNCE loss, which asks each query feature to pick the key of its own position among the keys
// of its image.
import { ShapeError } from "../../lib/errors.js";
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";

/** Rows x [R, C] -> x / (||x|| + eps) row by row; the eps is added to the norm. */
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
  /** Groups that rows take their negatives from: the images of the batch, or 1 to use all rows as negatives. */
  readonly groups: number;
  /** The temperature that logits are divided by. */
  readonly tau: number;
}

/** Takes the place of the positive's product in the matrix of negatives, before the division by tau. */
const DIAGONAL_MASK = -10;

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
    const logOdds = logOddsOf(q, k, row, perGroup, options.tau, logits);
    y.data[row] = Math.max(logOdds, 0) + Math.log1p(Math.exp(-Math.abs(logOdds)));
  }
  return y;
}

/** Keys are constants of the method, so only q gets a gradient. dy is [G * S]. */
export function patchNceGradient(q: Dense, k: Dense, options: PatchNceOptions, dy: Dense): { dq: Dense } {
  // The probability of all negatives together, 1 minus the positive's.
  const share = (logOdds: number) => Math.exp(Math.min(logOdds, 0)) / (1 + Math.exp(-Math.abs(logOdds)));
  return { dq: gradientByLogits(q, k, options, dy, share, () => unweighted) };
}

const unweighted = () => 1;

/**
 * The gradient by each negative's logit is its part of the probability of all negatives; the positive's is minus that.
 */
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
    const logOdds = logOddsOf(q, k, row, perGroup, options.tau, logits, factor);
    const share = shareOf(logOdds);
    const firstKey = row - (row % perGroup);
    for (let j = 0; j < perGroup; j++) {
      // The constant -10 has no gradient, so the diagonal holds the positive's.
      const slope = firstKey + j === row ? -share : share * factor(j) * Math.exp(logits[j] - logOdds);
      addRow(dq, row, (dy.data[row] * slope) / options.tau, k, firstKey + j);
    }
  }
  return dq;
}

/** x[row] += factor * other[otherRow]. */
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
 * The log-sum-exp of one row's negatives, each similarity times its factor, minus the positive's logit. Fills `logits`
 * with those of the group's keys in order, minus the positive's, with the masked constant on the diagonal.
 */
function logOddsOf(
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
    const negative = firstKey + j === row ? DIAGONAL_MASK : factor(j) * dot(q, row, k, firstKey + j);
    logits[j] = (negative - positive) / tau;
  }
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  return largest + Math.log(logits.reduce((total, logit) => total + Math.exp(logit - largest), 0));
}

export interface HdceOptions extends PatchNceOptions {
  /** How many rows, from the first on, SRC compares. */
  readonly related: number;
}

/** q, k [R, C], gamma [1] -> [R + related]: hDCE, and the divergences of SRC (docs/method.md section 3). */
export function hdce(q: Dense, k: Dense, gamma: Dense, options: HdceOptions): Dense {
  const { rows, perGroup } = requirePatches("hdce", q, k, options);
  const y = zeros([rows + options.related]);
  const logits = new Float64Array(perGroup);
  for (let row = 0; row < rows; row++)
    y.data[row] = logOddsOf(q, k, row, perGroup, options.tau, logits, hardness(k, gamma, row, perGroup));
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
      // The gradient by the product of rows i and j, which passes to both.
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
  const similarities = Array.from({ length: perGroup }, (_, j) =>
    firstKey + j === row ? DIAGONAL_MASK : dot(k, row, k, firstKey + j),
  );
  const most = Math.max(...similarities);
  return (j) => Math.exp((similarities[j] - most) / gamma.data[0]);
}

/** P and R, the softmaxes of the products of q's first rows with each other and of k's; and log(X / M) / 2. */
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
    const { odds, kernel, scalings, weight } = weightedOf(q, k, first, n, options);
    const sums = Array.from({ length: n }, (_, i) => total(n, (j) => odds(i, j)));
    // Gradients by the logits, then by the logarithms of the plan, and of the kernel.
    const p = matrix(n, (i, j) => (dy.data[first + i] * (i === j ? -sums[i] : odds(i, j))) / (1 + sums[i]));
    const plan = matrix(n, (i, j) => (i === j ? 0 : (p[i][j] * weight(i, j)) / (weight(i, j) + 1e-8)));
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

/**
 * Of a group: the odds of each negative against the positive, its weight (n - 1) negTermWeight T_ij, K and scalings.
 */
function weightedOf(q: Dense, k: Dense, first: number, n: number, options: MonceOptions) {
  const { tau, cost, eps, negTermWeight, rounds } = options;
  const s = matrix(n, (i, j) => dot(q, first + i, k, first + j));
  const kernel = matrix(n, (i, j) =>
    Math.exp((i === j ? DIAGONAL_MASK : cost === "easy" ? 1 - s[i][j] : s[i][j]) / eps),
  );
  const scalings = [{ u: new Array<number>(n).fill(0), v: new Array<number>(n).fill(1) }];
  for (let round = 0; round < rounds; round++) {
    const { v: before } = scalings[round];
    const u = kernel.map((row) => 1 / total(n, (j) => row[j] * before[j]));
    const v = kernel.map((_, j) => 1 / total(n, (i) => kernel[i][j] * u[i]));
    scalings.push({ u, v });
  }
  const { u, v } = scalings[rounds];
  const weight = (i: number, j: number) => (n - 1) * negTermWeight * u[i] * kernel[i][j] * v[j];
  const odds = (i: number, j: number) =>
    i === j ? Math.exp((DIAGONAL_MASK - s[i][i]) / tau) : Math.exp((s[i][j] - s[i][i]) / tau) * (weight(i, j) + 1e-8);
  return { odds, kernel, scalings, weight };
}
