// Importing this module has one side effect: every operator becomes a method of Tensor. Types and methods are derived
// from the operators' module; functions that are not methods are listed, and test/engine/chained.test.ts checks the
// list.

/**
 * `x.add(y).relu()`: `import "cutgpu/chained"` makes every operator whose first argument is a tensor a method of
 * tensors, with the remaining arguments. A bundle with this import contains all operators.
 *
 * @module cutgpu/chained
 */

import { Tensor } from "./core/tensor.js";
import * as operators from "./operators/public.js";

type Operators = typeof operators;

/**
 * Operators whose first argument is not a tensor but an engine, an array of tensors, or an equation.
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

/** A function's type without its first argument. */
type Method<F> = F extends (first: never, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;

/** The methods that are added to tensors: the operators without their first argument. */
export type Chained = { [K in Exclude<keyof Operators, Other>]: Method<Operators[K]> };

declare module "./core/tensor.js" {
  interface Tensor extends Chained {}
}

/**
 * Adds each function as a method, except names in `without` or already on the prototype.
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
