// Instance norm without affine parameters or running statistics (docs/method.md section 2.1): per image and channel,
// biased variance, eps inside the root; optionally with the activation and the residual addition that follow it in the
// networks. The gradient keeps only the statistics and recomputes the normalised values.
import {
  instance_norm,
  instance_norm_gradient,
  instance_norm_gradient_unpad,
  instance_norm_gradient_vec4,
  instance_norm_vec4,
  pad_gradient_vec4,
} from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { type Dispatch, unusedStorage } from "../../core/recorder.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkOptions, number, oneOf, positive, tensor } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, sameShape, shapeText } from "../../lib/shapes.js";
import { add, leakyReluGradient, mul, neg, rsqrt, square, sub, widenedSquare } from "../pointwise/index.js";
import { mean } from "../reduction/index.js";

export interface InstanceNormOptions {
  eps?: number;
  /** Applied after the normalisation. */
  activation?: "none" | "relu" | "leakyRelu";
  /** Slope of leakyRelu. */
  slope?: number;
  /** Added after the activation; of x's shape. */
  residual?: Tensor;
}

type NormInputs = readonly [x: Tensor, residual: Tensor | undefined];
interface NormOptions {
  eps: number;
  /** Null: no activation. */
  slope: number | null;
}

/**
 * Invocations that work on one plane, and the elements that each loads before it uses them. On software adapters
 * invocations are lanes of a vector register.
 */
const CONSTANTS = { software: { WORKGROUP: 8, PER_THREAD: 1 }, gpu: { WORKGROUP: 256, PER_THREAD: 4 } } as const;

/** The kernel by vec4s where the size of planes is a multiple of 4, else that by scalars; and its params and grid. */
function planesOf<K, V>(x: Tensor, scalars: K, vec4s: V) {
  const [batch, channels, height, width] = x.shape;
  const [planes, count] = [batch * channels, height * width];
  const whole = count % 4 === 0;
  return { kernel: whole ? vec4s : scalars, params: { planes, count, size: whole ? count / 4 : count }, grid: planes };
}

/** Fills y and the statistics, or y alone from given statistics. */
function normalize(
  gpu: Gpu,
  [x, residual]: NormInputs,
  { eps, slope }: NormOptions,
  y: Tensor,
  statistics: Tensor,
  STATS_GIVEN: boolean,
): void {
  const { kernel, params, grid } = planesOf(x, instance_norm, instance_norm_vec4);
  gpu.dispatch(kernel, {
    bindings: { x, residual: residual ?? x, statistics, y },
    params: { ...params, eps, slope: slope ?? 0 },
    grid,
    constants: { ...CONSTANTS[gpu.profile], LEAKY: slope !== null, RESIDUAL: Boolean(residual), STATS_GIVEN },
    activation: residual ? undefined : { slope, statisticsOnly: STATS_GIVEN ? undefined : { WRITE_Y: false } },
  });
}

export const instanceNormOperator = defineOperator<NormInputs, NormOptions>({
  name: "instanceNorm",
  optional: [1],
  shape([x, residual]) {
    imageShape("instanceNorm", x);
    if (residual && !sameShape(residual.shape, x.shape)) {
      throw new ShapeError(
        `instanceNorm: the residual ${shapeText(residual)} does not fit ${shapeText(x)}`,
        "Give a residual of the same shape.",
      );
    }
    return x.shape;
  },
  // Mean 1, variance 3, normalisation 2, and 1 each for an activation and a residual.
  flops: ([x, residual], { slope }) => sizeOf(x as Shape) * (6 + Number(slope !== null) + Number(Boolean(residual))),
  cheap: true,
  forward(gpu, inputs, options, y) {
    const statistics = gpu.empty([y.shape[0] * y.shape[1], 2]);
    normalize(gpu, inputs, options, y, statistics, false);
    return [statistics];
  },
  recompute: (gpu, inputs, options, y, [statistics]) => normalize(gpu, inputs, options, y, statistics, true),
  gradient({ inputs: [x, residual], options, saved: [statistics], needs }, dy) {
    const dx = needs(0) ? instanceNormGradientOperator([dy, x, statistics], options) : null;
    return [dx, residual && needs(1) ? dy : null];
  },
});

