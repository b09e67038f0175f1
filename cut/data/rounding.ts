// Rounding as Python's round does it, which the reference uses wherever it computes picture sizes from fractions.

/** Rounds half to even, which Math.round does not. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** The nearest multiple of 4; half-way cases go to the multiple of 8. */
export const nearestMultipleOf4 = (size: number): number => 4 * roundHalfEven(size / 4);
