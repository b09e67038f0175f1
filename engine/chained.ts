// The chained form, by one import whose effect it is. Types and methods are both read off the operators' own module;
// only what is no method is listed, and test/engine/chained.test.ts holds the list to what functions take.

/**
 * `x.add(y).relu()`: `import "cutgpu/chained"` makes every operator whose first argument is a tensor a method of
 * tensors, with the same further arguments. A bundle that has it has every operator.
 *
 * @module cutgpu/chained
 */

import { Tensor } from "./core/tensor.js";
import * as operators from "./operators/public.js";

type Operators = typeof operators;

/**
 * Operators that take something else first: an engine, an array of tensors, an equation.
 *
 * @internal
 */
export const others = {
  arange: true,
  concat: true,
  einsum: true,
  eye: true,
  fromImage: true,
  full: true,
  ones: true,
  rand: true,
  randn: true,
  stack: true,
  zeros: true,
} as const;
type Other = keyof typeof others;

/** The same function without its first argument. */
type Method<F> = F extends (first: never, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;

/** What a tensor can do beside its own members: the operators, without their first argument. */
export type Chained = { [K in Exclude<keyof Operators, Other>]: Method<Operators[K]> };

declare module "./core/tensor.js" {
  interface Tensor extends Chained {}
}

/**
 * Makes functions methods, but for names that the prototype, or who lists them, has otherwise.
 *
 * @internal
 */
export function addMethods(prototype: object, functions: object, without: object): void {
  for (const [name, call] of Object.entries(functions)) {
    if (name in prototype || name in without) continue;
    const value = function (this: unknown, ...rest: unknown[]): unknown {
      return call(this, ...rest);
    };
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

addMethods(Tensor.prototype, operators, others);
