// Tuning tables: the variants measured to be the fastest for operators, shapes and options on one adapter. A table is
// plain JSON and holds only choices that differ from the operators' own rule. A forced variant takes precedence (see
// engine/tuning/variants.ts).
// Other kernels round differently, so results are the same to the bit only with the same table.

import { adapterName, type Profile } from "../device/adapter.js";
import type { Dtype } from "../lib/elements.js";
import { FormatError } from "../lib/errors.js";
import type { Shape } from "../lib/shapes.js";

export interface TuningTable {
  /** Version of this format, including that of the keys. */
  readonly version: 1;
  /** The adapter that it was measured on: its adapterName(). */
  readonly adapter: string;
  readonly profile: Profile;
  /** Names of variants by keyOf(). */
  readonly choices: { readonly [key: string]: string };
}

/** An operator's inputs, as far as a choice depends on them. */
export type ChoiceInputs = readonly ({ readonly dtype: Dtype } | undefined)[];

/** A call of an operator for which a variant is chosen. */
export interface Choice {
  operator: string;
  shapes: readonly (Shape | undefined)[];
  options: object;
  /** Its key in tuning tables. */
  key: string;
}

/**
 * The key of a table's entry: the operator, its inputs' shapes in order ("-" for an absent input, "scalar" for a shape
 * without axes), and its options sorted by name, separated by single spaces. It contains every number that the choice
 * may depend on:
 *
 *     conv2d 1x64x32x32 64x64x3x3 64 padding=1 paddingMode=zeros stride=1
 */
export function keyOf(operator: string, shapes: readonly (Shape | undefined)[], options: object): string {
  const inputs = shapes.map((shape) => (shape ? shape.join("x") || "scalar" : "-"));
  const settings = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort();
  return [operator, ...inputs, ...settings].join(" ");
}

const FIX = "Make a new one with `cutgpu tune`.";

/** Checks that a value parsed from JSON is a table. `origin` names it in messages. Throws a FormatError. */
export function checkTuning(value: unknown, origin = "the tuning table"): TuningTable {
  const fail = (why: string): never => {
    throw new FormatError(`${origin} ${why}`, FIX);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("is not a tuning table");
  const { version, adapter, profile, choices } = value as { [name: string]: unknown };
  if (version !== 1) fail(`has version ${String(version)} and not 1`);
  if (typeof adapter !== "string") fail("does not name its adapter");
  if (profile !== "gpu" && profile !== "software") fail(`has no profile "gpu" or "software"`);
  if (typeof choices !== "object" || choices === null || Array.isArray(choices)) return fail("has no choices");
  for (const [key, variant] of Object.entries(choices)) {
    if (typeof variant !== "string") fail(`gives no name of a kernel for "${key}"`);
  }
  return value as TuningTable;
}

/**
 * A table from its JSON text. Throws a FormatError if it is not one.
 *
 * @example
 * ```ts
 * const table = parseTuning('{ "version": 1, "adapter": "a name", "profile": "gpu", "choices": {} }');
 * console.log(table.version, table.profile); // 1 gpu
 * ```
 */
export function parseTuning(text: string, origin = "the tuning table"): TuningTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(`${origin} is not JSON`, FIX);
  }
  return checkTuning(value, origin);
}

/**
 * Makes an engine use a table. A table of another adapter or profile is not used: then `notify` is called and the
 * result is false. Entries for kernels that no longer exist, that the adapter cannot run, or that are not loaded are
 * ignored: in a browser pass the table to openGpu, or get it from loadTuning, which load all kernels.
 *
 * @example
 * ```ts
 * const ours = { version: 1 as const, adapter: adapterName(gpu), profile: gpu.profile, choices: {} };
 * console.log(applyTuning(gpu, ours), applyTuning(gpu, { ...ours, adapter: "another" })); // true false
 * ```
 */
export function applyTuning(
  gpu: { info: GPUAdapterInfo; profile: Profile; variants: { use(table: TuningTable | null): void } },
  table: TuningTable,
  notify?: (message: string) => void,
): boolean {
  const theirs = `"${table.adapter}" (${table.profile} kernels)`;
  const ours = `"${adapterName(gpu)}" (${gpu.profile} kernels)`;
  const fits = theirs === ours;
  if (fits) gpu.variants.use(table);
  else notify?.(`a tuning table for ${theirs} is not used on ${ours}`);
  return fits;
}
