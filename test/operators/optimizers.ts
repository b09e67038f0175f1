// Cases of the optimizers. They are no operators: they update parameters in place and have no gradient, so their cases
// are runs of several steps (test/engine/optimizers/adam.test.ts).
import { Random } from "../../engine/lib/random.js";
import type { Dense } from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { type FamilyTests, values } from "./support/case.js";

export const cases: FamilyTests["cases"] = {};

export interface AdamCase {
  readonly title: string;
  readonly parameters: readonly Dense[];
  /** For each step one per parameter. */
  readonly gradients: readonly (readonly Dense[])[];
  readonly options: { readonly beta1: number; readonly beta2: number; readonly eps: number };
  /** One per step. */
  readonly learningRates: readonly number[];
  /** Of the relative errors: of the parameters, and of the moments, in which 1 - beta2 is rounded to float32. */
  readonly bound: number;
  readonly momentBound: number;
}

const random = new Random(11);
const several = () => [[7, 3], [4], [1]].map((shape) => uniform(random, shape));

export const adamCases: readonly AdamCase[] = [
  {
    title: "CUT's settings, with a learning rate that falls",
    parameters: [values([3, 5, 7])],
    gradients: [[values([3, 5, 7])], [values([3, 5, 7])], [values([3, 5, 7])]],
    options: { beta1: 0.5, beta2: 0.999, eps: 1e-8 },
    learningRates: [2e-3, 1e-3, 5e-4],
    bound: 1e-6,
    momentBound: 1e-4,
  },
  {
    title: "PyTorch's defaults, and sizes that fill no vec4",
    parameters: [values([13])],
    gradients: [[values([13])], [values([13], -1e-3, 1e-3)]],
    options: { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    learningRates: [1e-2, 1e-2],
    bound: 1e-6,
    momentBound: 1e-4,
  },
  {
    title: "several parameters, with and without a tail beyond whole vec4s",
    parameters: several(),
    gradients: [several(), several(), several(), several()],
    options: { beta1: 0.5, beta2: 0.99, eps: 1e-8 },
    learningRates: [0.1, 0.05, 0.05, 0.01],
    bound: 1e-5,
    momentBound: 1e-5,
  },
];
