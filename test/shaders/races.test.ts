// Every kernel with workgroup memory, run by wgsl_reflect's interpreter in lockstep on tiny inputs: no two invocations
// may touch the same memory without a barrier between them, and the values must be right. The interpreter knows no
// GPU, so this finds races that a driver happens to hide.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reference from "../../engine/operators/reference.js";
import { type Dense, dense } from "../../engine/operators/reference.js";
import { Random } from "../../engine/random.js";
import * as kernels from "../../shaders/generated.js";
import { assertClose, uniform, unitRows } from "../support/gpu.js";
import { kernels as allKernels } from "../support/kernels.js";
import { needsBothBarriers, type Run, run, runSafely } from "./interpreter.js";

const random = new Random(1);
const f32 = (x: Dense) => Float32Array.from(x.data);

/**
 * A kernel of the ladder, which works in tiles with 16 x 16 invocations, at a quarter of its size (4 x 4 invocations):
 * its own size takes the interpreter half a minute. Every number of its scheme scales.
 */
function quarter(code: string): string {
  const scaled: Record<string, number> = { 16: 4, 32: 8, 48: 12, 64: 16, 68: 20, 256: 16, 1024: 64, 1088: 80 };
  return code.replace(/\b(16|32|48|64|68|256|1024|1088)\b/g, (number) => String(scaled[number]));
}

const close = (ours: Float32Array, expected: Dense, what: string) =>
  assertClose(dense(expected.shape, ours.subarray(0, expected.data.length)), expected, 1e-5, what);

/**
 * A tensor with NaNs behind it. Tiled products and instance norms read there, as WebGPU allows; the interpreter would
 * stop, and what they read must not reach a result.
 */
const withNaNs = (x: Dense) => Float32Array.from([...x.data, ...new Array(4096).fill(Number.NaN)]);

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

