// The numbers at an axis, in the few characters that the margin of a chart has room for. Runs in a browser.

/** Whether the numbers of an axis that reaches to `top` are too long in digits. */
export const isExponentialAxis = (top: number): boolean => top >= 1e5 || top < 1e-3;

/** A number as 3e15, 2.5e-4 or 0; four digits at most. */
export function exponential(value: number): string {
  return value === 0 ? "0" : Number(value.toPrecision(4)).toExponential().replace("+", "");
}
