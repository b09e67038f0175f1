// Cases of convolution and its transpose. Shapes are odd on purpose: tails that fill no tile, channel counts of 1, 3, 5
// and 33, batches of 2 and 3, non-square images and kernels, kernels smaller than the stride. Kernel sizes are few: for
// every kernel size, and every size that a phase of a stride has, another shader is compiled.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { extent, image } from "./support/arbitrary.js";
import { byDifferences, type FamilyTests, type OperatorCase, property, values } from "./support/case.js";

export function conv2d(x: Shape, w: Shape, options: reference.Conv2dOptions, withBias = true): OperatorCase {
  return {
    title: `[${x}] * [${w}] ${JSON.stringify(options)}${withBias ? "" : " no bias"}`,
    inputs: [values(x), values(w, -0.5, 0.5), ...(withBias ? [values([w[0]])] : [])],
    forward: (x, w, b) => engine.conv2d(x, w, b, options),
    reference: (x, w, b) => reference.conv2d(x, w, b, options),
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.conv2dGradient(x, w, b, options, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
  };
}

/** With groups, dilation, and both axes by themselves. */
function general(x: Shape, w: Shape, options: Partial<reference.GeneralConv2dOptions>): OperatorCase {
  const all: reference.GeneralConv2dOptions = {
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
    groups: 1,
    ...options,
  };
  return {
    title: `[${x}] * [${w}] ${JSON.stringify(options)}`,
    inputs: [values(x), values(w, -0.5, 0.5), values([w[0], 1, 1])],
    forward: (x, w, b) => engine.conv2d(x, w, engine.flatten(b), options),
    reference: (x, w, b) => reference.add(reference.generalConv2d(x, w, all), b),
    gradient(dy, x, w, b) {
      const { dx, dw } = reference.generalConv2dGradient(x, w, all, dy);
      return [dx, dw, reference.addGradient(dy, b, dy).db];
    },
  };
}

/** A depth-wise convolution behind another. */
const separable = byDifferences(
  "depth-wise, twice",
  [values([1, 2, 4, 5]), values([4, 1, 2, 1], -0.5, 0.5), values([4, 1, 1, 2], -0.5, 0.5)],
  (x, w, v) => engine.conv2d(engine.conv2d(x, w, undefined, { groups: 2 }), v, undefined, { groups: 4 }),
  (x, w, v) => {
    const options = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] } as const;
    const y = reference.generalConv2d(x, w, { ...options, groups: 2 });
    return reference.generalConv2d(y, v, { ...options, groups: 4 });
  },
);

export function convTranspose2d(
  x: Shape,
  w: Shape,
  options: reference.ConvTranspose2dOptions,
  withBias = true,
): OperatorCase {
  return {
    title: `[${x}] * [${w}] ${JSON.stringify(options)}${withBias ? "" : " no bias"}`,
    inputs: [values(x), values(w, -0.5, 0.5), ...(withBias ? [values([w[1]])] : [])],
    forward: (x, w, b) => engine.convTranspose2d(x, w, b, options),
    reference: (x, w, b) => reference.convTranspose2d(x, w, b, options),
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.convTranspose2dGradient(x, w, b, options, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
  };
}

/** A transpose with groups, dilation, and both axes by themselves. */
const generalTranspose = (
  x: Shape,
  w: Shape,
  options: Partial<reference.GeneralConv2dOptions> & { outputPadding?: [number, number] },
  size: [number, number],
): OperatorCase => {
  const all = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1, ...options } as const;
  return byDifferences(
    `[${x}] * [${w}] ${JSON.stringify(options)}`,
    [values(x), values(w, -0.5, 0.5), values([all.groups * w[1], 1, 1])],
    (x, w, b) => engine.convTranspose2d(x, w, engine.flatten(b), options),
    (x, w, b) => reference.add(reference.generalConvTranspose2d(x, w, all, size), b),
  );
};

