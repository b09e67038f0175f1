// Activations, and the gradient of ReLU and leaky ReLU as an operator of its own.
import { defineOperator, type Operator } from "../../core/operator.js";
import type { Tensor } from "../../core/tensor.js";
import { checkValue, number, oneOf } from "../../lib/check-options.js";
import { ShapeError } from "../../lib/errors.js";
import { sameShape } from "../../lib/shapes.js";
import { runBinary, runElementary, runUnary } from "../lib/pointwise-kernels.js";
import { add, mul, scale, square } from "./arithmetic.js";
import { defineUnary } from "./define.js";
import { exp, pow } from "./functions.js";

export const leakyReluOperator = /* @__PURE__ */ defineUnary<{ slope: number }>(
  "leakyRelu",
  (gpu, x, y, { slope }) => runUnary(gpu, "RELU", x, y, slope),
  (dy, x, _, { slope }) => leakyReluGradientOperator([dy, x], { slope }),
);

export const reluOperator = /* @__PURE__ */ defineUnary<object>(
  "relu",
  (gpu, x, y) => runUnary(gpu, "RELU", x, y, 0),
  (dy, x) => leakyReluGradientOperator([dy, x], { slope: 0 }),
);

export const tanhOperator = /* @__PURE__ */ defineUnary<object>(
  "tanh",
  (gpu, x, y) => runElementary(gpu, "TANH", x, y),
  (dy, _, y) => mul(dy, scale(square(y), -1, 1)),
);

export const sigmoidOperator = /* @__PURE__ */ defineUnary<object>(
  "sigmoid",
  (gpu, x, y) => runElementary(gpu, "SIGMOID", x, y),
  (dy, _, y) => mul(dy, mul(y, scale(y, -1, 1))),
);

export const softplusOperator = /* @__PURE__ */ defineUnary<object>(
  "softplus",
  (gpu, x, y) => runElementary(gpu, "SOFTPLUS", x, y),
  (dy, x) => mul(dy, sigmoid(x)),
);

export const geluOperator = /* @__PURE__ */ defineUnary<object>(
  "gelu",
  (gpu, x, y) => runElementary(gpu, "GELU", x, y),
  (dy, x) => mul(dy, geluDerivativeOperator([x], {})),
);

/** P(X <= x) + x p(x) with the normal density p; its own derivative is (2 - x^2) p(x). */
export const geluDerivativeOperator = /* @__PURE__ */ defineUnary<object>(
  "geluDerivative",
  (gpu, x, y) => runElementary(gpu, "GELU_DERIVATIVE", x, y),
  (dy, x) => {
    const squares = square(x);
    const density = scale(exp(scale(squares, -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, mul(scale(squares, -1, 2), density));
  },
);

export const leakyReluGradientOperator: Operator<readonly [dy: Tensor, x: Tensor], { slope: number }> =
  /* @__PURE__ */ defineOperator({
    name: "leakyReluGradient",
    shape([dy, x]) {
      if (!sameShape(dy.shape, x.shape))
        throw new ShapeError(
          `leakyReluGradient: shapes [${dy.shape}] and [${x.shape}] differ`,
          "Give dy of x's shape.",
        );
      return dy.shape;
    },
    forward: (gpu, [dy, x], { slope }, y) => runBinary(gpu, "RELU_GRADIENT", dy, x, y, slope),
    // Only the sign of x counts, so the gradient of x is zero almost everywhere.
    gradient: ({ inputs: [, x], options }, dy) => [leakyReluGradientOperator([dy, x], options), null],
  });

/**
 * max(x, 0).
 *
 * @example
 * ```ts
 * console.log(await relu(gpu.tensor([-1, 2])).read()); // 0, 2
 * ```
 */
export const relu = (x: Tensor): Tensor => reluOperator([x], {});

/**
 * x where x > 0, else slope * x.
 *
 * @example
 * ```ts
 * console.log(await leakyRelu(gpu.tensor([-4, 2]), 0.25).read()); // -1, 2
 * ```
 */
export function leakyRelu(x: Tensor, slope = 0.2): Tensor {
  checkValue("leakyRelu: the slope", slope, number);
  return leakyReluOperator([x], { slope });
}

/**
 * Hyperbolic tangent, which does not overflow as some drivers' own does.
 *
 * @example
 * ```ts
 * console.log(await tanh(gpu.tensor([0, 100])).read()); // 0, 1
 * ```
 */
export const tanh = (x: Tensor): Tensor => tanhOperator([x], {});

/**
 * 1 / (1 + exp(-x)).
 *
 * @example
 * ```ts
 * console.log(await sigmoid(gpu.tensor([0, 100])).read()); // 0.5, 1
 * ```
 */
export const sigmoid = (x: Tensor): Tensor => sigmoidOperator([x], {});

/**
 * log(1 + exp(x)), stable for all x.
 *
 * @example
 * ```ts
 * const y = await softplus(gpu.tensor([0, 1000])).read();
 * console.log(Array.from(y, (v) => v.toFixed(3))); // 0.693, 1000.000
 * ```
 */
export const softplus = (x: Tensor): Tensor => softplusOperator([x], {});

/**
 * dy where x > 0, else slope * dy: the gradient of leakyRelu, and with slope 0 that of relu. Shapes must be equal.
 *
 * @example
 * ```ts
 * console.log(await leakyReluGradient(gpu.tensor([5, 6]), gpu.tensor([-1, 1]), 0).read()); // 0, 6
 * ```
 */
export function leakyReluGradient(dy: Tensor, x: Tensor, slope: number): Tensor {
  checkValue("leakyReluGradient: the slope", slope, number);
  return leakyReluGradientOperator([dy, x], { slope });
}

/**
 * x * sigmoid(x), also called swish.
 *
 * @example
 * ```ts
 * console.log(await silu(gpu.tensor([0, 100])).read()); // 0, 100
 * ```
 */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

/**
 * x * P(X <= x) for a standard normal X; with "tanh" the usual approximation (Hendrycks and Gimpel, 2016).
 *
 * @example
 * ```ts
 * const x = gpu.tensor([-1, 0, 1]);
 * const y = await gelu(x).read(); // gelu(x, "tanh") is the usual approximation
 * console.log([...y].map((value) => value.toFixed(2))); // -0.16, 0.00, 0.84
 * ```
 */
export function gelu(x: Tensor, approximate: "none" | "tanh" = "none"): Tensor {
  checkValue("gelu: approximate", approximate, oneOf("none", "tanh"));
  if (approximate === "none") return geluOperator([x], {});
  const inner = tanh(scale(add(x, scale(pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI)));
  return mul(scale(x, 0.5), scale(inner, 1, 1));
}
