// The variants of an operator that are measured on an adapter, and how to force one of them for a while.
import type { Gpu } from "../../engine/core/gpu.js";
import type { AdapterTraits } from "../../engine/device/adapter.js";
import { operatorTable } from "../../engine/families.js";
import { planningGpu } from "../../engine/index.js";
import { dryRun } from "../../engine/program/recording.js";
import type { Choice } from "../../engine/tuning/table.js";
import { runnableVariants } from "../../engine/tuning/variants.js";

/**
 * Variants of an operator that are worth measuring on an adapter, in work that makes these calls of it; "default" where
 * there is no choice. Kernels for GPUs are much slower on a software adapter, so there "tiled", whose tile the operator
 * chooses, stands for all of them. A variant that cannot compute one of the calls is left out: where it is forced,
 * another does its work, and would be measured under its name.
 */
export function variantsOf(
  adapter: AdapterTraits,
  operator: string,
  calls: readonly Pick<Choice, "shapes" | "options">[],
): string[] {
  const { variants = [], applies } = operatorTable.get(operator) ?? {};
  const worth = runnableVariants(variants, adapter).filter(
    (name) =>
      (adapter.profile === "gpu" || !/^tiled_|^skinny$/.test(name)) &&
      calls.every(({ shapes, options }) => applies?.(name, shapes, options, adapter)),
  );
  return worth.length ? worth : ["default"];
}

/** The calls of an operator in work, which is done on an engine like this adapter's that computes nothing. */
export function callsOf(adapter: AdapterTraits, operator: string, work: (gpu: Gpu) => unknown): Choice[] {
  const { profile, subgroupSize, precision } = adapter;
  const calls: Choice[] = [];
  const planning = planningGpu({ profile, subgroupSize, precision });
  planning.observers.add({ onChoice: (choice) => void (choice.operator === operator && calls.push(choice)) });
  // Recorded, kernels that are loaded on demand can be chosen before they are.
  dryRun(planning, () => work(planning));
  planning.dispose();
  return calls;
}

/**
 * Runs `work` with one operator forced to one of its variants, or left to its rule. It must not be async: others may
 * record on the same engine meanwhile.
 */
export const withForced = <T>(gpu: Gpu, operator: string, variant: string, work: () => T): T =>
  variant === "default" ? work() : gpu.variants.force({ [operator]: variant }, work);