// Planes of 15 numbers, or of four vec4s, for four invocations that each have two of them under way.
for (const [height, norm, gradient] of [
  [3, kernels.instance_norm, kernels.instance_norm_gradient],
  [2, kernels.instance_norm_vec4, kernels.instance_norm_gradient_vec4],
] as const) {
  test(`${norm.name} and ${gradient.name}`, () => {
    const shape = [1, 2, height, height === 2 ? 10 : 5];
    const [x, dy, residual] = [uniform(random, shape, 1, 3), uniform(random, shape), uniform(random, shape)];
    const count = x.data.length / 2;
    const params = { planes: 2, count, size: height === 2 ? count / 4 : count, eps: 1e-5, slope: 0.2 };
    const constants = { WORKGROUP: 4, AHEAD: 2, SLOPED: true };
    const grid: [number, number, number] = [3, 1, 1];
    const statistics = new Float32Array(4);
    const expected = reference.instanceNorm(x, { activation: "leakyRelu", residual });
    for (const GIVEN of [false, true]) {
      const y = new Float32Array(2 * count);
      const bindings = { x: withNaNs(x), residual: withNaNs(residual), statistics, y };
      runSafely(norm, { bindings, params, grid, constants: { ...constants, RESIDUAL: true, GIVEN } });
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
  const constants = { WORKGROUP: 4, AHEAD: 2, SLOPED: true };
  const made = { x: withNaNs(x), residual: withNaNs(x), statistics, y: new Float32Array(32) };
  runSafely(kernels.instance_norm_vec4, { bindings: made, params, grid, constants });
  for (const STORED of [true, false]) {
    const [dx, dy] = [new Float32Array(64), withNaNs(before)];
    const bindings = { padded: withNaNs(padded), x: withNaNs(x), statistics, dx, dy };
    const choice = { ...constants, STORED, ACCUMULATE: STORED };
    runSafely(kernels.instance_norm_gradient_unpad, { bindings, params, grid, constants: choice });
    const unpadded = reference.reflectionPad2dGradient(x, 1, padded).dx;
    const sum = STORED ? reference.add(before, unpadded) : unpadded;
    close(dx, reference.instanceNormGradient(x, { activation: "leakyRelu" }, sum).dx, "gradient");
    if (STORED) close(dy, sum, "dy");
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

test("patch_nce_losses", () => {
  // Two groups of nine, whose keys come in blocks of five and four.
  const [q, k] = [unitRows(random, 18, 8), unitRows(random, 18, 8)];
  const [loss, negatives] = [new Float32Array(18), new Float32Array(18)];
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
      bindings: { s, loss, negatives },
      params: { rows: 18, keys, begin, group_size: 9, tau: 0.2 },
      grid: [18, 1, 1],
      constants: { WORKGROUP: 4 },
    });
  }
  close(loss, reference.patchNce(q, k, { groups: 2, tau: 0.2 }), "losses");
});

/** A place among those NaNs for the one that a convolution gives to what is nowhere. */
const nowhere = (code: string) => code.replace("const NOWHERE: u32 = 0xffffffff", "const NOWHERE: u32 = 2048");

/** Tiles small enough for the interpreter: 2 x 2 invocations with one quad of rows and of columns, or with two. */
const TINY = { TILE_M: 8, TILE_N: 8, THREAD_M: 1, THREAD_N: 1 };
const TINY_OF_TWO = { TILE_M: 16, TILE_N: 16, THREAD_M: 2, THREAD_N: 2 };
const TINY_OF_TWO_ROWS = { TILE_M: 16, TILE_N: 8, THREAD_M: 2, THREAD_N: 1 };

test("matmul_tiled", () => {
  // Three tiles of rows (the last with one), and three slices of K (the last with two).
  const [a, b, bias] = [uniform(random, [17, 10]), uniform(random, [3, 10]), uniform(random, [3])];
  const y = new Float32Array(51);
  const given: Run<typeof kernels.matmul_tiled> = {
    bindings: { a: withNaNs(a), b: withNaNs(b), bias: f32(bias), y },
    params: {
      batch: 1,
      m: 17,
      n: 3,
      k: 10,
      a_batch: 0,
      a_m: 10,
      a_k: 1,
      b_base: 0,
      b_batch: 0,
      b_k: 1,
      b_n: 10,
      has_bias: 1,
      relu: 1,
      accumulate: 0,
      gated: 0,
      slope: 0,
    },
    grid: [3, 1, 1],
    constants: { ...TINY, TILE_K: 4 },
  };
  const expected = reference.relu(reference.linear(a, b, bias));
  for (const constants of [TINY, { ...TINY, ROLLED: true }, TINY_OF_TWO, TINY_OF_TWO_ROWS]) {
    y.fill(0);
    runSafely(kernels.matmul_tiled, { ...given, constants: { ...constants, TILE_K: 4 } });
    close(y, expected, JSON.stringify(constants));
  }
  needsBothBarriers(kernels.matmul_tiled, given);

  // The same with the sums of a's rows, a being contiguous along k and along m.
  const across = dense(
    [10, 17],
    Array.from({ length: 170 }, (_, i) => a.data[(i % 17) * 10 + Math.floor(i / 17)]),
  );
  for (const [values, a_m, a_k] of [
    [a, 10, 1],
    [across, 1, 17],
  ] as const) {
    const sums = new Float32Array(17);
    const bindings = { ...given.bindings, a: withNaNs(values), sums };
    runSafely(kernels.matmul_tiled_sums, { ...given, bindings, params: { ...given.params, a_m, a_k } });
    close(y, expected, "with sums");
    close(sums, reference.sum(a, [1]), "sums");
  }
});

test("matmul_tiled with the second operand along n, and a batch", () => {
  // Two tiles of rows and of columns, two products and two slices of K.
  const [a, b] = [uniform(random, [2, 9, 8]), uniform(random, [2, 8, 12])];
  const y = new Float32Array(216);
  runSafely(kernels.matmul_tiled, {
    bindings: { a: withNaNs(a), b: withNaNs(b), bias: f32(b), y },
    params: {
      batch: 2,
      m: 9,
      n: 12,
      k: 8,
      a_batch: 72,
      a_m: 8,
      a_k: 1,
      b_base: 0,
      b_batch: 96,
      b_k: 12,
      b_n: 1,
      has_bias: 0,
      relu: 0,
      accumulate: 0,
      gated: 0,
      slope: 0,
    },
    grid: [8, 1, 1],
    constants: { ...TINY, TILE_K: 4 },
  });
  close(y, reference.matmul(a, b), "products");
});

test("conv2d_tiled and conv2d_weight_gradient_tiled", () => {
  // 20 pixels are three tiles, 18 weights per channel several slices.
  const sizes = { batch: 1, in_channels: 2, in_height: 4, in_width: 5, out_channels: 3, out_height: 4, out_width: 5 };
  const [x, w, bias] = [uniform(random, [1, 2, 4, 5]), uniform(random, [3, 2, 3, 3]), uniform(random, [3])];
  const y = new Float32Array(60);
  const forward: Run<typeof kernels.conv2d_tiled> = {
    bindings: { x: withNaNs(x), w: withNaNs(w), bias: f32(bias), y },
    params: {
      ...sizes,
      rows: 4,
      columns: 5,
      out_step: 1,
      out_y: 0,
      out_x: 0,
      taps_y: 3,
      taps_x: 3,
      stride: 1,
      pad_y: 1,
      pad_x: 1,
      reflect: 0,
      has_bias: 1,
      run: 2,
      w_base: 0,
      w_m: 18,
      w_c: 9,
      w_ty: 3,
      w_tx: 1,
    },
    grid: [3, 1, 1],
    constants: TINY,
  };
  runSafely(kernels.conv2d_tiled, forward, nowhere);
  close(y, reference.conv2d(x, w, bias, { padding: 1 }), "output");
  const mirrored = { ...forward, params: { ...forward.params, reflect: 1 } };
  runSafely(kernels.conv2d_tiled, mirrored, nowhere);
  close(y, reference.conv2d(x, w, bias, { padding: 1, paddingMode: "reflect" }), "output with mirrored borders");
  needsBothBarriers(kernels.conv2d_tiled, mirrored);

  // All channels in one slice; slices of a row of taps; and of one tap.
  for (const slice of [{ CHANNELS: 2 }, { CHANNELS: 2, PARTS_Y: 3 }, { CHANNELS: 4, PARTS_Y: 3, PARTS_X: 3 }]) {
    y.fill(0);
    runSafely(kernels.conv2d_tiled, { ...forward, constants: { ...TINY, ...slice } }, nowhere);
    close(y, reference.conv2d(x, w, bias, { padding: 1 }), JSON.stringify(slice));
  }

  // The four rows of pixels in two runs, and 18 columns in three tiles.
  const dy = uniform(random, [1, 3, 4, 5]);
  const dw = new Float32Array(114);
  const gradient: Run<typeof kernels.conv2d_weight_gradient_tiled> = {
    bindings: { x: withNaNs(x), dy: withNaNs(dy), dw },
    params: { ...sizes, stride: 1, pad: 1, splits: 2, rows_per_split: 2, split_size: 57 },
    grid: [6, 1, 1],
    constants: { ...TINY, TILE_K: 4, REFLECT: true, SUM_A: true },
  };
  runSafely(kernels.conv2d_weight_gradient_tiled, gradient);
  const expected = reference.conv2dGradient(x, w, bias, { padding: 1, paddingMode: "reflect" }, dy);
  const sums = dw.subarray(0, 57).map((sum, i) => sum + dw[57 + i]);
  close(sums, expected.dw, "gradient of the weights");
  close(sums.subarray(54), expected.db as Dense, "gradient of the bias");
});

test("ladder_matmul_workgroup and ladder_matmul_workgroup_register", () => {
  // At a quarter of their size: tiles of 4 x 4 and of 16 x 16, and several slices of K.
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

test("every kernel with workgroup memory is run here", () => {
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
    "patch_nce_losses",
    "matmul_tiled",
    "matmul_tiled_sums",
    "conv2d_tiled",
    "conv2d_weight_gradient_tiled",
  ];
  // The interpreter has no subgroups.
  const shared = allKernels.filter(({ code, subgroups }) => /var<workgroup>/.test(code) && !subgroups);
  assert.equal(shared.map(({ name }) => name).sort(), here.sort());
});

test.run();
