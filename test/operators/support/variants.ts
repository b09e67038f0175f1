// Which variants the walking tests force for an operator.
import type { AdapterTraits } from "../../../engine/device/adapter.js";
import { choiceTable, everywhere, operatorTable } from "../../../engine/operators/table.js";
import { runnableVariants } from "../../../engine/tuning/variants.js";

/** Variants that differ from "tiled" by nothing but the size of tiles: test/operators/tiles.test.ts forces those. */
export const isTileSize = (variant: string): boolean => variant.startsWith("tiled_");

/** The variants that an operator, or what it runs, is tested with. */
export const testedVariants = (operator: string): string[] => {
  const choices = operatorTable.get(operator)?.choices ?? [];
  const variants = choices.flatMap((choice) => choiceTable.get(choice) ?? []);
  return [...new Set(variants)].filter((variant) => !isTileSize(variant));
};

/**
 * What to force in turn, of itself and of whatever its gradient runs: each variant that the adapter can run, and first
 * of all nothing where the choice is not the operator's own.
 */
export function forcedInTurn(adapter: AdapterTraits, operator: string): { [choice: string]: string }[] {
  const ownChoice = (operatorTable.get(operator)?.variants ?? []).length > 0;
  return [...(ownChoice ? [] : [{}]), ...runnableVariants(testedVariants(operator), adapter).map(everywhere)];
}
