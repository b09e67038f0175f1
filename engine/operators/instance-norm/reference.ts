// Instance normalisation (Ulyanov et al., 2016) without scale, shift or running statistics. The variance is the biased
// one, taken in a second pass: maps with a large mean lose no digits. An activation and the addition of a residual may
// follow, because the kernels fuse both.
import { type Dense, requireRank, requireSameShape, zeros } from "../lib/reference/dense.js";

export interface InstanceNormOptions {
  readonly eps?: number;
  readonly activation?: "none" | "relu" | "leakyRelu";
  /** Of the leaky ReLU, for negative values. */
  readonly slope?: number;
  /** [N, C, H, W], added after the activation. */
  readonly residual?: Dense;
}

/** The factor on negative values by which all three activations are leaky ReLUs. */
function negativeSlope({ activation = "none", slope = 0.2 }: InstanceNormOptions): number {
  return activation === "none" ? 1 : activation === "relu" ? 0 : slope;
}

/** x [N, C, H, W] -> activation((x - mean) / sqrt(variance + eps)) + residual, statistics per (n, c) over H x W. */
export function instanceNorm(x: Dense, options: InstanceNormOptions = {}): Dense {
  requireRank("instanceNorm", "x", x.shape, 4, "[N, C, H, W]");
  const { eps = 1e-5, residual } = options;
  if (residual) requireSameShape("instanceNorm", "x and the residual", x.shape, residual.shape);
  const slope = negativeSlope(options);
  const [batch, channels, height, width] = x.shape;
  const area = height * width;
  const y = zeros(x.shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    const start = plane * area;
    const mean = meanOf(x.data, start, area);
    const rstd = rstdOf(x.data, start, area, mean, eps);
    for (let at = start; at < start + area; at++) {
      const value = (x.data[at] - mean) * rstd;
      y.data[at] = value > 0 ? value : value * slope;
    }
  }
  if (residual) for (let at = 0; at < y.data.length; at++) y.data[at] += residual.data[at];
  return y;
}

/** `dresidual` is there if a residual was given. */
export function instanceNormGradient(
  x: Dense,
  options: InstanceNormOptions,
  dy: Dense,
): { dx: Dense; dresidual?: Dense } {
  const { eps = 1e-5, residual } = options;
  const slope = negativeSlope(options);
  const [batch, channels, height, width] = x.shape;
  const area = height * width;
  const dx = zeros(x.shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    const start = plane * area;
    const mean = meanOf(x.data, start, area);
    const rstd = rstdOf(x.data, start, area, mean, eps);
    // With g the cotangent of the normalised value u: dx = (g - mean(g) - u mean(g u)) * rstd.
    let sumG = 0;
    let sumGU = 0;
    for (let at = start; at < start + area; at++) {
      const u = (x.data[at] - mean) * rstd;
      const g = u > 0 ? dy.data[at] : dy.data[at] * slope;
      sumG += g;
      sumGU += g * u;
      dx.data[at] = g;
    }
    const meanG = sumG / area;
    const meanGU = sumGU / area;
    for (let at = start; at < start + area; at++) {
      const u = (x.data[at] - mean) * rstd;
      dx.data[at] = (dx.data[at] - meanG - u * meanGU) * rstd;
    }
  }
  return residual ? { dx, dresidual: dy } : { dx };
}

function meanOf(values: Float64Array, start: number, count: number): number {
  let total = 0;
  for (let at = start; at < start + count; at++) total += values[at];
  return total / count;
}

function rstdOf(values: Float64Array, start: number, count: number, mean: number, eps: number): number {
  let total = 0;
  for (let at = start; at < start + count; at++) total += (values[at] - mean) ** 2;
  return 1 / Math.sqrt(total / count + eps);
}
