// The variants of kernels that tests force.
import type { AdapterTraits } from "../../../engine/device/adapter.js";
import { families, operatorTable } from "../../../engine/families.js";
import { runnableVariants } from "../../../engine/tuning/variants.js";

/** Every choice of kernels that can be forced, and its variants: of operators, and those that operators share. */
export const choiceTable: ReadonlyMap<string, readonly string[]> = new Map([
  ...[...operatorTable.values()]
    .filter(({ variants }) => variants.length > 0)
    .map(({ name, variants }) => [name, variants] as const),
  ...families.flatMap(({ choices = {} }) => Object.entries(choices)),
]);

/** A variant forced on every choice that has it, for gpu.variants.force. */
export function everywhere(variant: string): { [choice: string]: string } {
  const names = [...choiceTable].filter(([, variants]) => variants.includes(variant)).map(([name]) => name);
  if (names.length === 0) throw new Error(`No operator has a kernel "${variant}".`);
  return Object.fromEntries(names.map((name) => [name, variant]));
}

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
