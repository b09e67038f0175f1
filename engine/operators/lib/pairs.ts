// Options that are one whole number for both axes of an image, or one for each: [y, x].
import type { Check } from "../../core/check-options.js";

export type Pair = number | readonly [y: number, x: number];

/** A whole number, or two, none of them below `least`. */
// @__NO_SIDE_EFFECTS__
export function wholes(least: number): Check {
  const holds = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least;
  return [
    (value) => (Array.isArray(value) ? value.length === 2 && value.every(holds) : holds(value)),
    `a whole number, at least ${least}, or two of them`,
  ];
}

export const pairOf = (value: Pair): readonly [y: number, x: number] =>
  typeof value === "number" ? [value, value] : value;
