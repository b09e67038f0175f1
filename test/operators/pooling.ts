// Cases of max and average pooling.
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { byDifferences, type FamilyTests, type OperatorCase, spread, values } from "./support/case.js";

type Two = [number, number];

const maxPool = (shape: Shape, kernel: Two, stride: Two, padding: Two): OperatorCase =>
  byDifferences(
    `[${shape}] by [${kernel}], stride [${stride}], padding [${padding}]`,
    [spread(shape)],
    (x) => engine.maxPool2d(x, kernel, { stride, padding }),
    (x) => reference.maxPool2d(x, { kernel, stride, padding }),
  );

const avgPool = (shape: Shape, kernel: Two, stride: Two, padding: Two, countIncludePad: boolean): OperatorCase =>
  byDifferences(
    `[${shape}] by [${kernel}], stride [${stride}], padding [${padding}], ${countIncludePad}`,
    [values(shape)],
    (x) => engine.avgPool2d(x, kernel, { stride, padding, countIncludePad }),
    (x) => reference.avgPool2d(x, { kernel, stride, padding }, countIncludePad),
  );

export const cases: FamilyTests["cases"] = {
  maxPool2d: {
    cases: [
      maxPool([2, 2, 4, 5], [2, 2], [2, 2], [0, 0]),
      maxPool([1, 3, 5, 6], [3, 2], [1, 2], [1, 1]),
      maxPool([1, 1, 7, 5], [2, 1], [3, 2], [1, 0]),
      // Rows of more than one invocation.
      maxPool([1, 1, 2, 37], [1, 3], [1, 2], [0, 1]),
      byDifferences(
        "[1,2,4,6] by 2",
        [spread([1, 2, 4, 6])],
        (x) => engine.maxPool2d(x, 2),
        (x) => reference.maxPool2d(x, { kernel: [2, 2], stride: [2, 2], padding: [0, 0] }),
      ),
    ],
    exercises: ["maxIndices", "maxPool2dGradient"],
  },
  avgPool2d: {
    cases: [
      avgPool([2, 2, 4, 5], [2, 2], [2, 2], [0, 0], true),
      avgPool([1, 2, 5, 6], [3, 2], [1, 2], [1, 1], true),
      avgPool([1, 2, 5, 6], [3, 2], [2, 1], [1, 1], false),
      avgPool([1, 1, 7, 5], [2, 1], [3, 2], [1, 0], false),
      avgPool([1, 1, 2, 37], [1, 3], [1, 2], [0, 1], false),
    ],
    exercises: ["avgPool2dGradient"],
  },
  adaptiveAvgPool2d: {
    cases: (
      [
        [1, 1],
        [2, 2],
        [3, 4],
        [4, 3],
        [1, 5],
        [5, 7],
      ] as const
    ).map((size) =>
      byDifferences(
        `[1,3,4,6] to [${size}]`,
        [values([1, 3, 4, 6])],
        (x) => engine.adaptiveAvgPool2d(x, size[0] === size[1] ? size[0] : size),
        (x) => reference.adaptiveAvgPool2d(x, size),
      ),
    ),
  },
};
