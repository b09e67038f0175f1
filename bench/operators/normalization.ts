// Softmax and the normalisations have no rows of their own: they dispatch nothing but operators of the families
// pointwise, reduction and extrema, each of which has its row.
import type { OperatorBench } from "./lib.js";

export const normalizationBenches: readonly OperatorBench[] = [];
