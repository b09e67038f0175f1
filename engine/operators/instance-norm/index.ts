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
import { checkOptions, number, object, oneOf, positive } from "../../core/check-options.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { imageShape, sameShape, shapeText } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { type Dispatch, unusedStorage } from "../../device/recorder.js";
import { add, leakyReluGradient, mul, neg, rsqrt, square, sub } from "../pointwise/index.js";
import { mean } from "../reduction/index.js";

export interface InstanceNormOptions {
  eps?: number;
  /** What follows the normalisation. */
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
 * Invocations that work on one plane, and the loads that each has under way. On software adapters invocations are lanes
 * of a vector register.
 */
const CONSTANTS = { software: { WORKGROUP: 8, AHEAD: 1 }, gpu: { WORKGROUP: 256, AHEAD: 4 } } as const;

/** A kernel's form for planes of a size: of vec4s where they can be cut into them; and its params and grid. */
function planesOf<K, V>(x: Tensor, scalars: K, vec4s: V) {
  const [batch, channels, height, width] = x.shape;
  const [planes, count] = [batch * channels, height * width];
  const whole = count % 4 === 0;
  return { kernel: whole ? vec4s : scalars, params: { planes, count, size: whole ? count / 4 : count }, grid: planes };
}

/** Fills y, and the statistics or, where they are GIVEN, y alone. */
function normalize(
  gpu: Gpu,
  [x, residual]: NormInputs,
  { eps, slope }: NormOptions,
  y: Tensor,
  statistics: Tensor,
  GIVEN: boolean,
): void {
  const { kernel, params, grid } = planesOf(x, instance_norm, instance_norm_vec4);
  gpu.dispatch(kernel, {
    bindings: { x, residual: residual ?? x, statistics, y },
    params: { ...params, eps, slope: slope ?? 0 },
    grid,
    constants: { ...CONSTANTS[gpu.profile], SLOPED: slope !== null, RESIDUAL: Boolean(residual), GIVEN },
    activation: residual ? undefined : { slope, statisticsOnly: GIVEN ? undefined : { APPLIED: false } },
  });
}

export const instanceNormOperator = defineOperator<NormInputs, NormOptions>({
  name: "instanceNorm",
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
  // Mean 1, variance 3, normalisation 2; then the activation and the residual where they are.
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

/** The gradient and, before it, the adjoint of a reflection padding, where rows are whole vec4s. */
function withUnpadding(unpadding: Dispatch, later: Dispatch, stored: boolean): Dispatch[] | null {
  const { storages, params, constants, grid } = later;
  const { height, width, pad, planes } = unpadding.params;
  const { REFLECT, ACCUMULATE } = unpadding.constants;
  const alike = planes === params.planes && height * width === params.count;
  if (unpadding.source !== pad_gradient_vec4 || !REFLECT || !alike) return null;
  const [padded] = unpadding.storages;
  const [dy, ...others] = storages;
  const STORED = stored || ACCUMULATE === true;
  const merged: Dispatch = {
    source: instance_norm_gradient_unpad,
    storages: [padded, ...others, STORED ? dy : unusedStorage()],
    params: { ...params, height, width, pad },
    grid,
    constants: { ...constants, ACCUMULATE, STORED },
  };
  return [merged];
}

/**
 * dx = r (g - mean(g) - u mean(g u)) with r = 1 / sqrt(variance + eps), u = (x - mean(x)) r the normalised value and g
 * the activation's gradient. Its own gradient is made of operators, so it can be differentiated as often as wanted.
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
        constants: { ...CONSTANTS[gpu.profile], SLOPED: slope !== null },
        fusion: { input: "dy", merge: withUnpadding },
      });
      return undefined;
    },
    gradient({ inputs: [dy, x, statistics], options: { eps, slope }, needs }, cotangent) {
      // Of a symmetric linear map of g, the map itself; its matrix depends on x by r and u:
      //   <c, dx> = size r (mean(c g) - mean(c) mean(g) - mean(c u) mean(g u))
      const gradient = (v: Tensor) => instanceNormGradientOperator([v, x, statistics], { eps, slope: null });
      const average = (v: Tensor) => mean(v, [2, 3], true);
      const centered = sub(x, average(x));
      const r = rsqrt(add(average(square(centered)), eps));
      const u = mul(centered, r);
      const activated = (v: Tensor) => (slope === null ? v : leakyReluGradient(v, u, slope));
      if (!needs(1)) return [activated(gradient(cotangent)), null, null];
      const g = activated(dy);
      const [cu, gu] = [average(mul(cotangent, u)), average(mul(g, u))];
      const covariance = sub(average(mul(cotangent, g)), mul(average(cotangent), average(g)));
      const byR = mul(mul(square(r), sub(covariance, mul(cu, gu))), u);
      const byU = gradient(mul(r, add(mul(gu, cotangent), mul(cu, g))));
      return [needs(0) ? activated(gradient(cotangent)) : null, neg(add(byR, byU)), null];
    },
  });

const INSTANCE_NORM_OPTIONS = {
  eps: positive,
  activation: oneOf("none", "relu", "leakyRelu"),
  slope: number,
  residual: object,
};

/** What is added to a plane's variance where nothing else is asked for. */
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
 * The same by statistics [N * C, 2] that are given, mean and 1 / deviation of every plane: for an x that is a part of
 * what is to be normalised. It has no gradient.
 */
export function normalizeBy(statistics: Tensor, x: Tensor, options: Omit<InstanceNormOptions, "eps"> = {}): Tensor {
  const { gpu } = x;
  const y = gpu.empty(x.shape, x.dtype);
  normalize(gpu, [x, options.residual], { eps: 0, slope: slopeOf(options) }, y, statistics, true);
  return y;
}
