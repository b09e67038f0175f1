// Tensor cores without a GPU that has them: WGSL's subgroup matrices emulated by arrays, each invocation holding a
// part. Results are the same except for the order of summation.

import type { Gpu } from "../../../engine/core/gpu.js";
import type { Halves } from "../../../engine/device/half.js";
import type { KernelSource } from "../../../engine/device/kernel-source.js";
import { matrixForm, withSubgroupMatrix } from "../../../engine/device/subgroup-matrix.js";
import { openGpu, requestAdapter } from "../../../engine/open/node.js";

/** Of the results an invocation has eight in a row; of the operands the row, and the eight columns, that they take. */
const MATRICES = `
alias Left = array<f32, 16>;
alias Right = array<f32, 128>;
alias Result = array<f32, 8>;
var<private> lane: u32;
// A bound that no compiler knows: written out, these loops take a minute to compile.
fn rolled(passes: u32) -> u32 { return min(passes, passes * arrayLength(&BINDING)); }
fn load_left(first: u32, stride: u32) -> Left {
  var m: Left;
  let row = lane / 2;
  for (var k = 0u; k < rolled(16); k++) { m[k] = f32(tile_a[first + k * stride + row / 4][row % 4]); }
  return m;
}
fn load_right(first: u32, stride: u32) -> Right {
  var m: Right;
  for (var e = 0u; e < rolled(128); e++) {
    m[e] = f32(tile_b[first + e / 8 * stride + lane % 2 * 2 + e % 8 / 4][e % 4]);
  }
  return m;
}
fn multiply(left: ptr<function, Left>, right: ptr<function, Right>, sums: ptr<function, Totals>, to: u32) {
  for (var k = 0u; k < rolled(16); k++) {
    let a = (*left)[k];
    for (var e = 0u; e < rolled(8); e++) { (*sums)[to][e] += a * (*right)[k * 8 + e]; }
  }
}
// What subgroupAdd() does.
var<workgroup> added: array<vec4f, THREADS>;
fn add_over_subgroup(local: u32, v: vec4f) -> vec4f {
  workgroupBarrier();
  added[local] = v;
  workgroupBarrier();
  var sum = vec4f();
  for (var i = 0u; i < rolled(SUBGROUP); i++) { sum += added[local / SUBGROUP * SUBGROUP + i]; }
  return sum;
}
fn store_matrix(at: u32, given: Result) {
  var m = given;
  for (var e = 0u; e < rolled(8); e++) { results[at + lane / 2 * 16 + lane % 2 * 8 + e] = m[e]; }
}
`;

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/^diagnostic\(.*$|^enable (?:subgroups|chromium_experimental_subgroup_matrix);$/gm, ""],
  [/^alias (?:Left|Right|Result) = .*$/gm, ""],
  [/^let subgroup = local \/ SUBGROUP;$/m, "$& lane = local % SUBGROUP;"],
  [/\bsubgroupMatrixLoad<Left, col_major>\(&tile_a, /g, "load_left("],
  [/\bsubgroupMatrixLoad<Right, row_major>\(&tile_b, /g, "load_right("],
  [/\bsubgroupAdd\(/g, "add_over_subgroup(local, "],
  [/\blet right = /g, "var right = "],
  [/\(\*total\)\[to\] = subgroupMatrixMultiplyAccumulate\(left\[i\], .*\);/g, "multiply(&left[i], &right, total, to);"],
  // The loops over matrices, too: with barriers in each pass they take lavapipe minutes.
  [/(?<=\b[ijk] < )(?:MATRICES_[MN]|PADDED_K|LOADS_[AB])\b/g, "rolled($&)"],
  [/\bsubgroupMatrixStore<row_major>\(&results, at, (.*), 16\);/g, "store_matrix(at, $1);"],
];

/** A kernel's form for tensor cores, emulated. */
function emulatedForm(...given: Parameters<typeof matrixForm>): KernelSource {
  const form = matrixForm(...given);
  if (form === given[0]) return form;
  const emulated = made.get(form) ?? {
    ...form,
    code:
      REPLACED.reduce((text, [from, to]) => text.replace(from, to), form.code) +
      MATRICES.replace("BINDING", Object.keys(form.bindings)[0]),
  };
  made.set(form, emulated);
  return emulated;
}

const made = new Map<KernelSource, KernelSource>();

/**
 * An engine of the gpu profile and f16 whose tiled kernels take the form for tensor cores; whoever asks disposes
 * of it. `used` has the names of the kernels that read or write f16.
 */
export async function matrixGpu(): Promise<{ gpu: Gpu; used: Set<string> }> {
  const software = (await requestAdapter()) as GPUAdapter;
  const { features, limits, info } = software;
  const requestDevice = ({ requiredFeatures = [], ...others }: GPUDeviceDescriptor = {}) =>
    software.requestDevice({ ...others, requiredFeatures: [...requiredFeatures].filter((name) => features.has(name)) });
  const adapter = withSubgroupMatrix({ features, limits, info, requestDevice } as GPUAdapter);
  const gpu = await openGpu({ adapter, profile: "gpu", precision: "f16" });
  const used = new Set<string>();
  (gpu.kernels.halves as Halves).forms = (...given) => {
    const form = emulatedForm(...given);
    used.add(form.name);
    return form;
  };
  return { gpu, used };
}
