// Types that parse the names in a WGSL literal, so that a dispatch that misspells a binding or a param does not
// compile. They accept what kernelFromWgsl accepts at run time. If the text is not a literal, any name is accepted.
import type { KernelSource } from "./kernel-source.js";

type Space = " " | "\n" | "\t" | "\r";
type Trim<S extends string> = S extends `${Space}${infer R}` | `${infer R}${Space}` ? Trim<R> : S;

/** The text without comments. */
type Code<S extends string> = S extends `${infer A}/*${string}*/${infer B}`
  ? Code<`${A} ${B}`>
  : S extends `${infer A}//${string}\n${infer B}`
    ? Code<`${A}\n${B}`>
    : S;

/** Names of the storage buffers. */
type Storages<S extends string> = S extends `${string}var<storage${string}>${infer Name}:${infer Rest}`
  ? Trim<Name> | Storages<Rest>
  : never;

/** The member names of `a: u32, b: f32`. */
type Members<S extends string> = S extends `${infer Name}:${string},${infer Rest}`
  ? Trim<Name> | Members<Rest>
  : S extends `${infer Name}:${string}`
    ? Trim<Name>
    : never;

/** The member names of the uniform's struct. */
type Uniforms<S extends string> = S extends `${string}var<uniform>${string}:${infer Type};${string}`
  ? S extends `${string}struct ${Trim<Type>}${Space | ""}{${infer Body}}${string}`
    ? Members<Body>
    : never
  : never;

/** Whether a string type is a literal: an object with another string type as keys may be empty. */
type IsLiteral<S extends string> = object extends { [name in S]: 1 } ? false : true;

/** The type of the kernel of a WGSL text. */
export type KernelOf<S extends string> =
  IsLiteral<S> extends false
    ? KernelSource
    : Omit<KernelSource, "bindings" | "params"> & {
        readonly bindings: { readonly [name in Storages<Code<S>>]: "read" | "write" };
        readonly params: { readonly [name in Uniforms<Code<S>>]: "u32" | "i32" | "f32" };
      };