export const cases: FamilyTests["cases"] = {
  conv2d: {
    cases: [
      conv2d([2, 3, 9, 11], [5, 3, 3, 3], { padding: 1 }),
      conv2d([1, 5, 8, 9], [33, 5, 3, 3], { padding: 1, paddingMode: "reflect" }),
      conv2d([3, 1, 7, 5], [3, 1, 1, 1], {}, false),
      conv2d([2, 3, 13, 10], [8, 3, 4, 4], { stride: 2, padding: 1 }),
      conv2d([3, 5, 9, 8], [1, 5, 4, 4], { padding: 1 }),
      conv2d([1, 3, 17, 15], [5, 3, 7, 7], { padding: 3, paddingMode: "reflect" }, false),
      conv2d([1, 2, 10, 9], [3, 2, 2, 2], { stride: 3 }),
      conv2d([2, 3, 11, 6], [4, 3, 1, 2], { padding: 1 }),
      conv2d([2, 3, 6, 11], [4, 3, 2, 1], {}),
      conv2d([2, 3, 10, 11], [5, 3, 3, 3], { stride: 3, padding: 1 }, false),
      conv2d([1, 33, 6, 35], [9, 33, 3, 3], { padding: 1 }),
      // Long enough that the sum over pixels of the weights' gradient is cut into several runs.
      conv2d([2, 2, 40, 30], [2, 2, 3, 3], { padding: 1 }),
      general([2, 4, 7, 9], [6, 2, 3, 2], { groups: 2, stride: [2, 1], padding: [1, 2], dilation: [2, 3] }),
      general([2, 4, 7, 9], [6, 2, 3, 2], { groups: 2, padding: [1, 3], dilation: [2, 3] }),
      general([1, 3, 6, 5], [6, 1, 3, 3], { groups: 3, padding: [1, 1] }),
      // Rows of several invocations, which slide where the dilation is the stride.
      general([1, 2, 2, 19], [2, 1, 1, 5], { groups: 2, padding: [0, 2] }),
      general([1, 2, 2, 19], [2, 1, 1, 3], { groups: 2, stride: [1, 2], padding: [0, 1] }),
      general([1, 2, 2, 19], [2, 1, 1, 3], { groups: 2, stride: [1, 2], dilation: [1, 2] }),
      general([1, 2, 3, 9], [3, 2, 1, 3], { stride: [1, 3], padding: [0, 1] }),
      byDifferences(
        "[1,1,4,5] dilated over a mirrored border",
        [values([1, 1, 4, 5]), values([1, 1, 2, 2])],
        (x, w) => engine.conv2d(x, w, undefined, { dilation: 2, padding: 1, paddingMode: "reflect" }),
        (x, w) => {
          const border = [[0, 0] as const, [0, 0] as const, [1, 1] as const, [1, 1] as const];
          const options = { stride: [1, 1], padding: [0, 0], dilation: [2, 2], groups: 1 } as const;
          return reference.generalConv2d(reference.pad(x, border, "reflect"), w, options);
        },
      ),
      separable,
    ],
    exercises: [
      "conv2dWeightGradient",
      "reflectionPad2dGradient",
      "conv2dGeneral",
      "conv2dGeneralInputGradient",
      "conv2dGeneralWeightGradient",
    ],
  },
  conv1d: {
    cases: [
      byDifferences(
        "[2,4,9] * [6,2,3] in groups",
        [values([2, 4, 9]), values([6, 2, 3]), values([6, 1])],
        (x, w, b) => engine.conv1d(x, w, engine.flatten(b), { stride: 2, padding: 1, groups: 2 }),
        (x, w, b) => {
          const options = { stride: [1, 2], padding: [0, 1], dilation: [1, 1], groups: 2 } as const;
          const line = (t: reference.Dense) => reference.reshape(t, t.shape.toSpliced(2, 0, 1));
          const y = reference.generalConv2d(line(x), line(w), options);
          return reference.add(reference.reshape(y, y.shape.toSpliced(2, 1)), b);
        },
      ),
    ],
  },
  convTranspose2d: {
    cases: [
      convTranspose2d([2, 3, 5, 7], [3, 5, 3, 3], { stride: 2, padding: 1, outputPadding: 1 }),
      convTranspose2d([1, 4, 4, 3], [4, 2, 4, 4], { stride: 2, padding: 1 }, false),
      convTranspose2d([2, 3, 6, 5], [3, 9, 4, 4], {}),
      convTranspose2d([1, 2, 3, 4], [2, 3, 2, 2], { stride: 3, outputPadding: 2 }),
      convTranspose2d([1, 33, 3, 4], [33, 1, 2, 1], { stride: 2, padding: 0, outputPadding: 1 }),
      convTranspose2d([1, 3, 3, 4], [3, 5, 3, 3], { stride: 3, padding: 1, outputPadding: 2 }),
      generalTranspose([2, 4, 2, 3], [4, 3, 2, 2], { groups: 2 }, [3, 4]),
      generalTranspose([1, 3, 3, 2], [3, 1, 3, 3], { groups: 3, stride: [2, 2], padding: [1, 1] }, [5, 3]),
      generalTranspose(
        [1, 2, 2, 3],
        [2, 2, 2, 3],
        { stride: [3, 1], padding: [0, 1], dilation: [2, 1], outputPadding: [2, 0] },
        [8, 3],
      ),
    ],
    exercises: ["conv2dWeightGradient"],
  },
};

