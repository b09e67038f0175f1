// The names in a WGSL text, read by TypeScript's types where the text is a literal, so that a dispatch that misspells a
// binding or a param does not compile. They read what kernelFromWgsl reads at run time. Of a text that is put together,
// nothing is known: any name will do.
import type { KernelSource } from "./kernel.js";

type Space = " " | "\n" | "\t" | "\r";
type Trim<S extends string> = S extends `${Space}${infer R}` | `${infer R}${Space}` ? Trim<R> : S;

/** Without comments. */
type Code<S extends string> = S extends `${infer A}/*${string}*/${infer B}`
  ? Code<`${A} ${B}`>
  : S extends `${infer A}//${string}\n${infer B}`
    ? Code<`${A}\n${B}`>
    : S;

/** Names of the storage buffers. */
type Storages<S extends string> = S extends `${string}var<storage${string}>${infer Name}:${infer Rest}`
  ? Trim<Name> | Storages<Rest>
  : never;

/** Names before the colons of `a: u32, b: f32`. */
type Members<S extends string> = S extends `${infer Name}:${string},${infer Rest}`
  ? Trim<Name> | Members<Rest>
  : S extends `${infer Name}:${string}`
    ? Trim<Name>
    : never;

/** Names in the struct that is bound as the uniform. */
type Uniforms<S extends string> = S extends `${string}var<uniform>${string}:${infer Type};${string}`
  ? S extends `${string}struct ${Trim<Type>}${Space | ""}{${infer Body}}${string}`
    ? Members<Body>
    : never
  : never;

/** Whether a string type is one text: of other strings an object could have any number of keys. */
type IsLiteral<S extends string> = object extends { [name in S]: 1 } ? false : true;

/** The kernel of a WGSL text. */
export type KernelOf<S extends string> =
  IsLiteral<S> extends false
    ? KernelSource
    : KernelSource & {
        readonly bindings: readonly { readonly name: Storages<Code<S>> }[];
        readonly params: readonly { readonly name: Uniforms<Code<S>> }[];
      };
