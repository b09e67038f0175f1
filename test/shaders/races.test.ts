// Every kernel with workgroup memory, run by wgsl_reflect's interpreter in lockstep on tiny inputs: no two invocations may
// touch the same memory without a barrier between them, and the values must be right. The interpreter knows no GPU, so this
// finds races that a driver happens to hide.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { detectRaces } from "wgsl_reflect/wgsl_reflect.module.js";
import type { BindingNames, Constants, KernelSource, Params } from "../../engine/kernel.js";
import { specialize } from "../../engine/kernel.js";
import { Random } from "../../engine/random.js";
import * as reference from "../../engine/reference/index.js";
import { type Dense, dense } from "../../engine/reference/index.js";
import * as kernels from "../../shaders/generated.js";
import { assertClose, uniform, unitRows } from "../support/gpu.js";

const random = new Random(1);
const f32 = (x: Dense) => Float32Array.from(x.data);

interface Run<K extends KernelSource> {
  bindings: { [B in BindingNames<K>]: Float32Array };
  params: Params<K>;
  grid: [number, number, number];
  constants?: Constants<K>;
}

/**
 * The same kernel in words that the interpreter understands. It gives all invocations the last one's arguments of a
 * function, so calls are written out (the inputs here need no mirroring, and no quad of channels that reaches beyond the
 * last); and it misses a barrier that is the first statement of a loop.
 */