export const differences: FamilyTests["differences"] = [
  ...(
    [
      { stride: 1, padding: 0 },
      { stride: 1, padding: 1 },
      { stride: 2, padding: 1 },
      { stride: 2, padding: 2 },
      { stride: 1, padding: 1, paddingMode: "reflect" },
      { stride: 2, padding: 3, paddingMode: "reflect" },
    ] as const
  ).map((options) => ({ ...conv2d([2, 3, 5, 7], [5, 3, 3, 2], options), title: `conv2d ${JSON.stringify(options)}` })),
  ...[
    { stride: 1, padding: 0, outputPadding: 0 },
    { stride: 2, padding: 1, outputPadding: 1 },
    { stride: 2, padding: 0, outputPadding: 0 },
    { stride: 3, padding: 2, outputPadding: 1 },
  ].map((options) => ({
    ...convTranspose2d([2, 3, 3, 5], [3, 5, 3, 4], options),
    title: `convTranspose2d ${JSON.stringify(options)}`,
  })),
];

export const properties: FamilyTests["properties"] = [
  property(
    "conv2d",
    fc
      .record({
        shape: image(),
        out: extent(10),
        kernel: fc.constantFrom(1, 3, 4),
        stride: extent(2),
        padding: extent(2, 0),
        reflect: fc.boolean(),
        withBias: fc.boolean(),
      })
      .filter(({ shape: [, , h, w], kernel, padding, reflect }) => {
        const least = Math.min(h, w);
        return least + 2 * padding >= kernel && !(reflect && padding >= least);
      }),
    ({ shape, out, kernel, stride, padding, reflect, withBias }, random) => {
      const options = { stride, padding, paddingMode: reflect ? ("reflect" as const) : ("zeros" as const) };
      const [x, w, b] = [shape, [out, shape[1], kernel, kernel], [out]].map((s) => uniform(random, s));
      return {
        inputs: withBias ? [x, w, b] : [x, w],
        forward: (x, w, b) => engine.conv2d(x, w, b, options),
        expected: reference.conv2d(x, w, withBias ? b : undefined, options),
        gradients(dy) {
          const { dx, dw, db } = reference.conv2dGradient(x, w, b, options, dy);
          return withBias ? [dx, dw, db] : [dx, dw];
        },
      };
    },
  ),
  property(
    "convTranspose2d",
    fc
      .record({
        shape: image(),
        out: extent(10),
        kernel: fc.constantFrom(1, 3, 4),
        stride: extent(2),
        padding: extent(2, 0),
        outputPadding: extent(1, 0),
      })
      .filter(({ shape: [, , h, w], kernel, stride, padding, outputPadding }) => {
        const least = (Math.min(h, w) - 1) * stride - 2 * padding + kernel + outputPadding;
        return least >= 1 && outputPadding < stride;
      }),
    ({ shape, out, kernel, ...options }, random) => {
      const [x, w, b] = [shape, [shape[1], out, kernel, kernel], [out]].map((s) => uniform(random, s));
      return {
        inputs: [x, w, b],
        forward: (x, w, b) => engine.convTranspose2d(x, w, b, options),
        expected: reference.convTranspose2d(x, w, b, options),
        gradients(dy) {
          const { dx, dw, db } = reference.convTranspose2dGradient(x, w, b, options, dy);
          return [dx, dw, db];
        },
      };
    },
  ),
];
