// Options that are one integer for both axes of an image, or one for each: [y, x].
import type { Check } from "../../lib/check-options.js";

export type Pair = number | readonly [y: number, x: number];

/** An integer, or two, each at least `min`. */
// @__NO_SIDE_EFFECTS__
export function wholes(min: number): Check {
  const holds = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min;
  return [
    (value) => (Array.isArray(value) ? value.length === 2 && value.every(holds) : holds(value)),
    `a whole number, at least ${min}, or two of them`,
  ];
}

export const pairOf = (value: Pair): readonly [y: number, x: number] =>
  typeof value === "number" ? [value, value] : value;
