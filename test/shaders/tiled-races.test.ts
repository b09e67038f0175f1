// The products and convolutions for GPUs, run in lockstep as test/shaders/races.test.ts runs the other kernels.
import { test } from "uvu";
import { Random } from "../../engine/lib/random.js";
import * as reference from "../../engine/reference.js";
import { type Dense, dense } from "../../engine/reference.js";
import * as kernels from "../../shaders/generated.js";
import { uniform } from "../support/gpu.js";
import { kernels as withTexts } from "../support/kernels.js";
import { close, f32, needsBothBarriers, type Run, runSafely, withNaNs } from "./interpreter.js";

const random = new Random(1);

/**
 * Tiles small enough for the interpreter: 2 x 2 invocations or 1 x 4, each with one or two vec4s of rows and columns.
 */
const TINY = { TILE_M: 8, TILE_N: 8, THREAD_M: 1, THREAD_N: 1 };
const TINY_OF_TWO = { TILE_M: 16, TILE_N: 16, THREAD_M: 2, THREAD_N: 2 };
const TINY_OF_ONE_ROW = { TILE_M: 4, TILE_N: 16, THREAD_M: 1, THREAD_N: 1 };
const TINY_OF_TWO_ROWS = { TILE_M: 16, TILE_N: 8, THREAD_M: 2, THREAD_N: 1 };

test("matmul_tiled", () => {
  // Three tiles of rows (the last with one), and three K tiles (the last with two).
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
  for (const constants of [TINY, { ...TINY, UNROLL: false }, TINY_OF_TWO, TINY_OF_TWO_ROWS]) {
    y.fill(0);
    runSafely(kernels.matmul_tiled, { ...given, constants: { ...constants, TILE_K: 4 } });
    close(y, expected, JSON.stringify(constants));
  }
  // Five tiles of rows; a K tile has fewer vec4s of a than there are invocations.
  y.fill(0);
  runSafely(kernels.matmul_tiled, { ...given, grid: [5, 1, 1], constants: { ...TINY_OF_ONE_ROW, TILE_K: 3 } });
  close(y, expected, "one vec4 of rows");
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
  // Two tiles of rows and of columns, two products and two K tiles.
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

/** A convolution with a kernel of 3 x 3, padding 1 and a bias, in one split. */
const geometryOf = (sizes: { in_channels: number; out_height: number; out_width: number }) => ({
  rows: sizes.out_height,
  columns: sizes.out_width,
  out_step: 1,
  out_y: 0,
  out_x: 0,
  kh: 3,
  kw: 3,
  stride: 1,
  pad_y: 1,
  pad_x: 1,
  has_bias: 1,
  channels_per_split: sizes.in_channels,
  w_base: 0,
  w_m: 9 * sizes.in_channels,
  w_c: 9,
  w_ky: 3,
  w_kx: 1,
});

test("conv2d_tiled and conv2d_weight_gradient_tiled", () => {
  // 20 pixels are three tiles, 18 weights per channel several K tiles.
  const sizes = { batch: 1, in_channels: 2, in_height: 4, in_width: 5, out_channels: 3, out_height: 4, out_width: 5 };
  const [x, w, bias] = [uniform(random, [1, 2, 4, 5]), uniform(random, [3, 2, 3, 3]), uniform(random, [3])];
  const y = new Float32Array(60);
  const forward: Run<typeof kernels.conv2d_tiled> = {
    bindings: { x: withNaNs(x), w: withNaNs(w), bias: f32(bias), y },
    params: { ...sizes, ...geometryOf(sizes), reflect: 0 },
    grid: [3, 1, 1],
    constants: { ...TINY, REFLECT: false },
  };
  runSafely(kernels.conv2d_tiled, forward);
  close(y, reference.conv2d(x, w, bias, { padding: 1 }), "output");
  const mirrored = { ...forward, constants: { ...TINY, REFLECT: true } };
  runSafely(kernels.conv2d_tiled, mirrored);
  close(y, reference.conv2d(x, w, bias, { padding: 1, paddingMode: "reflect" }), "output with mirrored borders");
  needsBothBarriers(kernels.conv2d_tiled, mirrored);

  // K tiles of all channels; of a row of the kernel; and of one element.
  for (const kTile of [{ CHANNELS: 2 }, { CHANNELS: 2, PARTS_Y: 3 }, { CHANNELS: 4, PARTS_Y: 3, PARTS_X: 3 }]) {
    y.fill(0);
    runSafely(kernels.conv2d_tiled, { ...forward, constants: { ...forward.constants, ...kTile } });
    close(y, reference.conv2d(x, w, bias, { padding: 1 }), JSON.stringify(kTile));
  }

  // The four rows of pixels in two splits, and 18 columns in three tiles.
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

test("conv2d_skinny and conv2d_weight_gradient_skinny", () => {
  // Workgroups of four invocations. Of 9 rows the second strip has one, 5 columns are two groups of lanes.
  const few = (code: string) => code.replace("LANES: u32 = 64", "LANES: u32 = 4");
  const withText = <K extends { name: string; code: string }>(kernel: K): K => ({
    ...kernel,
    code: withTexts.find(({ name }) => name === kernel.name)?.code ?? "",
  });
  const sizes = { batch: 1, in_channels: 3, in_height: 9, in_width: 5, out_channels: 2, out_height: 9, out_width: 5 };
  const [x, w, bias] = [uniform(random, [1, 3, 9, 5]), uniform(random, [2, 3, 3, 3]), uniform(random, [2])];
  const options = { padding: 1, paddingMode: "reflect" } as const;
  const y = new Float32Array(90);
  const forward: Run<typeof kernels.conv2d_skinny> = {
    bindings: { x: withNaNs(x), w: withNaNs(w), bias: f32(bias), y },
    params: { ...sizes, ...geometryOf(sizes), reflect: 1 },
    grid: [3, 1, 1],
    // Three channels in parts of two.
    constants: { OUT: 2, CHANNELS: 2, KH: 3, KW: 3, REFLECT: true },
  };
  const skinny = withText(kernels.conv2d_skinny);
  runSafely(skinny, forward, few);
  close(y, reference.conv2d(x, w, bias, options), "output");
  needsBothBarriers(skinny, forward, few);

  // Its two strips in two splits, three kernel columns in groups of two.
  const dy = uniform(random, [1, 2, 9, 5]);
  const dw = new Float32Array(112);
  const gradient: Run<typeof kernels.conv2d_weight_gradient_skinny> = {
    bindings: { x: withNaNs(x), dy: withNaNs(dy), dw },
    params: { ...sizes, stride: 1, pad: 1, strips_per_split: 1, split_size: 56 },
    grid: [12, 1, 1],
    constants: { OUT: 2, KH: 3, KW: 3, REFLECT: true, BIAS: true },
  };
  const skinnyGradient = withText(kernels.conv2d_weight_gradient_skinny);
  runSafely(skinnyGradient, gradient, few);
  const expected = reference.conv2dGradient(x, w, bias, options, dy);
  const sums = dw.subarray(0, 56).map((sum, i) => sum + dw[56 + i]);
  close(sums, expected.dw, "gradient of the weights");
  close(sums.subarray(54), expected.db as Dense, "gradient of the bias");
  needsBothBarriers(skinnyGradient, gradient, few);
});

test.run();