/** Fuses the adjoint of a reflection padding into the norm's gradient that reads it, where rows are whole vec4s. */
function fuseUnpadding(unpadding: Dispatch, later: Dispatch, stored: boolean): Dispatch[] | null {
  const { storages, params, constants, grid } = later;
  const { height, width, pad, planes } = unpadding.params;
  const { REFLECT, ACCUMULATE } = unpadding.constants;
  const alike = planes === params.planes && height * width === params.count;
  if (unpadding.source !== pad_gradient_vec4 || !REFLECT || !alike) return null;
  const [padded] = unpadding.storages;
  const [dy, ...others] = storages;
  const WRITE_DY = stored || ACCUMULATE === true;
  const merged: Dispatch = {
    source: instance_norm_gradient_unpad,
    storages: [padded, ...others, WRITE_DY ? dy : unusedStorage()],
    params: { ...params, height, width, pad },
    grid,
    constants: { ...constants, ACCUMULATE, WRITE_DY },
  };
  return [merged];
}

/**
 * dx = rstd (g - mean(g) - u mean(g u)) with rstd = 1 / sqrt(variance + eps), u = (x - mean(x)) rstd the normalised
 * value and g the activation's gradient. Its own gradient is composed of operators and can be differentiated any number
 * of times.
 */
export const instanceNormGradientOperator: Operator<readonly [dy: Tensor, x: Tensor, statistics: Tensor], NormOptions> =
  defineOperator({
    name: "instanceNormGradient",
    shape: ([dy]) => dy.shape,
    // The normalised value 2, two sums 3, the gradient 4; then the activation's gradient.
    flops: ([dy], { slope }) => sizeOf(dy as Shape) * (9 + Number(slope !== null)),
    forward(gpu, [dy, x, statistics], { slope }, dx) {
      const { kernel, params, grid } = planesOf(x, instance_norm_gradient, instance_norm_gradient_vec4);
      gpu.dispatch(kernel, {
        bindings: { dy, x, statistics, dx },
        params: { ...params, slope: slope ?? 0 },
        grid,
        constants: { ...CONSTANTS[gpu.profile], LEAKY: slope !== null },
        fusion: { input: "dy", merge: fuseUnpadding },
      });
      return undefined;
    },
    gradient({ inputs: [dy, x, statistics], options: { eps, slope }, needs }, cotangent) {
      // dx is a symmetric linear map of g, so the gradient by g is the same map of the cotangent c. Its matrix depends
      // on x by rstd and u:
      //   <c, dx> = size rstd (mean(c g) - mean(c) mean(g) - mean(c u) mean(g u))
      const gradient = (v: Tensor) => instanceNormGradientOperator([v, x, statistics], { eps, slope: null });
      const average = (v: Tensor) => mean(v, [2, 3], true);
      const centered = sub(x, average(x));
      const rstd = rsqrt(add(average(widenedSquare(centered)), eps));
      const u = mul(centered, rstd);
      const activated = (v: Tensor) => (slope === null ? v : leakyReluGradient(v, u, slope));
      if (!needs(1)) return [activated(gradient(cotangent)), null, null];
      const g = activated(dy);
      const [cu, gu] = [average(mul(cotangent, u)), average(mul(g, u))];
      const covariance = sub(average(mul(cotangent, g)), mul(average(cotangent), average(g)));
      const byRstd = mul(mul(square(rstd), sub(covariance, mul(cu, gu))), u);
      const byU = gradient(mul(rstd, add(mul(gu, cotangent), mul(cu, g))));
      return [needs(0) ? activated(gradient(cotangent)) : null, neg(add(byRstd, byU)), null];
    },
  });

const INSTANCE_NORM_OPTIONS = {
  eps: positive,
  activation: oneOf("none", "relu", "leakyRelu"),
  slope: number,
  residual: tensor,
};

/** The default of the eps that is added to the variance. */
export const INSTANCE_NORM_EPS = 1e-5;

/**
 * x [N, C, H, W] with every plane brought to mean 0 and variance 1, then activation, then plus the residual.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[[[1, 3], [1, 3]]]]);
 * const y = await instanceNorm(x, { activation: "relu" }).read();
 * console.log(y.map(Math.round)); // 0, 1, 0, 1
 * ```
 */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  checkOptions("instanceNorm", options, INSTANCE_NORM_OPTIONS);
  const { eps = INSTANCE_NORM_EPS, residual } = options;
  return instanceNormOperator([x, residual], { eps, slope: slopeOf(options) });
}

const slopeOf = ({ activation = "none", slope = 0.2 }: InstanceNormOptions) =>
  ({ none: null, relu: 0, leakyRelu: slope })[activation];

/**
 * The same with given statistics [N * C, 2], mean and rstd of every plane: for a tile of a larger picture, whose
 * statistics are those of the whole. It has no gradient.
 */
export function normalizeBy(statistics: Tensor, x: Tensor, options: Omit<InstanceNormOptions, "eps"> = {}): Tensor {
  const { gpu } = x;
  const y = gpu.empty(x.shape, x.dtype);
  normalize(gpu, [x, options.residual], { eps: 0, slope: slopeOf(options) }, y, statistics, true);
  return y;
}
