// The numbers at an axis, as short as a chart's margin has room for, and in its legend. Runs in a browser.

/** Whether the numbers of an axis that reaches to `top` are too long in digits. */
export const isExponentialAxis = (top: number): boolean => top >= 1e5 || top < 1e-3;

/** A number as 3e15, 2.5e-4 or 0; four digits at most. */
export function exponential(value: number): string {
  return value === 0 ? "0" : Number(value.toPrecision(4)).toExponential().replace("+", "");
}

/** The last value of a curve: three digits, zeros kept, or all before the point, as 0.0900, 4.00, 1024 and 1e15. */
export function lastText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return exponential(Number(value.toPrecision(3)));
  return size >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}
