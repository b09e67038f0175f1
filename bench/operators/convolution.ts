// Rows of the convolutions of the method, each forward and for the gradients of its input and its weights, as training
// runs them: gradients come off the tape, and only one of them is wanted at a time. The 7 x 7 layers pad beforehand, so
// theirs are without padding here. Other engines do the same work (bench/peers).
import { sizeOf } from "../../engine/core/tensor.js";
import { conv2d, convTranspose2d, type Gpu, grad } from "../../engine/index.js";
import {
  conv2dGeneralInputGradientOperator,
  conv2dGeneralWeightGradientOperator,
} from "../../engine/operators/convolution/index.js";
import * as reference from "../../engine/reference.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase, BenchContext } from "../measurement/case.js";
import { measure } from "../measurement/measure.js";
import { callsOf, variantsOf, withForced } from "../measurement/variants.js";
import type { ConvolutionJob } from "../peers/jobs.js";
import { dense, image, imageText, type OperatorBench } from "./lib.js";

export interface ConvolutionShape {
  kernel: number;
  in: number;
  out: number;
  /** Height and width of the input. */
  size: number;
  padding: number;
  mode: "zeros" | "reflect";
}

const shape = (
  kernel: number,
  channels: readonly [number, number],
  size: number,
  padding: number,
  mode: ConvolutionShape["mode"] = "zeros",
): ConvolutionShape => ({ kernel, in: channels[0], out: channels[1], size, padding, mode });

const convolutionShapes: readonly ConvolutionShape[] = [
  shape(3, [64, 64], 64, 1),
  shape(3, [128, 128], 32, 1),
  shape(3, [256, 256], 16, 1),
  shape(3, [256, 256], 16, 1, "reflect"),
  shape(3, [16, 32], 64, 1),
  shape(4, [64, 128], 31, 1),
  shape(4, [128, 256], 15, 1),
  shape(7, [3, 64], 70, 0),
  shape(7, [64, 3], 70, 0),
];

function convolutionName({ kernel, in: cin, out, size, padding, mode }: ConvolutionShape): string {
  const how = padding === 0 ? " unpadded" : mode === "reflect" ? " reflect" : "";
  return `${kernel}x${kernel}${how} ${cin}->${out} at ${size}x${size}`;
}

/** The timed work, and the operator whose variants do most of it. */
const directions = [
  { kernel: "conv2d", operator: "conv2d" },
  { kernel: "conv2d.dx", operator: "convTranspose2d" },
  { kernel: "conv2d.dw", operator: "conv2dWeightGradient" },
] as const;

type Direction = (typeof directions)[number];

/** Shapes of the input, the weights and the output, and the options. */
function sizesOf({ kernel, in: cin, out, size, padding, mode }: ConvolutionShape) {
  const side = size + 2 * padding - kernel + 1;
  const shapes = { x: [1, cin, size, size], w: [out, cin, kernel, kernel], y: [1, out, side, side] };
  return { ...shapes, options: { padding, paddingMode: mode } };
}

/** What is timed, after what goes before it. */
function workOf(gpu: Gpu, at: ConvolutionShape, { kernel }: Direction): { work: () => unknown; dispose: () => void } {
  const { x, w, y, options } = sizesOf(at);
  const [input, weights, dy] = [randomTensor(gpu, x), randomTensor(gpu, w, -0.1, 0.1), randomTensor(gpu, y)];
  const forward = () => conv2d(input, weights, undefined, options);
  const made = [input, weights, dy];
  const dispose = () => {
    for (const tensor of made) tensor.dispose();
  };
  if (kernel === "conv2d") return { work: forward, dispose };
  // The tape of a forward pass that ran before: gradients alone are timed.
  const wanted = (kernel === "conv2d.dx" ? input : weights).requireGrad();
  const output = forward();
  made.push(output);
  return { work: () => grad(output, [wanted], { dy }), dispose };
}