function adapt(code: string): string {
  return code
    .replace(
      /let (\w+) = source\((.+), (params\.\w+), params\.reflect\);/g,
      "let $1 = vec2u(u32(clamp($2, 0, i32($3) - 1)), select(0u, 1u, $2 >= 0 && $2 < i32($3)));",
    )
    .replace(/quad\((true|false), ([\w. *]+), ([\w. *+]+)\)/g, (_, fromKeys, row, c) => {
      const element = (e: number) => `${fromKeys === "true" ? "k" : "q"}[${row} + ${c} + ${e}]`;
      return `vec4f(${[0, 1, 2, 3].map(element).join(", ")})`;
    })
    .replace(/^( *)(for .*\{\n)( *)(workgroupBarrier)/gm, "$1$2$3var nothing = 0u;\n$3$4");
}

/**
 * A kernel that works in tiles of 64 with 16 x 16 invocations, at a quarter of its size (4 x 4 invocations): its own size
 * takes the interpreter half a minute. Every number of its scheme scales, and so does the step of `slot` and `slice`.
 */
function quarter(code: string): string {
  const scaled: Record<string, number> = { 16: 4, 32: 8, 48: 12, 64: 16, 68: 20, 256: 16, 1024: 64, 1088: 80 };
  return code
    .replace(/(let (slot|slice) = .*) \* 4;/g, "$1 * 1;")
    .replace(/\b(16|32|48|64|68|256|1024|1088)\b/g, (number) => String(scaled[number]));
}

/** Runs a kernel in the interpreter; results are in the bindings afterwards. `edit` may change the text before. */
function run<K extends KernelSource>(source: K, given: Run<K>, edit = (code: string) => code) {
  const uniforms = new DataView(new ArrayBuffer(source.paramsSize));
  for (const { name, type, offset } of source.params) {
    const value = given.params[name as keyof Params<K>];
    if (type === "f32") uniforms.setFloat32(offset, value, true);
    else if (type === "i32") uniforms.setInt32(offset, value, true);
    else uniforms.setUint32(offset, value, true);
  }
  const group: Record<string, unknown> = { [source.bindings.length]: { uniform: new Uint8Array(uniforms.buffer) } };
  for (const { name, binding } of source.bindings) group[binding] = given.bindings[name as BindingNames<K>];
  const constants = (given.constants ?? {}) as { [name: string]: number | boolean };
  return detectRaces(adapt(edit(specialize(source, constants))), "main", given.grid, { 0: group });
}

/** Runs it and asserts that there is neither a race nor an error. */
function runSafely<K extends KernelSource>(source: K, given: Run<K>, edit?: (code: string) => string): void {
  const { races, errors } = run(source, given, edit);
  assert.equal(errors, []);
  assert.is(races.length, 0, races[0]?.message);
}

const close = (ours: Float32Array, expected: Dense, what: string) =>
  assertClose(dense(expected.shape, ours.subarray(0, expected.data.length)), expected, 1e-5, what);

const reduceRows = () => {
  const x = uniform(random, [3, 2, 11]);
  const y = new Float32Array(4);
  const params = {
    ...{ outputs: 2, kept0: 2, kept0_stride: 11, kept1_stride: 0 },
    ...{ inner: 11, inner_stride: 1, outer: 3, outer_stride: 22, factor: 0.5 },
  };
  const given: Run<typeof kernels.reduce_rows> = {
    bindings: { x: f32(x), y },
    params,
    grid: [2, 1, 1],
    constants: { WORKGROUP: 4 },
  };
  return { given, y, expected: reference.scale(reference.sum(x, [0, 2]), 0.5) };
};

test("reduce_rows", () => {
  const { given, y, expected } = reduceRows();
  runSafely(kernels.reduce_rows, given);
  close(y, expected, "sums");
});

test("a missing barrier is found: the test is able to fail", () => {
  const { given } = reduceRows();
  const { races } = run(kernels.reduce_rows, given, (code) => code.replace("workgroupBarrier();\n", ""));
  assert.ok(races.length > 0);
});

test("instance_norm_statistics and instance_norm_gradient_sums", () => {
  const [x, dy] = [uniform(random, [1, 2, 3, 5], 1, 3), uniform(random, [1, 2, 3, 5])];
  const statistics = new Float32Array(4);
  runSafely(kernels.instance_norm_statistics, {
    bindings: { x: f32(x), statistics },
    params: { size: 15, eps: 1e-5 },
    grid: [2, 1, 1],
    constants: { WORKGROUP: 4 },
  });
  const mean = reference.mean(x, [0, 2, 3]);
  const normal = reference.instanceNorm(x);
  const deviation = [0, 1].map((plane) => (x.data[plane * 15] - mean.data[plane]) / normal.data[plane * 15]);
  close(
    statistics,
    dense(
      [4],
      [0, 1].flatMap((plane) => [mean.data[plane], 1 / deviation[plane]]),
    ),
    "statistics",
  );

  const sums = new Float32Array(4);
  runSafely(kernels.instance_norm_gradient_sums, {
    bindings: { dy: f32(dy), x: f32(x), statistics, sums },
    params: { size: 15, slope: 0.2 },
    grid: [2, 1, 1],
    constants: { WORKGROUP: 4, SLOPED: true },
  });
  const { dx: g } = reference.leakyReluGradient(normal, 0.2, dy);
  const first = reference.mean(g, [0, 2, 3]).data;
  const second = reference.mean(reference.mul(g, normal), [0, 2, 3]).data;
  close(sums, dense([4], [first[0], second[0], first[1], second[1]]), "sums");
});

test("l2_normalize and l2_normalize_gradient", () => {
  const [x, dy] = [uniform(random, [3, 10]), uniform(random, [3, 10])];
  const [y, norms, dx] = [new Float32Array(30), new Float32Array(3), new Float32Array(30)];
  const params = { rows: 3, size: 10, eps: 0.1 };
  const rest = { params, grid: [3, 1, 1] as [number, number, number], constants: { WORKGROUP: 4 } };
  runSafely(kernels.l2_normalize, { bindings: { x: f32(x), y, norms }, ...rest });
  close(y, reference.l2Normalize(x, 0.1), "unit rows");
  runSafely(kernels.l2_normalize_gradient, { bindings: { dy: f32(dy), y, norms, dx }, ...rest });
  close(dx, reference.l2NormalizeGradient(x, 0.1, dy).dx, "gradient");
});

test("patch_nce_losses", () => {
  // Two groups of nine, whose keys come in blocks of five and four.
  const [q, k] = [unitRows(random, 18, 8), unitRows(random, 18, 8)];
  const [loss, lse] = [new Float32Array(18), new Float32Array(18)];
  for (const [begin, keys] of [
    [0, 5],
    [5, 4],
  ]) {
    const s = Float32Array.from({ length: 18 * keys }, (_, at) => {
      const row = Math.floor(at / keys);
      const key = Math.floor(row / 9) * 9 + begin + (at % keys);
      return Array.from({ length: 8 }, (_, c) => q.data[row * 8 + c] * k.data[key * 8 + c]).reduce((a, b) => a + b);
    });
    runSafely(kernels.patch_nce_losses, {
      bindings: { s, loss, lse },
      params: { rows: 18, keys, begin, group_size: 9, tau: 0.2 },
      grid: [1, 18, 1],
      constants: { WORKGROUP: 4 },
    });
  }
  close(loss, reference.patchNce(q, k, { groups: 2, tau: 0.2 }), "losses");
});

test("matmul_tiled", () => {
  // Two tiles of rows (the second with one), and three slices of K (the third with two).
  const [a, c, bias] = [uniform(random, [17, 10]), uniform(random, [3, 10]), uniform(random, [3])];
  const y = new Float32Array(51);
  const given: Run<typeof kernels.matmul_tiled> = {
    bindings: { a: f32(a), c: f32(c), bias: f32(bias), y },
    params: {
      ...{ m: 17, n: 3, k: 10, a_batch: 0, a_m: 10, a_k: 1, c_base: 0, c_batch: 0, c_k: 1, c_n: 10 },
      ...{ has_bias: 1, relu: 1, accumulate: 0 },
    },
    grid: [1, 2, 1],
  };
  runSafely(kernels.matmul_tiled, given, quarter);
  close(y, reference.relu(reference.linear(a, c, bias)), "product");
  for (const which of [0, 1]) {
    let seen = 0;
    const without = (code: string) => code.replace(/workgroupBarrier\(\);/g, (call) => (seen++ === which ? "" : call));
    const { races } = run(kernels.matmul_tiled, given, (code) => without(quarter(code)));
    assert.ok(races.length > 0, `without barrier ${which}`);
  }
});

test("conv2d_tiled and conv2d_weight_gradient_tiled", () => {
  // 20 pixels are two tiles, 18 weights a channel several slices.
  const [x, w, bias] = [uniform(random, [1, 2, 4, 5]), uniform(random, [3, 2, 3, 3]), uniform(random, [3])];
  const y = new Float32Array(60);
  const sizes = { batch: 1, in_channels: 2, in_height: 4, in_width: 5, out_channels: 3, out_height: 4, out_width: 5 };
  const forward: Run<typeof kernels.conv2d_tiled> = {
    bindings: { x: f32(x), w: f32(w), bias: f32(bias), y },
    params: {
      ...{ ...sizes, rows: 4, columns: 5, out_step: 1, out_y: 0, out_x: 0, taps_y: 3, taps_x: 3, stride: 1 },
      ...{ pad_y: 1, pad_x: 1, reflect: 0, has_bias: 1, w_base: 0, w_m: 18, w_c: 9, w_ty: 3, w_tx: 1 },
    },
    grid: [2, 1, 1],
  };
  runSafely(kernels.conv2d_tiled, forward, quarter);
  const options = { padding: 1 };
  close(y, reference.conv2d(x, w, bias, options), "output");

  const dy = uniform(random, [1, 3, 4, 5]);
  const dw = new Float32Array(54);
  const gradient: Run<typeof kernels.conv2d_weight_gradient_tiled> = {
    bindings: { x: f32(x), dy: f32(dy), dw },
    params: { ...sizes, stride: 1, pad: 1, reflect: 0, pixels_a_split: 20 },
    grid: [2, 1, 1],
  };
  runSafely(kernels.conv2d_weight_gradient_tiled, gradient, quarter);
  close(dw, reference.conv2dGradient(x, w, bias, options, dy).dw, "gradient of the weights");
});

test("ladder_matmul_workgroup and ladder_matmul_workgroup_register", () => {
  // At a quarter of their size: tiles of 4 x 4 and of 16 x 16, and several slices of K.
  const [a, c] = [uniform(random, [16, 8]), uniform(random, [8, 16])];
  const rest = { params: { m: 16, n: 16, k: 8 }, bindings: { a: f32(a), c: f32(c) } };
  const steps = [
    [kernels.ladder_matmul_workgroup, [4, 4, 1]],
    [kernels.ladder_matmul_workgroup_register, [1, 1, 1]],
  ] as const;
  for (const [kernel, grid] of steps) {
    const y = new Float32Array(256);
    runSafely(kernel, { ...rest, bindings: { ...rest.bindings, y }, grid: [...grid] }, quarter);
    close(y, reference.matmul(a, c), kernel.name);
  }
});

test("every kernel with workgroup memory is run here", () => {
  const here = [
    ...["ladder_matmul_workgroup", "ladder_matmul_workgroup_register"],
    ...["reduce_rows", "instance_norm_statistics", "instance_norm_gradient_sums", "l2_normalize"],
    ...["l2_normalize_gradient", "patch_nce_losses", "matmul_tiled", "conv2d_tiled"],
    "conv2d_weight_gradient_tiled",
  ];
  // The interpreter has no subgroups.
  const shared = Object.values(kernels).filter(({ code, subgroups }) => /var<workgroup>/.test(code) && !subgroups);
  assert.equal(shared.map(({ name }) => name).sort(), here.sort());
});

test.run();
