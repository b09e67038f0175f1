// Cases of the losses, to a number and to a tensor, with every reduction.
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { type Dense, dense } from "../../engine/reference.js";
import { ganLoss, ganLossGradient } from "../support/gan-loss.js";
import { upload } from "../support/gpu.js";
import { byDifferences, type FamilyTests, type OperatorCase, unaryReference, values } from "./support/case.js";

type Target = number | Dense;

const losses = {
  mseLoss: [engine.mseLoss, reference.mseLoss, reference.mseLossGradient],
  bceWithLogits: [engine.bceWithLogits, reference.bceWithLogits, reference.bceWithLogitsGradient],
} as const;

/** A loss of predictions; the target gets no gradient. */
function loss(name: keyof typeof losses, x: Dense, target: Target): OperatorCase {
  const [forward, plain, gradient] = losses[name];
  const toTarget = (x: Tensor) => (typeof target === "number" ? target : upload(x.gpu, target));
  return {
    title: `${name} to ${typeof target === "number" ? target : "a tensor"}`,
    inputs: [x],
    forward: (x) => forward(x, toTarget(x)),
    reference: (x) => plain(x, target),
    gradient: (dy, x) => [gradient(x, target, dy).dx],
  };
}

/** A loss by classes of rows, which may repeat. */
const classes = (
  title: string,
  forward: (x: Tensor, target: Tensor) => Tensor,
  plain: (x: Dense, target: Int32Array) => Dense,
  of: readonly number[] = [2, 0, 1, 2, 2],
): OperatorCase => {
  const target = Int32Array.from(of);
  return byDifferences(
    title,
    // Logarithms of probabilities, whose sums are not near 0, where rounding would be large relative to them.
    [values([5, 3], -6, 0)],
    (x) => forward(x, x.gpu.tensor(target)),
    (x) => plain(x, target),
  );
};

/** Every option and reduction alone and all together, with an ignored target that is a class or not. */
const classOptions: readonly reference.ClassOptions[] = [
  { reduction: "sum" },
  { reduction: "none" },
  ...(["mean", "sum", "none"] as const).flatMap((reduction) => [
    { reduction, weight: [0.5, 2, 1.25] },
    { reduction, ignoreIndex: 2 },
    { reduction, weight: [0.5, 2, 1.25], ignoreIndex: -100 },
  ]),
];

const everything = { weight: [0.5, 2, 1.25], ignoreIndex: 1, labelSmoothing: 0.1 };

/** The options as the engine takes them. */
const given = ({ weight, ...others }: reference.ClassOptions, x: Tensor) =>
  weight ? { ...others, weight: x.gpu.tensor(Float32Array.from(weight)) } : others;

const byOptions = (
  loss: typeof engine.crossEntropy,
  plain: typeof reference.crossEntropy,
  all: readonly reference.ClassOptions[],
): OperatorCase[] =>
  all.map((options) =>
    classes(
      JSON.stringify(options),
      (x, target) => loss(x, target, given(options, x)),
      (x, target) => plain(x, target, options),
      options.ignoreIndex === -100 ? [2, -100, 1, 2, -100] : undefined,
    ),
  );

/** A loss with the reductions "none" and "sum". */
const byReductions = (
  x: Dense,
  forward: (x: Tensor, target: Tensor, options: engine.LossOptions) => Tensor,
  plain: (x: Dense, target: Dense, reduction: reference.Reduction) => Dense,
  target: Dense,
): OperatorCase[] =>
  (["sum", "none"] as const).map((reduction) =>
    byDifferences(
      reduction,
      [x],
      (x) => forward(x, upload(x.gpu, target), { reduction }),
      (x) => plain(x, target, reduction),
    ),
  );

/** A loss of distances, none of which is at a kink. */
const far3 = dense([6], [-3, -1.5, -0.3, 0.4, 1.2, 2]);
const near3 = dense([6], [-1, -1.2, 0.1, 0.2, 0.3, 2.7]);

const targets = values([3, 5], 0, 1);
const far = () => values([3, 5], -3, 3);

export const cases: FamilyTests["cases"] = {
  mseLoss: {
    cases: [
      loss("mseLoss", values([2, 1, 3, 5]), 1),
      loss("mseLoss", values([3, 5]), targets),
      ...byReductions(far(), engine.mseLoss, reference.mseLoss, targets),
    ],
  },
  bceWithLogits: {
    cases: [
      loss("bceWithLogits", far(), 0),
      loss("bceWithLogits", far(), 1),
      loss("bceWithLogits", far(), targets),
      ...byReductions(far(), engine.bceWithLogits, reference.bceWithLogits, targets),
    ],
  },
  nllLoss: {
    cases: [
      classes("rows of 3 classes", (x, t) => engine.nllLoss(x, t), reference.nllLoss),
      ...byOptions(engine.nllLoss, reference.nllLoss, classOptions),
    ],
  },
  crossEntropy: {
    cases: [
      classes("rows of 3 classes", (x, t) => engine.crossEntropy(x, t), reference.crossEntropy),
      ...byOptions(engine.crossEntropy, reference.crossEntropy, [
        { labelSmoothing: 0.2 },
        ...classOptions.slice(-3).map((options) => ({ ...options, labelSmoothing: 0.2 })),
      ]),
      byDifferences(
        "of every pixel",
        [values([2, 3, 2, 1], -3, 3)],
        (x) => engine.crossEntropy(x, x.gpu.tensor(Int32Array.of(2, 0, 1, 1), [2, 2, 1]), given(everything, x)),
        (x) => {
          const rows = reference.reshape(reference.permute(x, [0, 2, 3, 1]), [4, 3]);
          return reference.crossEntropy(rows, [2, 0, 1, 1], everything);
        },
      ),
    ],
  },
  l1Loss: {
    cases: [
      byDifferences(
        "to a number",
        [near3],
        (x) => engine.l1Loss(x, 0.05),
        (x) => reference.l1Loss(x, 0.05),
      ),
      byDifferences(
        "to a tensor",
        [far3],
        (x) => engine.l1Loss(x, upload(x.gpu, near3)),
        (x) => reference.l1Loss(x, near3),
      ),
      ...byReductions(far3, engine.l1Loss, reference.l1Loss, near3),
    ],
  },
  smoothL1Loss: {
    cases: [0.5, 2.5].flatMap((beta) => [
      byDifferences(
        `beta ${beta}`,
        [far3],
        (x) => engine.smoothL1Loss(x, upload(x.gpu, near3), { beta }),
        (x) => reference.smoothL1Loss(x, near3, beta),
      ),
      ...byReductions(
        far3,
        (x, target, options) => engine.smoothL1Loss(x, target, { ...options, beta }),
        (x, target, reduction) => reference.smoothL1Loss(x, target, beta, reduction),
        near3,
      ),
    ]),
  },
};

export const differences: FamilyTests["differences"] = [
  loss("mseLoss", values([3, 5]), 1),
  loss("mseLoss", values([3, 5]), targets),
  loss("bceWithLogits", far(), targets),
  ...(["lsgan", "vanilla", "nonsaturating", "wgangp", "hinge"] as const).flatMap((mode) =>
    [true, false].map((real) =>
      unaryReference(
        `ganLoss ${mode}, ${real ? "real" : "fake"}`,
        values([2, 1, 3, 5], -3, 3),
        (x) => ganLoss(x, mode, real),
        (x, dy) => ganLossGradient(x, mode, real, dy),
      ),
    ),
  ),
];
