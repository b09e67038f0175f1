// Run-time checks of option names and values, since JavaScript callers have no types.
import { ArgumentError } from "./errors.js";

/** A test of a value, and a description of valid ones: the end of the sentence "It must be ...". */
export type Check = readonly [holds: (value: unknown) => boolean, expected: string];

// @__NO_SIDE_EFFECTS__
export function oneOf(...values: readonly unknown[]): Check {
  return [(value) => values.includes(value), `one of ${values.map(shown).join(", ")}`];
}
// @__NO_SIDE_EFFECTS__
export function whole(least: number): Check {
  return [(value) => Number.isSafeInteger(value) && (value as number) >= least, `a whole number, at least ${least}`];
}
export const flag: Check = [(value) => typeof value === "boolean", "true or false"];
export const number: Check = [(value) => typeof value === "number", "a number"];
export const positive: Check = [(value) => (value as number) > 0 && Number.isFinite(value), "a positive number"];
export const callback: Check = [(value) => typeof value === "function", "a function"];
/** For options that are checked where they are used. */
export const unchecked: Check = [() => true, "anything"];
export const tensor: Check = [
  (value) => typeof (value as { requireBuffer?: unknown } | null | undefined)?.requireBuffer === "function",
  "a tensor",
];
export const tensors: Check = [
  (value) => Array.isArray(value) && value.length > 0 && value.every(tensor[0]),
  "an array of tensors, at least one",
];
export const namedTensors: Check = [
  (value) => value instanceof Map && [...value.values()].every(tensor[0]),
  "a Map of tensors by their names",
];
export const object: Check = [(value) => Object(value) === value, "an object"];

function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) return `[${value}]`;
  return value instanceof Object ? Object.prototype.toString.call(value) : String(value);
}

/** Throws an ArgumentError unless a value passes its check; `what` names it: "slice: the start". */
export function checkValue(what: string, value: unknown, [holds, expected]: Check): void {
  if (!holds(value)) throw new ArgumentError(`${what} cannot be ${shown(value)}`, `It must be ${expected}.`);
}

/** Throws an ArgumentError unless every option is known and its value is undefined or passes its check. */
export function checkOptions(name: string, options: object, known: { readonly [option: string]: Check }): void {
  checkValue(`${name}: the options`, options, object);
  for (const option in options) {
    if (!Object.hasOwn(known, option)) {
      throw new ArgumentError(`${name} has no option ${option}`, `It has: ${Object.keys(known).join(", ")}.`);
    }
    const value = (options as { [option: string]: unknown })[option];
    if (value !== undefined) checkValue(`${name}: ${option}`, value, known[option]);
  }
}

/** The same for options without defaults: also throws for a missing one. */
export function requireOptions<T extends object>(name: string, options: T, known: { readonly [K in keyof T]: Check }) {
  checkOptions(name, options, known);
  for (const option in known) checkValue(`${name}: ${option}`, options[option], known[option]);
}

/** Throws an ArgumentError if work that must be synchronous returned a promise, whose outcome is then ignored. */
export function refusePromise(name: string, result: unknown): void {
  const promise = result as PromiseLike<unknown> | undefined;
  if (typeof promise?.then !== "function") return;
  promise.then(undefined, () => {});
  throw new ArgumentError(`${name}: what is async runs outside of it`, "Await before it or after it.");
}
