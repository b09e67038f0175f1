// Cases of the mean losses, to a number and to a tensor.
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import type { Dense } from "../../engine/operators/reference.js";
import * as reference from "../../engine/operators/reference.js";
import { upload } from "../support/gpu.js";
import { type FamilyTests, type OperatorCase, unaryReference, values } from "./support/case.js";

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

const targets = values([3, 5], 0, 1);
const far = () => values([3, 5], -3, 3);

export const cases: FamilyTests["cases"] = {
  mseLoss: { cases: [loss("mseLoss", values([2, 1, 3, 5]), 1), loss("mseLoss", values([3, 5]), targets)] },
  bceWithLogits: {
    cases: [loss("bceWithLogits", far(), 0), loss("bceWithLogits", far(), 1), loss("bceWithLogits", far(), targets)],
  },
};

export const differences: FamilyTests["differences"] = [
  loss("mseLoss", values([3, 5]), 1),
  loss("mseLoss", values([3, 5]), targets),
  loss("bceWithLogits", far(), targets),
  ...(["lsgan", "vanilla", "nonsaturating", "wgangp"] as const).flatMap((mode) =>
    [true, false].map((real) =>
      unaryReference(
        `ganLoss ${mode}, ${real ? "real" : "fake"}`,
        values([2, 1, 3, 5], -3, 3),
        (x) => reference.ganLoss(x, mode, real),
        (x, dy) => reference.ganLossGradient(x, mode, real, dy),
      ),
    ),
  ),
];
