// Every kernel with workgroup memory, run by wgsl_reflect's interpreter in lockstep on tiny inputs: no two invocations
// may touch the same memory without a barrier between them, and the values must be right. The interpreter knows no
// GPU, so this finds races that a driver happens to hide. Products and convolutions: tiled-races.test.ts.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { usesSubgroups } from "../../engine/device/software-kernels.js";
import { Random } from "../../engine/lib/random.js";
import * as reference from "../../engine/reference.js";
import { dense } from "../../engine/reference.js";
import * as kernels from "../../shaders/generated.js";
import { uniform, unitRows } from "../support/gpu.js";
import { kernels as allKernels } from "../support/kernels.js";
import { close, f32, type Run, run, runSafely, withNaNs } from "./interpreter.js";

const random = new Random(1);

/**
 * A kernel of the ladder with tiles for 16 x 16 invocations, scaled to a quarter (4 x 4 invocations): its own size
 * takes the interpreter half a minute. All numbers of its layout scale.
 */
function quarter(code: string): string {
  const scaled: Record<string, number> = { 16: 4, 32: 8, 48: 12, 64: 16, 68: 20, 256: 16, 1024: 64, 1088: 80 };
  return code.replace(/\b(16|32|48|64|68|256|1024|1088)\b/g, (number) => String(scaled[number]));
}

