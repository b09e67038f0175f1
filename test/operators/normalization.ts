// Cases of softmax and related functions, and of normalisations. Running averages, and inference with them, are tested
// in test/operators/normalization.test.ts.
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { byDifferences, type FamilyTests, type OperatorCase, values } from "./support/case.js";

const functions = {
  softmax: [engine.softmax, reference.softmax],
  logSoftmax: [engine.logSoftmax, reference.logSoftmax],
} as const;

const softmax = (name: keyof typeof functions, shape: Shape, axis: number): OperatorCase => {
  const [forward, plain] = functions[name];
  return byDifferences(
    `[${shape}] along ${axis}`,
    [values(shape, -4, 4)],
    (x) => forward(x, axis),
    (x) => plain(x, axis < 0 ? axis + shape.length : axis),
  );
};

const reductions = {
  logsumexp: [engine.logsumexp, reference.logsumexp],
  variance: [
    (x: engine.Tensor, axes?: number[], keepdim = false) => engine.variance(x, axes, 1, keepdim),
    (x: reference.Dense, axes?: number[], keepdim = false) => reference.variance(x, axes, 1, keepdim),
  ],
} as const;

const reduction = (name: keyof typeof reductions, shape: Shape, axes?: number[], keepdim = false): OperatorCase => {
  const [forward, plain] = reductions[name];
  return byDifferences(
    `[${shape}] over [${axes}]${keepdim ? " kept" : ""}`,
    [values(shape, -3, 3)],
    (x) => forward(x, axes, keepdim),
    (x) => plain(x, axes, keepdim),
  );
};

/** A reshaping round a normalisation over axes, then weight and bias in a shape that broadcasts. */
const norm = (
  title: string,
  shape: Shape,
  grouped: Shape,
  axes: number[],
  channels: Shape,
  forward: OperatorCase["forward"],
): OperatorCase =>
  byDifferences(
    title,
    [values(shape), values([channels.reduce((a, b) => a * b)]), values([channels.reduce((a, b) => a * b)])],
    forward,
    (x, w, b) => {
      const standard = reference.standardize(reference.reshape(x, grouped), axes, 1e-5);
      const scaled = reference.mul(reference.reshape(standard, shape), reference.reshape(w, channels));
      return reference.add(scaled, reference.reshape(b, channels));
    },
  );

export const cases: FamilyTests["cases"] = {
  softmax: { cases: [softmax("softmax", [3, 7], 1), softmax("softmax", [4, 3], 0), softmax("softmax", [2, 3, 2], -2)] },
  logSoftmax: { cases: [softmax("logSoftmax", [3, 7], -1), softmax("logSoftmax", [2, 3, 2], 1)] },
  logsumexp: { cases: [reduction("logsumexp", [3, 5]), reduction("logsumexp", [2, 3, 2], [0, 2], true)] },
  variance: {
    cases: [
      reduction("variance", [3, 5]),
      reduction("variance", [2, 3, 2], [2]),
      reduction("variance", [2, 3, 2], [0, 2], true),
      reduction("variance", [2, 3, 2, 3, 2], [0, 2, 4]),
    ],
  },
  layerNorm: {
    cases: [
      norm("[4,6] over [6]", [4, 6], [4, 6], [1], [6], (x, weight, bias) => engine.layerNorm(x, [6], { weight, bias })),
      norm("[2,3,4] over [3,4]", [2, 3, 4], [2, 12], [1], [3, 4], (x, w, bias) =>
        engine.layerNorm(x, [3, 4], { weight: engine.reshape(w, [3, 4]), bias }),
      ),
    ],
  },
  groupNorm: {
    cases: [
      norm("2 groups of [2,4,3,2]", [2, 4, 3, 2], [2, 2, 12], [2], [4, 1, 1], (x, weight, bias) =>
        engine.groupNorm(x, 2, { weight, bias }),
      ),
    ],
  },
  batchNorm2d: {
    cases: [
      norm("[3,2,2,3]", [3, 2, 2, 3], [3, 2, 6], [0, 2], [2, 1, 1], (x, weight, bias) =>
        engine.batchNorm2d(x, { weight, bias }),
      ),
      norm("[7,3]", [7, 3], [7, 3], [0], [3], (x, weight, bias) => engine.batchNorm2d(x, { weight, bias })),
    ],
  },
};
