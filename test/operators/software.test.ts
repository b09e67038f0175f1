// What only larger tensors take on software adapters: products in workgroups of more rows, Winograd's convolutions with
// tiles of 8 x 8, and those for a few images at a time.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { conv2d } from "../../engine/index.js";
import { tilesOf } from "../../engine/operators/convolution/winograd.js";
import { broadcastRows } from "../../engine/operators/matmul/product.js";
import { testGpu } from "../support/gpu.js";
import { conv2d as convolution } from "./convolution.js";
import { matmul } from "./matmul.js";
import { checkCase } from "./support/check.js";
import { everywhere } from "./support/variants.js";

const test = suite("large tensors on software adapters");
let gpu: Gpu;
test.before(async () => {
  gpu = await testGpu("software");
});

/** The kernels that were dispatched meanwhile, with their constants. */
async function dispatched(run: () => Promise<unknown>): Promise<{ name: string; constants: object }[]> {
  const seen: { name: string; constants: object }[] = [];
  const unobserve = gpu.observers.add({
    onDispatch: ({ source, constants }) => seen.push({ name: source.name, constants }),
  });
  await run();
  unobserve();
  return seen;
}

test("a workgroup has as many rows as leave a CPU filled and waste little", () => {
  assert.is(broadcastRows(256, 10), 32);
  // 16 workgroups of 32 rows would leave a CPU of many cores half idle, 32 of 16 rows do not.
  assert.is(broadcastRows(64, 8), 16);
  assert.is(broadcastRows(64, 1), 8);
  // The third part of 40 rows would be empty.
  assert.is(broadcastRows(40, 100), 8);
  assert.is(broadcastRows(33, 100), 8);
  assert.is(broadcastRows(48, 100), 16);
});

// Rows, columns and sums that fill no workgroup; operands of single elements and of vec4s, along either axis.
for (const [rows, given] of [
  [16, matmul([9], [9], false, false, [45, 7, 130])],
  [16, matmul([9], [9], false, true, [45, 8, 132])],
  [32, matmul([4], [4], false, true, [64, 12, 260])],
  [32, matmul([4], [], true, false, [61, 8, 260])],
] as const) {
  test(`${rows} rows: ${given.title}`, async () => {
    const seen = await dispatched(() => checkCase(gpu, given, given.title));
    assert.ok(seen.some(({ constants }) => "ROW_BLOCKS" in constants && constants.ROW_BLOCKS === rows / 8));
  });
}

test("Winograd's tiles are of 8 x 8 for large images", () => {
  const alpha = (height: number, width: number) => tilesOf("software", 3, [1, 64, height, width]).alpha;
  assert.is(alpha(64, 64), 8); // 64 products of 121 columns in place of 36 of 256
  assert.is(alpha(32, 32), 6); // 36 columns are two blocks of 32, as are 64
  assert.is(tilesOf("gpu", 3, [1, 64, 64, 64]).alpha, 6);
});

// Borders of 0, 1 and 2 pixels, mirrored ones, kernels of 4 x 4, images that end inside a tile, tiles of no image.
for (const given of [
  convolution([2, 3, 40, 43], [5, 3, 3, 3], { padding: 1 }),
  convolution([1, 5, 42, 40], [1, 5, 3, 3], { padding: 1, paddingMode: "reflect" }),
  convolution([1, 1, 44, 42], [3, 1, 3, 3], {}, false),
  convolution([3, 2, 42, 43], [5, 2, 4, 4], { padding: 1 }),
  convolution([2, 3, 41, 41], [3, 3, 4, 4], { padding: 2, paddingMode: "reflect" }),
]) {
  test(`Winograd's tiles of 8 x 8: ${given.title}`, async () => {
    const seen = await dispatched(() =>
      gpu.variants.force(everywhere("winograd"), () => checkCase(gpu, given, given.title)),
    );
    const transforms = seen.filter(({ name }) => name.startsWith("winograd_"));
    assert.is(transforms.length, 9);
    for (const { name, constants } of transforms) assert.is((constants as { ALPHA?: number }).ALPHA, 8, name);
  });
}

test("Winograd's transforms of three images do not fit one buffer: two go together, then the third", async () => {
  const shapes = [
    [3, 8, 800, 1024],
    [1, 8, 3, 3],
    [3, 1, 800, 1024],
  ];
  const [x, w, dy] = shapes.map((shape, i) =>
    gpu.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, j) => ((j * 7919) % (1009 + i)) / 1009 - 0.5),
      shape,
    ),
  );
  const run = (variant: "winograd" | "broadcast") =>
    gpu.variants.force(everywhere(variant), async () => {
      const [input, weights] = [x.detach().requireGrad(), w.detach().requireGrad()];
      const y = conv2d(input, weights, undefined, { padding: 1 });
      const results = [y, ...grad(y, [input, weights], { dy })];
      const values = await Promise.all(results.map((tensor) => tensor.read()));
      for (const tensor of results) tensor.dispose();
      return values;
    });
  const direct = await run("broadcast");
  let parts: Float32Array[] = [];
  const seen = await dispatched(async () => {
    parts = await run("winograd");
  });
  assert.is(seen.filter(({ name }) => name === "winograd_input").length, 6);
  for (const [i, expected] of direct.entries()) {
    const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const error = parts[i].reduce((most, v, j) => Math.max(most, Math.abs(v - expected[j])), 0);
    assert.ok(error < 1e-3 * scale, `result ${i}: ${error} of ${scale}`);
  }
});

test.run();