const reduceRows = () => {
  const x = uniform(random, [3, 2, 11]);
  const y = new Float32Array(4);
  const params = {
    outputs: 2,
    kept0: 2,
    kept0_stride: 11,
    kept1_stride: 0,
    inner: 11,
    inner_stride: 1,
    outer: 3,
    outer_stride: 22,
    factor: 0.5,
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

// Planes of 15 numbers, or of four vec4s, for four invocations that each load two at a time.
for (const [height, norm, gradient] of [
  [3, kernels.instance_norm, kernels.instance_norm_gradient],
  [2, kernels.instance_norm_vec4, kernels.instance_norm_gradient_vec4],
] as const) {
  test(`${norm.name} and ${gradient.name}`, () => {
    const shape = [1, 2, height, height === 2 ? 10 : 5];
    const [x, dy, residual] = [uniform(random, shape, 1, 3), uniform(random, shape), uniform(random, shape)];
    const count = x.data.length / 2;
    const params = { planes: 2, count, size: height === 2 ? count / 4 : count, eps: 1e-5, slope: 0.2 };
    const constants = { WORKGROUP: 4, PER_THREAD: 2, LEAKY: true };
    const grid: [number, number, number] = [3, 1, 1];
    const statistics = new Float32Array(4);
    const expected = reference.instanceNorm(x, { activation: "leakyRelu", residual });
    for (const STATS_GIVEN of [false, true]) {
      const y = new Float32Array(2 * count);
      const bindings = { x: withNaNs(x), residual: withNaNs(residual), statistics, y };
      runSafely(norm, { bindings, params, grid, constants: { ...constants, RESIDUAL: true, STATS_GIVEN } });
      close(y, expected, "normalised");
    }
    const dx = new Float32Array(2 * count);
    runSafely(gradient, { bindings: { dy: withNaNs(dy), x: withNaNs(x), statistics, dx }, params, grid, constants });
    close(dx, reference.instanceNormGradient(x, { activation: "leakyRelu" }, dy).dx, "gradient");
  });
}

test("instance_norm_gradient_unpad", () => {
  const shape = [1, 2, 2, 8];
  const [x, before] = [uniform(random, shape, 1, 3), uniform(random, shape)];
  const padded = uniform(random, [1, 2, 4, 10]);
  const statistics = new Float32Array(4);
  const params = { planes: 2, count: 16, size: 4, eps: 1e-5, slope: 0.2, height: 2, width: 8, pad: 1 };
  const grid: [number, number, number] = [3, 1, 1];
  const constants = { WORKGROUP: 4, PER_THREAD: 2, LEAKY: true };
  const made = { x: withNaNs(x), residual: withNaNs(x), statistics, y: new Float32Array(32) };
  runSafely(kernels.instance_norm_vec4, { bindings: made, params, grid, constants });
  for (const WRITE_DY of [true, false]) {
    const [dx, dy] = [new Float32Array(64), withNaNs(before)];
    const bindings = { padded: withNaNs(padded), x: withNaNs(x), statistics, dx, dy };
    const choice = { ...constants, WRITE_DY, ACCUMULATE: WRITE_DY };
    runSafely(kernels.instance_norm_gradient_unpad, { bindings, params, grid, constants: choice });
    const unpadded = reference.reflectionPad2dGradient(x, 1, padded).dx;
    const sum = WRITE_DY ? reference.add(before, unpadded) : unpadded;
    close(dx, reference.instanceNormGradient(x, { activation: "leakyRelu" }, sum).dx, "gradient");
    if (WRITE_DY) close(dy, sum, "dy");
  }
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

test("softmax", () => {
  // 18 rows of 9, four invocations each: the workgroup takes 16 of them.
  const x = uniform(random, [3, 9, 6], -4, 4);
  const params = { rows: 18, n: 9, inner: 6 };
  for (const LOG of [false, true]) {
    const y = new Float32Array(x.data.length);
    runSafely(kernels.softmax, { bindings: { x: f32(x), y }, params, grid: [2, 1, 1], constants: { LANES: 4, LOG } });
    close(y, LOG ? reference.logSoftmax(x, 1) : reference.softmax(x, 1), "softmax");
  }
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
      grid: [18, 1, 1],
      constants: { WORKGROUP: 4 },
    });
  }
  close(loss, reference.patchNce(q, k, { groups: 2, tau: 0.2 }), "losses");
});

test("hard_negatives and relations", () => {
  // Two groups of nine rows, the first of which is related, in blocks of five and four.
  const [q, k, gamma] = [unitRows(random, 18, 8), unitRows(random, 18, 8), dense([1], [0.5])];
  const [n, options] = [9, { groups: 2, tau: 0.2, related: 9 }];
  const grouped = (x: reference.Dense) => reference.reshape(x, [2, n, 8]);
  const products = (a: reference.Dense, b: reference.Dense) =>
    f32(reference.matmul(grouped(a), grouped(b), { transposeB: true }));
  const [s, w, losses] = [products(q, k), new Float32Array(2 * n * n), new Float32Array(3 * n)];
  const constants = { WORKGROUP: 4 };
  const inGroups = { grid: [2 * n, 1, 1] as [number, number, number], constants };
  const weighted = { r: products(k, k), gamma: f32(gamma), s, w };
  runSafely(kernels.hard_negatives, { bindings: weighted, params: { rows: 2 * n, size: n }, ...inGroups });
  runSafely(kernels.patch_nce_losses, {
    bindings: { s, loss: losses, lse: new Float32Array(2 * n) },
    params: { rows: 2 * n, keys: n, begin: 0, group_size: n, tau: options.tau },
    ...inGroups,
    constants: { ...constants, DECOUPLED: true },
  });
  for (const [first, count] of [
    [0, 5],
    [5, 4],
  ]) {
    const [t, r] = [q, k].map((x) => products(x, x).slice(first * n, (first + count) * n));
    const bindings = { t, r, y: losses, statistics: new Float32Array(4 * n) };
    const params = { count, size: n, first, losses: 2 * n };
    runSafely(kernels.relations, { bindings, params, grid: [count, 1, 1], constants });
  }
  close(losses, reference.hdce(q, k, gamma, options), "losses");
});

test("sinkhorn and sinkhorn_gradient", () => {
  // Eight columns, the last of which is padding. The operator's tests check the values: here the results must be those
  // of a single invocation, however many there are.
  const [side, rounds] = [8, 2];
  const k = f32(uniform(random, [2, side, side], 0.5, 1));
  const [h, sums] = [f32(uniform(random, [2, rounds + 1, side])), f32(uniform(random, [side]))];
  const sizes = { groups: 1, vec4s: side / 4, rounds };
  const results = (constants: { WORKGROUP: number; SLICES: number }) => {
    const rest = { grid: [1, 1, 1] as [number, number, number], constants };
    const [scalings, x] = [new Float32Array(2 * (rounds + 1) * side), new Float32Array(2 * rounds * side)];
    runSafely(kernels.sinkhorn, { bindings: { k, x: scalings }, params: { ...sizes, n: 7 }, ...rest });
    const bindings = { k, h, row_sums: sums, column_sums: sums, x };
    runSafely(kernels.sinkhorn_gradient, { bindings, params: sizes, ...rest });
    return Float32Array.of(...scalings, ...x);
  };
  const expected = results({ WORKGROUP: 1, SLICES: 1 });
  assert.ok(expected.every((value) => Number.isFinite(value)) && expected.some((value) => value !== 0));
  for (const [WORKGROUP, SLICES] of [
    [2, 1],
    [2, 2],
    [4, 2],
  ]) {
    const found = results({ WORKGROUP, SLICES });
    close(found, dense([expected.length], expected), `${WORKGROUP} invocations in ${SLICES} slices`);
  }
});

test("ladder_matmul_workgroup and ladder_matmul_workgroup_register", () => {
  // At a quarter of their size: tiles of 4 x 4 and of 16 x 16, and several K tiles.
  const [a, b] = [uniform(random, [16, 8]), uniform(random, [8, 16])];
  const rest = { params: { m: 16, n: 16, k: 8 }, bindings: { a: f32(a), b: f32(b) } };
  const steps = [
    [kernels.ladder_matmul_workgroup, [4, 4, 1]],
    [kernels.ladder_matmul_workgroup_register, [1, 1, 1]],
  ] as const;
  for (const [kernel, grid] of steps) {
    const y = new Float32Array(256);
    runSafely(kernel, { ...rest, bindings: { ...rest.bindings, y }, grid: [...grid] }, quarter);
    close(y, reference.matmul(a, b), kernel.name);
  }
});

test("every kernel with workgroup memory is run here, or in tiled-races.test.ts", () => {
  const here = [
    "ladder_matmul_workgroup",
    "ladder_matmul_workgroup_register",
    "reduce_rows",
    "instance_norm",
    "instance_norm_vec4",
    "instance_norm_gradient",
    "instance_norm_gradient_vec4",
    "instance_norm_gradient_unpad",
    "l2_normalize",
    "l2_normalize_gradient",
    "softmax",
    "patch_nce_losses",
    "hard_negatives",
    "relations",
    "sinkhorn",
    "sinkhorn_gradient",
    "matmul_tiled",
    "matmul_tiled_sums",
    "conv2d_tiled",
    "conv2d_weight_gradient_tiled",
    "conv2d_skinny",
    "conv2d_weight_gradient_skinny",
  ];
  // The interpreter has no subgroups.
  const shared = allKernels.filter((kernel) => /var<workgroup>/.test(kernel.code) && !usesSubgroups(kernel));
  assert.equal(shared.map(({ name }) => name).sort(), here.sort());
});

test.run();
