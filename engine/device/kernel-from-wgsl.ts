// User kernels. The shaders of this project are reflected at build time; here WGSL is reflected at run time by a small
// reader, which knows only what a kernel may have: storage buffers of 4-byte scalars or vectors numbered 0, 1, 2, ...
// in group 0, after them at most one uniform struct of u32, i32 and f32 members, and one compute entry point.
import { ShapeError } from "../lib/errors.js";
import type { Bindable, KernelSource } from "./kernel-source.js";
import type { Storage } from "./storage.js";
import type { KernelOf } from "./wgsl-names.js";

const MAX_BINDINGS = 8;

type Fail = (why: string, fix: string) => never;

interface Buffer {
  variable: string;
  type: string;
}

/**
 * A kernel from WGSL text, for gpu.dispatch. Lines that begin with `const NAME: type = value; // @tunable` declare
 * constants that a dispatch may replace. A grid given as one number is folded into two dimensions beyond 65535
 * workgroups: the kernel must compute its index accordingly (by num_workgroups), or get a smaller grid. If the text is
 * a literal, TypeScript knows the names of its bindings and params. Throws a ShapeError that says what the reader does
 * not understand. A compiler's error is thrown as a GpuError with line and column, by record, or else by the next
 * read() or finish(); other kernels are not affected.
 *
 * @example
 * ```ts
 * import { kernelFromWgsl, openGpu } from "cutgpu";
 *
 * const triple = kernelFromWgsl("triple", `
 *   struct Params { size: u32, factor: f32 }
 *   @group(0) @binding(0) var<storage, read> x: array<f32>;
 *   @group(0) @binding(1) var<storage, read_write> y: array<f32>;
 *   @group(0) @binding(2) var<uniform> params: Params;
 *   @compute @workgroup_size(64)
 *   fn main(@builtin(global_invocation_id) id: vec3u) {
 *     if (id.x < params.size) { y[id.x] = params.factor * x[id.x]; }
 *   }`);
 *
 * const gpu = await openGpu();
 * const x = gpu.tensor([1, 2, 3]);
 * const y = gpu.empty([3]);
 * gpu.dispatch(triple, { bindings: { x, y }, params: { size: 3, factor: 3 }, grid: 1 });
 * console.log(await y.read()); // 3, 6, 9
 * gpu.dispose();
 * ```
 */
export function kernelFromWgsl<const S extends string>(name: string, code: S): KernelOf<S> {
  const fail: Fail = (why, fix) => {
    throw new ShapeError(`kernel ${name}: ${why}`, fix);
  };
  const text = withoutComments(code);
  const entries = [...text.matchAll(/@compute\b/g)].length;
  if (entries !== 1) fail(`it has ${entries} compute entry points`, "Write one kernel a text.");
  const declared = [
    ...text.matchAll(/((?:@(?:group|binding)\s*\(\s*\d+\s*\)\s*){2})var(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);/g),
  ].map(([, attributes, space = "", variable, type]) => ({
    group: numberOf("group", attributes),
    binding: numberOf("binding", attributes),
    variable,
    type: type.trim(),
    space: space.split(",").map((word) => word.trim()),
  }));
  if (declared.length !== [...text.matchAll(/@binding\b/g)].length) {
    fail("a binding could not be read", "Write `@group(0) @binding(N) var<storage, read> name: array<f32>;`.");
  }
  declared.sort((a, b) => a.binding - b.binding);
  if (declared.some(({ group, binding }, i) => group !== 0 || binding !== i)) {
    fail("its bindings are not 0, 1, 2, ... of group 0", "Number them so, the uniform last.");
  }
  const uniforms = declared.filter(({ space }) => space[0] === "uniform");
  if (uniforms.length > 1 || (uniforms[0] && uniforms[0] !== declared.at(-1))) {
    fail("it has several uniforms, or one that is not the last binding", "Put all params into one struct, bound last.");
  }
  const buffers = declared.filter((one) => !uniforms.includes(one));
  const foreign = buffers.find(({ space }) => space[0] !== "storage");
  if (foreign) fail(`${foreign.variable} is no storage buffer`, "Kernels take tensors; bind textures by hand.");
  if (buffers.length > MAX_BINDINGS) {
    fail(`it binds ${buffers.length} buffers`, `Every WebGPU device allows ${MAX_BINDINGS}.`);
  }
  const params = uniforms[0] ? readParams(text, uniforms[0].type, fail) : {};
  const constants = Object.fromEntries(
    [...code.matchAll(/^const (\w+): \w+ = ([^;]+); \/\/ @tunable/gm)].map(([, constant, value]) => [
      constant,
      value === "true" || value === "false" ? value === "true" : Number.parseFloat(value),
    ]),
  );
  const kernel: KernelSource = {
    name,
    bindings: Object.fromEntries(
      buffers.map(({ variable, space }) => [variable, space[1] === "read_write" ? "write" : "read"]),
    ),
    params,
    constants,
    workgroupSize: readWorkgroupSize(text, constants),
    code,
    custom: true,
    check(tensors) {
      checkTypes(buffers, tensors, fail);
      checkApart(
        kernel,
        tensors.map(({ storage }) => storage),
      );
    },
  };
  return kernel as KernelOf<S>;
}

