// The kernel of fused elementwise operators: WGSL for a graph of the functions of shaders/pointwise. It handles one
// vec4 of every tensor per iteration, as their own kernels do.
import { functions } from "../../shaders/pointwise.generated.js";
import type { Gpu } from "../core/gpu.js";
import type { Dispatch } from "../core/recorder.js";
import type { KernelCache } from "../device/kernel.js";
import type { foldGrid, KernelSource } from "../device/kernel-source.js";
import type { Storage } from "../device/storage.js";

/** A tensor that is read: contiguous like y, or from an offset with strides along y's axes, the fastest first. */
export interface Operand {
  readonly storage: Storage;
  readonly axes: readonly { readonly n: number; readonly stride: number }[] | null;
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

/** What every WebGPU device allows. */
const MAX_BINDINGS = 8;
/** A slot of a program's uniforms has 256 bytes. */
const MAX_PARAMS = 64;
/** Drivers take much longer for a long kernel than for several short ones. */
const MAX_OPERATIONS = 64;
const WORKGROUP = 64;
/** Consecutive vec4s per invocation: a CPU prefers long loops, a GPU many invocations. */
const PER_THREAD = { software: 4, gpu: 1 } as const;

export const isOperand = (value: Value): value is Operand => "storage" in value;

/** Whether each vec4 of y takes one number of the operand or one of its vec4s. */
export function isReadable({ axes, offset }: Operand): boolean {
  if (!axes) return true;
  const [{ n, stride }, ...others] = axes;
  if (others.some((axis) => axis.stride < 0)) return false;
  if (stride === 0) return others.length === 0 || n % 4 === 0;
  const sizes = [offset, ...(others.length ? [n] : []), ...others.map((axis) => axis.stride)];
  return stride === 1 && sizes.every((size) => size % 4 === 0);
}

/** The dispatch that computes a graph; null if it takes more than one can have. */
export function kernelOf({ vec4s, outputs }: Pointwise, gpu: Gpu, fold: typeof foldGrid): Dispatch | null {
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

  const load = ({ storage, axes, offset }: Operand): string => {
    const x = `x${read.length}`;
    const [{ n, stride }, ...others] = axes ?? [{ n: 1, stride: 1 }];
    read.push({ storage, type: stride ? "vec4f" : "f32" });
    if (!axes) return `${x}[at]`;
    const start = offset ? [param("u32", stride ? offset / 4 : offset)] : [];
    if (!others.length) return stride ? `${x}[${start} + at]` : `vec4f(${x}[${start[0] ?? 0}])`;
    const columns = param("u32", n / 4);
    let row = `at / ${columns}`;
    const terms = others.flatMap((axis, i) => {
      const size = i === others.length - 1 ? "" : param("u32", axis.n);
      const index = size ? `${row} % ${size}` : row;
      row = `${row} / ${size}`;
      return axis.stride ? `${index} * ${param("u32", stride ? axis.stride / 4 : axis.stride)}` : [];
    });
    const index = [...start, ...terms, ...(stride ? [`at % ${columns}`] : [])].join(" + ");
    return stride ? `${x}[${index}]` : `vec4f(${x}[${index}])`;
  };
  const call = ({ kernel, op, label, operands, scalars }: Operation): string => {
    const values = operands.map(nameOf);
    labels.push(label);
    if (kernel === "fill") return `bitcast<vec4f>(vec4u(${param("u32", scalars[0])}))`;
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
    ...stores.map((_, i) => `var<storage, read_write> y${i}: array<vec4f>;`),
    "var<uniform> params: Params;",
  ];
  const perThread = PER_THREAD[gpu.profile];
  const code = `${functions}
struct Params { ${Object.entries(types).map((member) => member.join(": "))} }
${variables.map((variable, i) => `@group(0) @binding(${i}) ${variable}`).join("\n")}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, ${WORKGROUP}) * ${perThread};
  let end = min(first + ${perThread}, params.vec4s);
  for (var at = first; at < end; at++) {
    ${[...lines, ...stores].join("\n    ")}
  }
}
`;
  const bindings = Object.fromEntries([
    ...read.map((_, i) => [`x${i}`, "read"] as const),
    ...stores.map((_, i) => [`y${i}`, "write"] as const),
  ]);
  const name = labels.length > 4 ? `${labels.slice(0, 3).join("_")}_and_${labels.length - 3}_more` : labels.join("_");
  return {
    source: { name, bindings, params: types, constants: {}, workgroupSize: [WORKGROUP], code },
    constants: {},
    storages: [...read.map(({ storage }) => storage), ...outputs.keys()],
    params,
    grid: fold(Math.ceil(vec4s / perThread / WORKGROUP)),
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
