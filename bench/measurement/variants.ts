// The variants of an operator that are measured on an adapter, and how to force one of them for a while.
import type { AdapterTraits } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { operatorTable } from "../../engine/operators/table.js";
import { runnableVariants } from "../../engine/tuning/variants.js";

/**
 * Variants of an operator that are worth measuring on an adapter; "default" where there is no choice. Kernels for GPUs
 * are much slower on a software adapter, so there "tiled", whose tile the operator chooses, stands for all of them.
 */
export function variantsOf(adapter: AdapterTraits, operator: string): string[] {
  const runnable = runnableVariants(operatorTable.get(operator)?.variants ?? [], adapter);
  const worth = runnable.filter((name) => adapter.profile === "gpu" || !/^tiled_|^skinny$/.test(name));
  return worth.length ? worth : ["default"];
}

/**
 * Runs `work` with one operator forced to one of its variants, or left to its rule. It must not be async: others may
 * record on the same engine meanwhile.
 */
export const withForced = <T>(gpu: Gpu, operator: string, variant: string, work: () => T): T =>
  variant === "default" ? work() : gpu.variants.force({ [operator]: variant }, work);