/** Throws for integers bound as floats, and the other way round. An array of u32 takes the bits of either. */
function checkTypes(buffers: readonly Buffer[], tensors: readonly Bindable[], fail: Fail): void {
  for (const [i, { variable, type }] of buffers.entries()) {
    const [, kind] = type.match(/\b(?:vec[234]<?|atomic<|array<)\s*([fhi])/) ?? [];
    const { dtype } = tensors[i];
    if (kind && (kind === "i") !== (dtype === "i32"))
      fail(
        `${variable} is ${type}, and the tensor holds ${dtype}`,
        "Use cast() on it, or declare array<u32> for its bits.",
      );
  }
}

/** Throws a ShapeError for memory that WebGPU does not let one dispatch bind twice, since it is written. */
function checkApart({ name, bindings }: KernelSource, storages: readonly Storage[]): void {
  const bound = Object.entries(bindings);
  for (const [i, one] of storages.entries()) {
    for (let j = 0; j < i; j++) {
      const [other, accesses] = [storages[j], new Set([bound[i][1], bound[j][1]])];
      const apart = one.offset >= other.offset + other.bytes || other.offset >= one.offset + one.bytes;
      // Parts of a buffer may be written by two bindings, but not read by one and written by another.
      if (one.root !== other.root || !accesses.has("write") || (accesses.size === 1 && apart)) continue;
      throw new ShapeError(
        `${name}: the bindings ${bound[j][0]} and ${bound[i][0]} share memory that is written`,
        "Give one a tensor of its own (an optimizer's parameters share one), or use a single read_write binding.",
      );
    }
  }
}

/** The number of an attribute, wherever it stands among them. */
const numberOf = (attribute: string, attributes: string) =>
  Number(attributes.match(new RegExp(`@${attribute}\\D*(\\d+)`))?.[1]);

/** The members of the uniform struct. */
function readParams(text: string, type: string, fail: Fail): KernelSource["params"] {
  const body = text.match(new RegExp(`struct\\s+${type}\\s*\\{([^}]*)\\}`))?.[1];
  if (body === undefined) return fail(`its uniform ${type} is no struct of the text`, "Declare it as a struct.");
  const params: { [name: string]: KernelSource["params"][string] } = {};
  for (const member of body.split(",").map((one) => one.trim())) {
    const [, name, scalar] = member.match(/^(\w+)\s*:\s*(u32|i32|f32)$/) ?? [];
    if (name) params[name] = scalar as "u32" | "i32" | "f32";
    else if (member)
      fail(`the param "${member}" is not of type u32, i32 or f32`, "Use these three, without attributes.");
  }
  return params;
}

/** The sizes of a workgroup: numbers, or names of tunable constants. */
const readWorkgroupSize = (text: string, tunable: KernelSource["constants"]): (number | string)[] =>
  (text.match(/@workgroup_size\(([^)]*)\)/)?.[1] ?? "1")
    .split(",")
    .map((axis) => axis.trim())
    .map((axis) => (axis in tunable ? axis : (literalOf(axis, text) ?? axis)));

/** The value of a literal, or of a constant declared in the text. */
function literalOf(word: string, text: string): number | undefined {
  const literal = /^[a-zA-Z]\w*$/.test(word)
    ? text.match(new RegExp(`\\bconst ${word}\\b[^=;]*= (\\d+)u?;`))?.[1]
    : word;
  return literal && /^\d+[ui]?$/.test(literal) ? Number.parseInt(literal, 10) : undefined;
}

/** The text without comments. Nested block comments, which WGSL allows, are not supported. */
const withoutComments = (code: string): string => code.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\/\/.*$/gm, "");
