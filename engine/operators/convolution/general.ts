// Convolutions with groups (also depthwise), dilation, and strides and paddings that differ between the axes. The
// convolution and its two gradients are linear in each operand, so they are each other's gradients. One kernel each,
// without variants: plain convolutions take the fast ones.
import { conv2d_general, conv2d_general_weight_gradient } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { reshape } from "../../core/reshape.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../lib/errors.js";
import { imageShape, shapeText } from "../../lib/shapes.js";
import { type Pair, pairOf } from "../lib/pairs.js";
import { countWindows, type Windows, windowParams } from "../lib/windows.js";
import { reflectionPad2d } from "../padding/index.js";
import { add } from "../pointwise/index.js";
import { reduceSplits } from "../reduction/index.js";
import type { ConvTranspose2dOptions } from "./geometry.js";

export interface GeneralConv2dOptions {
  /** One number, or one for each axis: [y, x]. */
  stride?: Pair;
  /** On both sides of an axis. */
  padding?: Pair;
  paddingMode?: "zeros" | "reflect";
  /** Spacing between kernel elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that are convolved separately; 1 by default. */
  groups?: number;
}

/** The options of the three operators: the geometry, with the sizes that do not follow from their operands. */
interface GeneralGeometry extends Windows {
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

const outputOf = (geometry: GeneralGeometry) => countWindows(geometry, geometry.dilation);

function paramsOf(geometry: GeneralGeometry, batch: number, inChannels: number, outChannels: number) {
  const { dilation, groups } = geometry;
  return {
    ...windowParams(geometry, outputOf(geometry)),
    batch,
    groups,
    in_c: inChannels / groups,
    out_c: outChannels / groups,
    dilation_h: dilation[0],
    dilation_w: dilation[1],
  };
}

function runGeneral(
  gpu: Gpu,
  [x, w, y]: readonly [Tensor, Tensor, Tensor],
  params: ReturnType<typeof paramsOf>,
  FLIPPED: boolean,
): undefined {
  const software = gpu.profile === "software";
  const UPSAMPLED = FLIPPED && Math.max(params.stride_h, params.stride_w) > 1;
  const PER_THREAD = software ? 8 : UPSAMPLED ? 1 : 4;
  const SLIDES = software && params.dilation_w === (UPSAMPLED ? 1 : params.stride_w);
  const constants = { FLIPPED, UPSAMPLED, SLIDES, PER_THREAD };
  const invocations = (y.size / params.out_w) * Math.ceil(params.out_w / PER_THREAD);
  gpu.dispatch(conv2d_general, { bindings: { x, w, y }, params, invocations, constants });
}

type Two = readonly [Tensor, Tensor];

/** Two for every output, input channel of its group and kernel element. */
const flopsOf = (outputs: number, inChannels: number, { kernel, groups }: GeneralGeometry) =>
  (2 * outputs * inChannels * sizeOf(kernel)) / groups;

export const conv2dGeneralOperator: Operator<Two, GeneralGeometry> = /* @__PURE__ */ defineOperator({
  name: "conv2dGeneral",
  shape: ([x, w], geometry) => [x.shape[0], w.shape[0], ...outputOf(geometry)],
  flops: ([x], geometry, y) => flopsOf(sizeOf(y), (x as Shape)[1], geometry),
  forward(gpu, [x, w], geometry, y) {
    return runGeneral(gpu, [x, w, y], paramsOf(geometry, x.shape[0], x.shape[1], w.shape[0]), false);
  },
  gradient: ({ inputs: [x, w], options, needs }, dy) => [
    needs(0) ? conv2dGeneralInputGradientOperator([dy, w], options) : null,
    needs(1) ? conv2dGeneralWeightGradientOperator([x, dy], options) : null,
  ],
});

export const conv2dGeneralInputGradientOperator: Operator<Two, GeneralGeometry> = /* @__PURE__ */ defineOperator({
  name: "conv2dGeneralInputGradient",
  shape: ([dy, w], { groups, size }) => [dy.shape[0], groups * w.shape[1], ...size],
  flops: ([dy, w], geometry) => flopsOf(sizeOf(dy as Shape), geometry.groups * (w as Shape)[1], geometry),
  forward(gpu, [dy, w], geometry, dx) {
    const params = paramsOf(geometry, dy.shape[0], dx.shape[1], w.shape[0]);
    // It is a convolution of dy, with zeros between its elements, with the kernel rotated by 180 degrees.
    const flipped = {
      ...params,
      in_c: params.out_c,
      out_c: params.in_c,
      height: params.out_h,
      width: params.out_w,
      out_h: params.height,
      out_w: params.width,
      pad_h: params.dilation_h * (params.kh - 1) - params.pad_h,
      pad_w: params.dilation_w * (params.kw - 1) - params.pad_w,
    };
    return runGeneral(gpu, [dy, w, dx], flipped, true);
  },
  gradient: ({ inputs: [dy, w], options, needs }, dx) => [
    needs(0) ? conv2dGeneralOperator([dx, w], options) : null,
    needs(1) ? conv2dGeneralWeightGradientOperator([dx, dy], options) : null,
  ],
});

export const conv2dGeneralWeightGradientOperator: Operator<Two, GeneralGeometry> = /* @__PURE__ */ defineOperator({
  name: "conv2dGeneralWeightGradient",
  dtype: () => "f32",
  shape: ([x, dy], { groups, kernel }) => [dy.shape[1], x.shape[1] / groups, ...kernel],
  flops: ([x, dy], geometry) => flopsOf(sizeOf(dy as Shape), (x as Shape)[1], geometry),
  forward(gpu, [x, dy], geometry, dw) {
    const [batch] = x.shape;
    const params = paramsOf(geometry, batch, x.shape[1], dy.shape[1]);
    const slides = gpu.profile === "software" && params.dilation_w === params.stride_w;
    const PER_THREAD = slides ? Math.min(4, params.kw) : 1;
    reduceSplits(gpu, batch, { y: dw }, (target) => {
      const bindings = { x, dy, dw: target };
      const invocations = (target.size / params.kw) * Math.ceil(params.kw / PER_THREAD);
      gpu.dispatch(conv2d_general_weight_gradient, { bindings, params, invocations, constants: { PER_THREAD } });
    });
    return undefined;
  },
  gradient: ({ inputs: [x, dy], options, needs }, dw) => [
    needs(0) ? conv2dGeneralInputGradientOperator([dy, dw], options) : null,
    needs(1) ? conv2dGeneralOperator([x, dw], options) : null,
  ],
});

function withBias(name: string, y: Tensor, bias: Tensor | undefined): Tensor {
  if (!bias) return y;
  const [, channels] = y.shape;
  if (bias.size !== channels)
    throw new ShapeError(`${name}: the bias is ${shapeText(bias)}`, `It must be [${channels}].`);
  return add(y, reshape(bias, [channels, 1, 1]));
}

/** A convolution with any of the options. They have been checked, except whether they fit the shapes. */
export function generalConv2d(x: Tensor, w: Tensor, bias: Tensor | undefined, options: GeneralConv2dOptions): Tensor {
  const { stride = 1, padding = 0, paddingMode = "zeros", dilation = 1, groups = 1 } = options;
  const [, channels] = imageShape("conv2d", x);
  const [outChannels, inChannels, kh, kw] = w.shape;
  if (w.shape.length !== 4 || inChannels * groups !== channels || outChannels % groups !== 0) {
    throw new ShapeError(
      `conv2d: ${groups} groups of ${shapeText(x)} do not fit the weights ${shapeText(w)}`,
      "Weights must be [out, in / groups, kh, kw], and groups must divide out.",
    );
  }
  const [top, left] = pairOf(padding);
  const reflect = paddingMode === "reflect";
  if (reflect && top !== left)
    throw new ShapeError(
      `conv2d: a mirrored border of [${top},${left}] is not the same on all sides`,
      "Use pad() first.",
    );
  const padded = reflect ? reflectionPad2d(x, top) : x;
  const geometry = {
    size: [padded.shape[2], padded.shape[3]] as const,
    kernel: [kh, kw] as const,
    stride: pairOf(stride),
    padding: reflect ? ([0, 0] as const) : ([top, left] as const),
    dilation: pairOf(dilation),
    groups,
  };
  if (outputOf(geometry).some((n) => n < 1))
    throw new ShapeError(
      `conv2d: the kernel ${shapeText(w)} is larger than ${shapeText(x)}`,
      "Pad it, or use a smaller kernel.",
    );
  return withBias("conv2d", conv2dGeneralOperator([padded, w], geometry), bias);
}

/** A transposed convolution with any of the options: the gradient of the input of a convolution with w. */
export function generalConvTranspose2d(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  options: ConvTranspose2dOptions,
): Tensor {
  const { groups = 1 } = options;
  const [stride, dilation] = [pairOf(options.stride ?? 1), pairOf(options.dilation ?? 1)];
  const [padding, more] = [pairOf(options.padding ?? 0), pairOf(options.outputPadding ?? 0)];
  const [, channels, ...now] = imageShape("convTranspose2d", x);
  const [inChannels, , ...kernel] = w.shape;
  if (w.shape.length !== 4 || inChannels !== channels || channels % groups !== 0) {
    throw new ShapeError(
      `convTranspose2d: ${groups} groups of ${shapeText(x)} do not fit the weights ${shapeText(w)}`,
      "Weights must be [in, out / groups, kh, kw], and groups must divide in.",
    );
  }
  const out = (axis: 0 | 1) =>
    (now[axis] - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (kernel[axis] - 1) + 1 + more[axis];
  const size = [out(0), out(1)] as const;
  if (size.some((n) => n < 1) || more.some((n, axis) => n >= stride[axis])) {
    const output = size.join(" x ");
    throw new ShapeError(
      `convTranspose2d: an output of ${output} does not belong to ${shapeText(x)} with weights ${shapeText(w)}`,
      "Choose an outputPadding smaller than the stride.",
    );
  }
  const geometry = { size, kernel: [kernel[0], kernel[1]] as const, stride, padding, dilation, groups };
  return withBias("convTranspose2d", conv2dGeneralInputGradientOperator([x, w], geometry), bias);
}
