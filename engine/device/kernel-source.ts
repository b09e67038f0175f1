// What a kernel is before it is compiled: its WGSL and what build.mjs reflects from it (bindings and uniform members in
// order, tunable constants with their defaults), and the grids that it runs on.

import { type Check, checkValue, whole } from "../lib/check-options.js";
import type { Dtype } from "../lib/elements.js";
import { GpuError } from "../lib/errors.js";
import { textOf } from "./software-kernels.js";
import type { Storage } from "./storage.js";

type Access = "read" | "write";

export interface KernelSource {
  readonly name: string;
  /** By name, in the order of their numbers. */
  readonly bindings: { readonly [name: string]: Access };
  /** Types of the uniform's members, in order: scalars of four bytes, without gaps. */
  readonly params: { readonly [name: string]: "u32" | "i32" | "f32" };
  readonly constants: { readonly [name: string]: number | boolean };
  /** Values of the tunable constant OP by name, where the kernel has operations to choose from. */
  readonly ops?: { readonly [name: string]: number };
  /** Invocations of a workgroup along its axes: numbers, or names of the constants that give them. */
  readonly workgroupSize: readonly (number | string)[];
  /** Empty where engine/device/software-kernels.ts has the text. */
  readonly code: string;
  /** From kernelFromWgsl: it may not compile. */
  readonly custom?: boolean;
  /** Throws where these tensors cannot be bound, in the order of the bindings; the engine's own kernels need none. */
  check?(tensors: readonly Bindable[]): void;
}

/** What a kernel sees of a tensor. */
export interface Bindable {
  readonly dtype: Dtype;
  readonly storage: Storage;
}

/** Keys of an object, or of any of several. */
type KeysOf<T> = T extends T ? keyof T & string : never;
export type BindingNames<K extends KernelSource> = KeysOf<K["bindings"]>;
export type Params<K extends KernelSource> = { [P in KeysOf<K["params"]>]: number };
export type Constants<K extends KernelSource> = {
  readonly [C in keyof K["constants"]]?: K["constants"][C] extends boolean
    ? boolean
    : K["constants"][C] extends number
      ? number
      : number | boolean;
};

/**
 * Workgroups of a dispatch: a number is a one-dimensional grid, folded where it exceeds 65535. Operators use only
 * these, so that no shape is too large for them.
 */
export type Grid = number | readonly [number, number, number];

const MAX_GROUPS = 65535;

const WHOLE = /* @__PURE__ */ whole(0);
const GRID: Check = [
  (grid) => [grid].flat().every((n) => WHOLE[0](n) && (n as number) <= (n === grid ? MAX_GROUPS ** 2 : MAX_GROUPS)),
  `a whole number up to ${MAX_GROUPS ** 2}, or three up to ${MAX_GROUPS}`,
];

/** A one-dimensional grid, near-square where it must be folded; shaders undo it with flat_index(). */
export function foldGrid(groups: Grid, kernel = "dispatch"): readonly [number, number, number] {
  checkValue(`${kernel}: the grid`, groups, GRID);
  if (typeof groups !== "number") return groups;
  if (groups <= MAX_GROUPS) return [groups, 1, 1];
  const rows = Math.ceil(Math.sqrt(groups));
  const columns = Math.ceil(groups / rows);
  return [rows, columns, 1];
}

/** The number of workgroups that a kernel needs for `invocations` along the first axis. */
export function workgroupsFor<K extends KernelSource>(
  source: K,
  invocations: number,
  constants?: Constants<K>,
): number {
  checkValue(`${source.name}: the invocations`, invocations, WHOLE);
  const [width] = source.workgroupSize;
  if (typeof width === "number") return Math.ceil(invocations / width);
  const chosen = (constants as { readonly [name: string]: number } | undefined)?.[width] ?? source.constants[width];
  if (typeof chosen !== "number") throw new GpuError(`the kernel ${source.name} does not say its workgroup size`);
  return Math.ceil(invocations / chosen);
}

/** What a kernel does with each binding. */
export const accessesOf = ({ bindings }: KernelSource): Access[] => Object.values(bindings);

/** The shader's text with its defaults replaced by the chosen constants. */
export function specialize(source: KernelSource, constants: { readonly [name: string]: number | boolean }): string {
  let code = textOf(source);
  for (const [name, value] of Object.entries(constants)) {
    if (!(name in source.constants)) throw new GpuError(`the kernel ${source.name} has no constant ${name}`);
    code = code.replace(new RegExp(`^(const ${name}: ?(\\w+) ?= ?)[^;]+;`, "m"), (_, head: string, type: string) => {
      const literal = type === "f32" && Number.isInteger(value) ? `${value}.0` : String(value);
      return `${head}${literal};`;
    });
  }
  return code;
}
