// Rows scaled to length 1 (docs/method.md section 2.4). The epsilon is added to the norm, so only tiny rows feel it.
import { l2_normalize, l2_normalize_gradient } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator } from "../../core/operator.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { checkValue, number } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { shapeText } from "../../lib/shapes.js";
import { add, clamp, div, mul, sqrt, square, sub, widenedSquare } from "../pointwise/index.js";
import { sum } from "../reduction/index.js";

export const L2_EPS = 1e-7;

/** Invocations that work on one row. On software adapters they are lanes of a vector register. */
export const ROW_WORKGROUP = { software: 8, gpu: 64 } as const;

/** Fills y with the unit rows of x, and norms with their L2 norms plus eps. */
export function runL2Normalize(gpu: Gpu, x: Tensor, y: Tensor, norms: Tensor, eps: number): void {
  const [rows, size] = x.shape;
  const constants = { WORKGROUP: ROW_WORKGROUP[gpu.profile] };
  gpu.dispatch(l2_normalize, { bindings: { x, y, norms }, params: { rows, size, eps }, grid: rows, constants });
}

function runL2NormalizeGradient(gpu: Gpu, dy: Tensor, y: Tensor, norms: Tensor, dx: Tensor, eps: number): void {
  const [rows, size] = y.shape;
  const constants = { WORKGROUP: ROW_WORKGROUP[gpu.profile] };
  const params = { rows, size, eps };
  gpu.dispatch(l2_normalize_gradient, { bindings: { dy, y, norms, dx }, params, grid: rows, constants });
}

export const l2NormalizeOperator = defineOperator<readonly [x: Tensor], { eps: number }>({
  name: "l2Normalize",
  dtype: () => "f32",
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
  gradient({ gpu, inputs: [x], output, saved: [norms], options }, dy) {
    if (gpu.tape.recording) return [gradientInOperators(x, dy, options.eps)];
    return [l2NormalizeGradientOperator([dy, output, norms], options)];
  },
});

/** The same gradient composed of operators, which can be differentiated again. */
function gradientInOperators(x: Tensor, dy: Tensor, eps: number): Tensor {
  // The norm of a row of zeros has no gradient; it is taken as zero, as in PyTorch.
  const norms = sqrt(clamp(sum(widenedSquare(x), 1, true), 1e-30));
  const lengths = add(norms, eps);
  const along = div(sum(mul(dy, x), 1, true), mul(norms, square(lengths)));
  return sub(div(dy, lengths), mul(x, along));
}

export const l2NormalizeGradientOperator = defineOperator<
  readonly [dy: Tensor, y: Tensor, norms: Tensor],
  { eps: number }
>({
  name: "l2NormalizeGradient",
  shape: ([dy]) => dy.shape,
  // The dot product with y 2, subtracting the part along y 2, division 1.
  flops: ([dy]) => 5 * sizeOf(dy as Shape),
  forward(gpu, [dy, y, norms], { eps }, dx) {
    runL2NormalizeGradient(gpu, dy, y, norms, dx, eps);
    return undefined;
  },
});

/**
 * x / (|x| + eps) for every row of [rows, channels]; the epsilon is added to the norm.
 *
 * @example
 * ```ts
 * const unit = await l2Normalize(gpu.tensor([[3, 4]])).read();
 * console.log(Array.from(unit, (v) => v.toFixed(3))); // 0.600, 0.800
 * ```
 */
export function l2Normalize(x: Tensor, eps = L2_EPS): Tensor {
  checkValue("l2Normalize: the eps", eps, number);
  return l2NormalizeOperator([x], { eps });
}
