// What a call of a convolution, its transpose or its weight gradient is to those who choose kernels or predict their
// costs: sizes, from the operator's shapes and options. Pure.
import type { Shape } from "../../lib/shapes.js";
import { type Conv2dOptions, outputShape, type TransposeOptions, type WeightGradientOptions } from "./geometry.js";

export interface ConvolutionCall {
  /** Rows and columns of the kernel. */
  kernel: readonly number[];
  stride: number;
  x: Shape;
  /** The output or, for the gradient of weights, the shape of that output's gradient. */
  y: Shape;
  /** A transpose runs as convolutions without a stride, of every `stride`-th kernel element. */
  transposed?: boolean;
}

type Shapes = readonly (Shape | undefined)[];

export const callOf = {
  conv2d: ([x, w]: Shapes, options: Required<Conv2dOptions>): ConvolutionCall => ({
    kernel: (w as Shape).slice(2),
    stride: options.stride,
    x: x as Shape,
    y: outputShape(x as Shape, w as Shape, options),
  }),
  convTranspose2d: ([x, w]: Shapes, { stride, outputSize }: TransposeOptions): ConvolutionCall => ({
    kernel: (w as Shape).slice(2),
    stride,
    x: x as Shape,
    y: [(x as Shape)[0], (w as Shape)[1], ...outputSize],
    transposed: true,
  }),
  conv2dWeightGradient: ([x, dy]: Shapes, { kernel, stride }: WeightGradientOptions): ConvolutionCall => ({
    kernel,
    stride,
    x: x as Shape,
    y: dy as Shape,
  }),
};
