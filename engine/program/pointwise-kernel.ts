// The kernel of fused elementwise operators: WGSL for a graph of the functions of shaders/pointwise. It handles one
// vec4 of every tensor per iteration, as their own kernels do.
import { functions } from "../../shaders/pointwise.generated.js";
import type { Gpu } from "../core/gpu.js";
import type { Dispatch } from "../core/recorder.js";
import type { KernelCache } from "../device/kernel.js";
import type { foldGrid, KernelSource } from "../device/kernel-source.js";
import type { Storage } from "../device/storage.js";
import type { mergeAxes } from "../operators/lib/views.js";

/** A tensor that is read: contiguous like y, or through views, each of the elements of the next. */
export interface Operand {
  readonly storage: Storage;
  readonly views: readonly StridedView[];
}

/** Where a tensor's elements are: from an offset on with strides along its axes, the fastest first. */
export interface StridedView {
  readonly axes: readonly { readonly n: number; readonly stride: number }[];
  readonly offset: number;
}

/** A call of a function of the elementwise kernels. */
export interface Operation {
  readonly kernel: "fill" | "unary" | "elementary" | "binary" | "expand";
  readonly op: number;
  /** What it is called in the kernel's name. */
  readonly label: string;
  readonly operands: readonly Value[];
  readonly scalars: readonly number[];
}

export type Value = Operand | Operation;

/** A graph of them on tensors of `vec4s` vec4s: what is written to each output. */
export interface Pointwise {
  readonly vec4s: number;
  readonly outputs: ReadonlyMap<Storage, Value>;
}

/** What every app's bundle has: imports of values would split it. */
export interface Shared {
  readonly foldGrid: typeof foldGrid;
  readonly mergeAxes: typeof mergeAxes;
  /** Consecutive vec4s per invocation. */
  readonly perThread: number;
}

/** What every WebGPU device allows. */
const MAX_BINDINGS = 8;
/** A slot of a program's uniforms has 256 bytes. */
const MAX_PARAMS = 64;
/** Drivers take much longer for a long kernel than for several short ones. */
const MAX_OPERATIONS = 64;
const WORKGROUP = 64;

export const isOperand = (value: Value): value is Operand => "storage" in value;

/** Whether a value is only moved, so that it may be the bits of an integer. */
const isMoved = (value: Value) => isOperand(value) || value.kernel === "fill";

/** What each vec4 of y takes of an operand: one of its vec4s, one number, or four numbers wherever they are. */
function formOf([view, next]: readonly StridedView[]): "vec4" | "number" | "numbers" {
  if (!view) return "vec4";
  if (next) return "numbers";
  const { axes, offset } = view;
  const [{ n, stride }, ...others] = axes;
  const isWhole = (size: number) => size % 4 === 0;
  const rowsAreWhole = others.length === 0 || isWhole(n);
  if (!rowsAreWhole || stride < 0 || stride > 1) return "numbers";
  if (stride === 0) return "number";
  return isWhole(offset) && others.every((axis) => isWhole(axis.stride)) ? "vec4" : "numbers";
}

