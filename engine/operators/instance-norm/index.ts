// Instance norm without affine parameters or running statistics (cut.md section 2.1): per image and channel, biased
// variance, eps inside the root; optionally with the activation and the residual addition that follow it in the networks.
// The gradient keeps only the statistics and makes the normalised values again.
import {
  instance_norm,
  instance_norm_gradient,
  instance_norm_gradient_sums,
  instance_norm_statistics,
} from "../../../shaders/generated.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator } from "../../core/operator.js";
import { imageShape, sameShape, shapeText } from "../../core/shapes.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { rowGrid } from "../../device/kernel.js";

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

/** Lanes that add up one plane together, and elements an invocation of the other kernels does. */
const lanes = (gpu: Gpu) => (gpu.profile === "software" ? 8 : 256);
const perThread = (gpu: Gpu, size: number) => (gpu.profile === "software" ? Math.min(8, Math.ceil(size / 64)) : 1);

function normalize(
  gpu: Gpu,
  [x, residual]: NormInputs,
  { slope }: NormOptions,
  y: Tensor,
  [statistics]: readonly Tensor[],
): void {
  const planes = statistics.shape[0];
  const size = x.size / planes;
  const PER_THREAD = perThread(gpu, size);
  gpu.dispatch(instance_norm, {
    bindings: { x, statistics, residual: residual ?? x, y },
    params: { planes, size, slope: slope ?? 0 },
    grid: rowGrid(Math.ceil(size / (64 * PER_THREAD)), planes),
    constants: { SLOPED: slope !== null, RESIDUAL: Boolean(residual), PER_THREAD },
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
    const [x] = inputs;
    const [batch, channels, height, width] = x.shape;
    const planes = batch * channels;
    const size = height * width;
    const statistics = gpu.empty([planes, 2]);
    gpu.dispatch(instance_norm_statistics, {
      bindings: { x, statistics },
      params: { size, eps: options.eps },
      grid: planes,
      constants: { WORKGROUP: lanes(gpu) },
    });
    normalize(gpu, inputs, options, y, [statistics]);
    return [statistics];
  },
  recompute: normalize,
  gradient({ inputs: [x, residual], options: { slope }, saved: [statistics], needs }, dy) {
    const dx = needs(0) ? instanceNormGradientOperator([dy, x, statistics], { slope }) : null;
    return [dx, residual && needs(1) ? dy : null];
  },
});

export const instanceNormGradientOperator = defineOperator<
  readonly [dy: Tensor, x: Tensor, statistics: Tensor],
  { slope: number | null }
>({
  name: "instanceNormGradient",
  shape: ([dy]) => dy.shape,
  // The normalised value again 2, two sums 3, the gradient 4; then the activation's gate.
  flops: ([dy], { slope }) => sizeOf(dy as Shape) * (9 + Number(slope !== null)),
  forward(gpu, [dy, x, statistics], { slope }, dx) {
    const planes = statistics.shape[0];
    const size = x.size / planes;
    const sums = gpu.empty([planes, 2]);
    const SLOPED = slope !== null;
    gpu.dispatch(instance_norm_gradient_sums, {
      bindings: { dy, x, statistics, sums },
      params: { size, slope: slope ?? 0 },
      grid: planes,
      constants: { WORKGROUP: lanes(gpu), SLOPED },
    });
    const PER_THREAD = perThread(gpu, size);
    gpu.dispatch(instance_norm_gradient, {
      bindings: { dy, x, statistics, sums, dx },
      params: { planes, size, slope: slope ?? 0 },
      grid: rowGrid(Math.ceil(size / (64 * PER_THREAD)), planes),
      constants: { SLOPED, PER_THREAD },
    });
    sums.dispose();
    return undefined;
  },
});

/** x [N, C, H, W] with every plane brought to mean 0 and variance 1, then activation, then plus the residual. */
export function instanceNorm(x: Tensor, options: InstanceNormOptions = {}): Tensor {
  const { eps = 1e-5, activation = "none", slope = 0.2, residual } = options;
  const slopes = { none: null, relu: 0, leakyRelu: slope };
  return instanceNormOperator([x, residual], { eps, slope: slopes[activation] });
}
