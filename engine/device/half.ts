// f16 storage: tensors of 2-byte elements, which kernels read as f32 and round when they write. There is no second set
// of kernels: the WGSL of each is rewritten for the bindings that are f16, so arithmetic, sums and workgroup memory
// stay f32, except on tensor cores (engine/device/subgroup-matrix.ts). Loaded by openGpu if f16 is asked for.
// Limits: a kernel accesses an element of a binding as `name[index]`, and reads or assigns it as a whole or, of a vec4,
// one component of it. A number too large for f16 becomes infinite, or on some adapters the largest finite one (WGSL
// allows both: https://www.w3.org/TR/WGSL/#floating-point-conversion).
import { float16Bits, float16ToNumber } from "../lib/float16.js";
import type { Precision } from "./adapter.js";
import type { KernelSource } from "./kernel-source.js";

/** By the type of a binding's elements: the f16 type, and the conversions when loading and storing. */
const STORED: { readonly [type: string]: { type: string; load: string; store: string } } = {
  f32: { type: "f16", load: "f32($)", store: "f16($)" },
  vec4f: { type: "vec4h", load: "vec4f($)", store: "vec4h($)" },
  // Bits of f32, in kernels that only move elements.
  u32: { type: "f16", load: "bitcast<u32>(f32($))", store: "f16(bitcast<f32>($))" },
  i32: { type: "f16", load: "bitcast<i32>(f32($))", store: "f16(bitcast<f32>($))" },
  vec4u: { type: "vec4h", load: "bitcast<vec4u>(vec4f($))", store: "vec4h(bitcast<vec4f>($))" },
};

/**
 * The WGSL of a kernel with the named bindings as f16. Lines keep their numbers, unless the first one is a constant:
 * that has to begin its line to be replaced (engine/device/kernel-source.ts).
 */
export function withHalves(code: string, names: readonly string[]): string {
  return `enable f16;${/^const /.test(code) ? "\n" : " "}${names.reduce(withHalf, code)}`;
}

function withHalf(code: string, name: string): string {
  const declared = new RegExp(`(var<storage[^>]*>\\s*${name}\\s*:\\s*array<)(\\w+)(>)`);
  const written = code.match(declared)?.[2] ?? "";
  const type = code.match(new RegExp(`\\balias ${written} ?= ?(\\w+);`))?.[1] ?? written;
  const stored = STORED[type];
  if (!stored) throw new Error(`${name} is an array of ${type || "nothing known"} and cannot be stored as f16`);
  // A parameter or variable of the same name shadows the binding in the whole function.
  const hidden = new RegExp(`\\b(let|var)\\s+${name}\\b|[(,]\\s*${name}\\s*:`);
  const functions = code.replace(declared, `$1${stored.type}$3`).split(/(?=\b(?:fn|struct) )/);
  return functions.map((text) => (hidden.test(text) ? text : withAccesses(text, name, stored))).join("");
}

/** A function with every access to a binding converted, the last one first, since earlier ones may enclose it. */
function withAccesses(text: string, name: string, { load, store }: (typeof STORED)[string]): string {
  let done = text;
  for (const { index } of [...text.matchAll(new RegExp(`(?<![.\\w])${name}\\[`, "g"))].reverse()) {
    const end = closing(done, index + name.length);
    const element = done.slice(index, end);
    const loaded = load.replace("$", () => element);
    const rest = done.slice(end);
    const [assignment, component = "", operation] = rest.match(/^(\[[^\]]*\]|\.[xyzw])?\s*([-+*/]?)=(?!=)\s*/) ?? [];
    if (assignment === undefined) {
      done = done.slice(0, index) + loaded + rest;
      continue;
    }
    const semicolon = rest.indexOf(";");
    const value = rest.slice(assignment.length, semicolon);
    const sum = operation ? `${loaded}${component} ${operation} (${value})` : value;
    const rounded = (component ? STORED["f32"].store : store).replace("$", () => sum);
    done = `${done.slice(0, index)}${element}${component} = ${rounded}${rest.slice(semicolon)}`;
  }
  return done;
}

/** The end of the bracketed part that starts at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; ; at++) {
    if (text[at] === "[") depth++;
    else if (text[at] === "]" && --depth === 0) return at + 1;
  }
}

/** What an engine has to do with it. */
interface Engine {
  readonly device: GPUDevice;
  readonly kernels: { halves: Halves | null };
  precision: Precision;
  dispose(): void;
}

/**
 * Sets an engine's precision to f16. Throws, and disposes the engine, if its device has no f16. Dependencies are passed
 * in, because importing them here would split every app's bundle.
 */
export function useHalves(gpu: Engine, Refusal: new (message: string, fix: string) => Error, textOf: TextOf): void {
  if (!gpu.device.features.has("shader-f16")) {
    gpu.dispose();
    const what = "this adapter has no 16-bit floats (shader-f16), so f16 cannot be used";
    throw new Refusal(what, "Use f32, or another adapter.");
  }
  gpu.precision = "f16";
  gpu.kernels.halves = new Halves(textOf);
}

type Constants = { readonly [name: string]: number | boolean };

/** textOf of engine/device/software-kernels.ts. */
type TextOf = (source: KernelSource) => string;

/** Adapts kernels and data to f16 storages. */
export class Halves {
  /** Replaces kernels by other forms, given their constants and the names of the bindings that are f16. */
  forms: ((source: KernelSource, constants: Constants, names: readonly string[]) => KernelSource) | undefined;
  readonly #sources = new Map<KernelSource, Map<string, KernelSource>>();
  readonly #textOf: TextOf;

  constructor(textOf: TextOf) {
    this.#textOf = textOf;
  }

  /** The kernel rewritten for the storages that are bound to it. */
  sourceFor(kernel: KernelSource, storages: readonly { readonly half: boolean }[], constants: Constants): KernelSource {
    const names = Object.keys(kernel.bindings).filter((_, i) => storages[i]?.half);
    if (names.length === 0) return kernel;
    const source = this.forms?.(kernel, constants, names) ?? kernel;
    const key = names.join();
    const rewritten = this.#sources.get(source) ?? new Map<string, KernelSource>();
    this.#sources.set(source, rewritten);
    const result = rewritten.get(key) ?? { ...source, code: withHalves(this.#textOf(source), names) };
    rewritten.set(key, result);
    return result;
  }

  /** Numbers as f16 bits, padded to whole 4-byte words. */
  encode(numbers: Float32Array): Uint16Array<ArrayBuffer> {
    const halves = new Uint16Array(Math.ceil(numbers.length / 2) * 2);
    halves.set(float16Bits(numbers));
    return halves;
  }

  /** The values of f16 bits. */
  decode(bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
    return Float32Array.from(new Uint16Array(bytes), float16ToNumber);
  }
}
