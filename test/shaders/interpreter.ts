// Kernels in the interpreter of wgsl_reflect, which runs all invocations of a workgroup in lockstep between barriers
// and reports two that touch the same memory. It needs no GPU. Limits: no subgroups, and only tiny inputs in reasonable
// time.
import * as assert from "uvu/assert";
import { detectRaces } from "wgsl_reflect/wgsl_reflect.module.js";
import {
  type BindingNames,
  type Constants,
  type KernelSource,
  type Params,
  specialize,
} from "../../engine/device/kernel-source.js";
import { type Dense, dense } from "../../engine/reference.js";
import { assertClose } from "../support/gpu.js";
import { inlineCalls } from "./inline.js";

export interface Run<K extends KernelSource> {
  bindings: { [B in BindingNames<K>]: Float32Array };
  params: Params<K>;
  grid: [number, number, number];
  constants?: Constants<K>;
}

/**
 * The same kernel in WGSL that the interpreter supports: calls inlined, no barrier as the first statement of a loop,
 * which it misses, no values constructed by an alias of their type, and no arrays of truth values.
 */
const adapt = (code: string): string =>
  inlineCalls(code.replace(/\bStaged\(/g, "vec4f(").replace(/\barray<bool,/g, "array<u32,")).replace(
    /^( *)(for .*\{\n)( *)(workgroupBarrier)/gm,
    "$1$2$3var nothing = 0u;\n$3$4",
  );

/** Runs a kernel in the interpreter; results are in the bindings afterwards. `edit` may change the text before. */
export function run<K extends KernelSource>(source: K, given: Run<K>, edit = (code: string) => code) {
  const uniforms = new DataView(new ArrayBuffer(4 * Object.keys(source.params).length));
  for (const [i, [name, type]] of Object.entries(source.params).entries()) {
    const offset = 4 * i;
    const value = given.params[name as keyof Params<K>];
    if (type === "f32") uniforms.setFloat32(offset, value, true);
    else if (type === "i32") uniforms.setInt32(offset, value, true);
    else uniforms.setUint32(offset, value, true);
  }
  const names = Object.keys(source.bindings);
  const group: Record<string, unknown> = { [names.length]: { uniform: new Uint8Array(uniforms.buffer) } };
  names.forEach((name, binding) => {
    group[binding] = given.bindings[name as BindingNames<K>];
  });
  const constants = (given.constants ?? {}) as { [name: string]: number | boolean };
  return detectRaces(adapt(edit(specialize(source, constants))), "main", given.grid, { 0: group });
}

/** Runs it and asserts that there is neither a race nor an error. */
export function runSafely<K extends KernelSource>(source: K, given: Run<K>, edit?: (code: string) => string): void {
  const { races, errors } = run(source, given, edit);
  assert.equal(errors, []);
  assert.is(races.length, 0, races[0]?.message);
}

/** Asserts that there are races without either of its two barriers. It leaves wrong results. */
export function needsBothBarriers<K extends KernelSource>(
  source: K,
  given: Run<K>,
  edit = (code: string) => code,
): void {
  for (const which of [0, 1]) {
    let seen = 0;
    const without = (code: string) =>
      edit(code).replace(/workgroupBarrier\(\);/g, (call) => (seen++ === which ? "" : call));
    assert.ok(run(source, given, without).races.length > 0, `${source.name} without barrier ${which}`);
  }
}

export const f32 = (x: Dense) => Float32Array.from(x.data);

export const close = (ours: Float32Array, expected: Dense, what: string) =>
  assertClose(dense(expected.shape, ours.subarray(0, expected.data.length)), expected, 1e-5, what);

/**
 * A tensor followed by NaNs. Tiled products and instance norms read out of bounds, as WebGPU allows: the interpreter
 * would stop there, and what they read must not reach a result.
 */
export const withNaNs = (x: Dense) => Float32Array.from([...x.data, ...new Array(4096).fill(Number.NaN)]);