/** The dispatch that computes a graph; null if it takes more than one can have. */
export function kernelOf({ vec4s, outputs }: Pointwise, { foldGrid, perThread }: Shared): Dispatch | null {
  // Drivers take 0 times NaN for 0 where they know of the 0 when they compile, so all zeros are read.
  const params: { [name: string]: number } = { vec4s, zero: 0 };
  const types: { [name: string]: "u32" | "f32" } = { vec4s: "u32", zero: "f32" };
  const param = (type: "u32" | "f32", value: number): string => {
    // Operands of the same shape have the same sizes, so that their indices are computed once.
    const same = Object.keys(params).find((name) => type === "u32" && types[name] === type && params[name] === value);
    const name = same ?? `p${Object.keys(params).length}`;
    params[name] = value;
    types[name] = type;
    return `params.${name}`;
  };
  const read: { storage: Storage; type: string }[] = [];
  const lines: string[] = [];
  const labels: string[] = [];
  const names = new Map<Value, string>();
  const indices = new Map<string, string>();

  // Integers are moved as such: small ones may be taken for 0 as floats.
  const [number, vec4] = [...outputs.values()].every(isMoved) ? ["u32", "vec4u"] : ["f32", "vec4f"];
  const load = ({ storage, views }: Operand): string => {
    const x = `x${read.length}`;
    const form = formOf(views);
    read.push({ storage, type: form === "vec4" ? vec4 : number });
    if (form === "vec4") return `${x}[${views.reduce((at, view) => indexOf(view, form, at), "at")}]`;
    if (form === "number") return `${vec4}(${x}[${indexOf(views[0], form, "at")}])`;
    const at = views.reduce((from, view) => {
      const index = indexOf(view, form, from);
      const known = indices.get(index) ?? `i${indices.size}`;
      if (!indices.has(index)) lines.push(`let ${known} = ${index};`);
      indices.set(index, known);
      return known;
    }, "elements");
    return `${vec4}(${[0, 1, 2, 3].map((i) => `${x}[${at}[${i}]]`)})`;
  };
  /** Of a vec4 or a number in x; of four numbers as a vec4u. */
  const indexOf = ({ axes, offset }: StridedView, form: ReturnType<typeof formOf>, from: string): string => {
    const [perVec4, unit] = [form === "numbers" ? 1 : 4, form === "vec4" ? 4 : 1];
    let rest = from;
    const terms = axes.flatMap(({ n, stride }, i) => {
      const size = i < axes.length - 1 ? param("u32", i ? n : n / perVec4) : "";
      const index = size ? `${rest} % ${size}` : rest;
      rest = `${rest} / ${size}`;
      if (stride === 0) return [];
      // In the bits of a u32, negative strides add up, too.
      return stride === 1 ? index : `${index} * ${param("u32", (stride / unit) >>> 0)}`;
    });
    const start = offset ? [param("u32", offset / unit)] : [];
    const index = [...start, ...terms].join(" + ") || "0";
    return terms.length || form !== "numbers" ? index : `vec4u(${index})`;
  };
  const call = ({ kernel, op, label, operands, scalars }: Operation): string => {
    const values = operands.map(nameOf);
    labels.push(label);
    if (kernel === "fill") return `bitcast<${vec4}>(vec4u(${param("u32", scalars[0])}))`;
    const numbers = scalars.map((scalar) => (Object.is(scalar, 0) ? "params.zero" : param("f32", scalar)));
    return kernel === "expand" ? `${numbers} * ${values}` : `${kernel}(${[`${op}u`, ...values, ...numbers]})`;
  };
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known) return known;
    const text = isOperand(value) ? load(value) : call(value);
    const name = `v${names.size}`;
    lines.push(`let ${name} = ${text};`);
    names.set(value, name);
    return name;
  };
  const stores = [...outputs.values()].map((value, i) => `y${i}[at] = ${nameOf(value)};`);
  if (read.length + stores.length > MAX_BINDINGS || Object.keys(params).length > MAX_PARAMS) return null;
  if (labels.length > MAX_OPERATIONS) return null;

  const variables = [
    ...read.map(({ type }, i) => `var<storage, read> x${i}: array<${type}>;`),
    ...stores.map((_, i) => `var<storage, read_write> y${i}: array<${vec4}>;`),
    "var<uniform> params: Params;",
  ];
  const code = `${functions}
struct Params { ${Object.entries(types).map((member) => member.join(": "))} }
${variables.map((variable, i) => `@group(0) @binding(${i}) ${variable}`).join("\n")}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, ${WORKGROUP}) * ${perThread};
  let end = min(first + ${perThread}, params.vec4s);
  for (var at = first; at < end; at++) {
    ${indices.size ? "let elements = 4 * at + vec4u(0, 1, 2, 3);\n    " : ""}${[...lines, ...stores].join("\n    ")}
  }
}
`;
  const bindings = Object.fromEntries([
    ...read.map((_, i) => [`x${i}`, "read"] as const),
    ...stores.map((_, i) => [`y${i}`, "write"] as const),
  ]);
  const name = labels.length > 4 ? `${labels.slice(0, 3).join("_")}_and_${labels.length - 3}_more` : labels.join("_");
  return {
    source: { name: name || "copy", bindings, params: types, constants: {}, workgroupSize: [WORKGROUP], code },
    constants: {},
    storages: [...read.map(({ storage }) => storage), ...outputs.keys()],
    params,
    grid: foldGrid(Math.ceil(vec4s / perThread / WORKGROUP)),
  };
}

/** Kernels that were written, by their text, for each engine. */
const written = new WeakMap<KernelCache, Map<string, KernelSource>>();

/** A kernel of this text, with a name of its own: the one of an earlier recording, if there is one. */
export function sharedKernel({ kernels }: Gpu, source: KernelSource): KernelSource {
  const sources = written.get(kernels) ?? new Map<string, KernelSource>();
  written.set(kernels, sources);
  const names = new Set([...sources.values()].map(({ name }) => name));
  let { name } = source;
  for (let i = 2; names.has(name); i++) name = `${source.name}_${i}`;
  const shared = sources.get(source.code) ?? { ...source, name };
  sources.set(source.code, shared);
  return shared;
}