function convolutionCase(gpu: Gpu, at: ConvolutionShape, direction: Direction, variant: string): BenchCase {
  const name = convolutionName(at);
  const { kernel, in: cin, out, size, padding, mode } = at;
  const job: ConvolutionJob = {
    id: `${direction.kernel} ${name}`,
    kind: direction.kernel,
    batch: 1,
    in_channels: cin,
    out_channels: out,
    height: size,
    width: size,
    kernel,
    stride: 1,
    padding,
    mode,
  };
  return {
    suite: "kernels",
    kernel: direction.kernel,
    variant,
    shape: name,
    job,
    operators: [direction.operator, ...(mode === "reflect" ? ["reflectionPad2dGradient"] : [])],
    async run({ signal, reference: plain }) {
      const { options, ...shapes } = sizesOf(at);
      const { x, w, y } = shapes;
      const { work, dispose } = workOf(gpu, at, direction);
      try {
        const measurement = await measure(gpu, () => withForced(gpu, direction.operator, variant, work), { signal });
        const reference_ms = referenceTime(direction.kernel, name, plain, shapes, options);
        return { measurement, reference_ms, flops: 2 * sizeOf(y) * cin * kernel * kernel, bytes: 4 * bytesOf(x, w, y) };
      } finally {
        dispose();
      }
    },
  };
}

const bytesOf = (...shapes: number[][]) => shapes.reduce((sum, each) => sum + sizeOf(each), 0);

/**
 * The reference makes both gradients in one call. The weights' counts as half of that call's time, as it is half of its
 * operations. The input's is timed by itself, as a transposed convolution and, under reflection, the gradient of the
 * border.
 */
function referenceTime(
  kernel: Direction["kernel"],
  name: string,
  time: BenchContext["reference"],
  shapes: { x: number[]; w: number[]; y: number[] },
  options: { padding: number; paddingMode: "zeros" | "reflect" },
): number {
  const [x, w, dy] = [shapes.x, shapes.w, shapes.y].map(dense);
  if (kernel === "conv2d") return time(`conv2d ${name}`, () => reference.conv2d(x, w, undefined, options));
  const reflect = options.paddingMode === "reflect";
  if (kernel === "conv2d.dx") {
    return time(`conv2d.dx ${name}`, () => {
      const padded = reference.convTranspose2d(dy, w, undefined, { padding: reflect ? 0 : options.padding });
      if (reflect) reference.reflectionPad2dGradient(x, options.padding, padded);
    });
  }
  const both = () => reference.conv2dGradient(x, w, undefined, options, dy);
  return time(`gradients ${name}`, both) / 2;
}

export const convolutionCases = (gpu: Gpu): BenchCase[] =>
  convolutionShapes.flatMap((at) =>
    directions.flatMap((direction) => {
      const { operator } = direction;
      const calls = callsOf(gpu, operator, (planning) => workOf(planning, at, direction).work());
      return variantsOf(gpu, operator, calls).map((variant) => convolutionCase(gpu, at, direction, variant));
    }),
  );

const upsampling = { stride: 2, padding: 1, outputPadding: 1 };
const [upsampled, weight] = [
  [1, 128, 32, 32],
  [128, 64, 3, 3],
];

const geometry = {
  size: [64, 64],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 64,
} as const;
const weights = { shape: [64, 1, 3, 3], low: -0.1, high: 0.1 };

/** The transposed convolution that doubles a picture's size, of the generator without anti-aliasing; and depth-wise. */
export const convolutionBenches: readonly OperatorBench[] = [
  {
    kernel: "convTranspose2d",
    shape: "3x3 stride 2 128->64 at 32x32",
    inputs: [upsampled, { shape: weight, low: -0.1, high: 0.1 }],
    work: (x, w) => convTranspose2d(x, w, undefined, upsampling),
    reference: () => reference.convTranspose2d(dense(upsampled), dense(weight), undefined, upsampling),
  },
  {
    kernel: "conv2dGeneral",
    shape: `3x3 depth-wise, ${imageText(image)}`,
    inputs: [image, weights],
    work: (x, w) => conv2d(x, w, undefined, { groups: 64, padding: 1 }),
    reference: () => reference.generalConv2d(dense(image), dense(weights.shape), geometry),
  },
  {
    kernel: "conv2dGeneralInputGradient",
    shape: `3x3 depth-wise, ${imageText(image)}`,
    inputs: [image, weights],
    work: (dy, w) => conv2dGeneralInputGradientOperator([dy, w], geometry),
  },
  {
    kernel: "conv2dGeneralWeightGradient",
    shape: `3x3 depth-wise, ${imageText(image)}`,
    inputs: [image, image],
    work: (x, dy) => conv2dGeneralWeightGradientOperator([x, dy], geometry),
  },
];
