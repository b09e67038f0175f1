// Cases of the optimizers. They are no operators: they update parameters in place and have no gradient, so their cases
// are runs of several steps (test/operators/optimizers.test.ts).
import type { Dense } from "../../engine/operators/reference.js";
import { type FamilyTests, values } from "./support/case.js";

export const cases: FamilyTests["cases"] = {};

export interface AdamCase {
  readonly title: string;
  readonly parameters: Dense;
  /** One per step. */
  readonly gradients: readonly Dense[];
  readonly options: { readonly beta1: number; readonly beta2: number; readonly eps: number };
  /** One per step. */
  readonly learningRates: readonly number[];
}

export const adamCases: readonly AdamCase[] = [
  {
    title: "CUT's settings, with a learning rate that falls",
    parameters: values([3, 5, 7]),
    gradients: [values([3, 5, 7]), values([3, 5, 7]), values([3, 5, 7])],
    options: { beta1: 0.5, beta2: 0.999, eps: 1e-8 },
    learningRates: [2e-3, 1e-3, 5e-4],
  },
  {
    title: "PyTorch's defaults, and sizes that fill no vec4",
    parameters: values([13]),
    gradients: [values([13]), values([13], -1e-3, 1e-3)],
    options: { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    learningRates: [1e-2, 1e-2],
  },
];
