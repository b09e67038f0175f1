// The mean losses have no rows of their own: they dispatch nothing but operators of the families pointwise and
// reduction, each of which has its row.
import type { OperatorBench } from "./lib.js";

export const lossBenches: readonly OperatorBench[] = [];
