// The kernels that an operator has and this adapter can run, and how to force one of them for a while.
import type { AdapterTraits, Gpu } from "../engine/gpu.js";
import { runnableVariants } from "../engine/operator.js";
import { operatorTable } from "../engine/operators/index.js";

/** Variants of an operator that an adapter can run; "default" where there is no choice. */
export function variantsOf(adapter: AdapterTraits, operator: string): string[] {
  const runnable = runnableVariants(operatorTable.get(operator)?.variants ?? [], adapter);
  return runnable.length ? runnable : ["default"];
}

/** Runs `work` with one operator forced to one kernel. */
export async function withForced<T>(
  gpu: Gpu,
  operator: string,
  variant: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const before = gpu.forced[operator];
  if (variant !== "default") gpu.forced[operator] = variant;
  try {
    return await work();
  } finally {
    if (before === undefined) delete gpu.forced[operator];
    else gpu.forced[operator] = before;
  }
}
