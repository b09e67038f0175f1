// The heuristic's tile for a product's shape, that every tile meets the requirements of shaders/lib/tiled_gemm.wgsl,
// and that products are right in every tile: sizes that are no multiples, batches of 2 and 3, and 1, 3, 5 and 33
// channels.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kTileOf } from "../../engine/operators/convolution/tiled.js";
import { countTiles, heuristicTile, maxTileK, TILES } from "../../engine/operators/lib/tiles.js";
import { testGpu } from "../support/gpu.js";
import { conv2d } from "./convolution.js";
import { linear, matmul } from "./matmul.js";
import type { OperatorCase } from "./support/case.js";
import { checkCase } from "./support/check.js";
import { unrolledGpu } from "./support/unrolled.js";
import { everywhere } from "./support/variants.js";

test("every tile fits the base limits, and a workgroup loads whole rows of a K tile", () => {
  for (const [name, tiles] of Object.entries(TILES)) {
    const { TILE_M, TILE_N, THREAD_M, THREAD_N } = tiles;
    const [vec4sM, vec4sN] = [TILE_M / 4, TILE_N / 4];
    const threads = (vec4sM / THREAD_M) * (vec4sN / THREAD_N);
    assert.ok(threads <= 256, `${name}: invocations`);
    assert.ok(16 * maxTileK(tiles) * (vec4sM + 1 + vec4sN + 1) <= 16384, `${name}: workgroup memory`);
    for (const vec4s of [vec4sM, vec4sN]) assert.is(threads % vec4s, 0, `${name}: whole rows`);
  }
});

test("a K tile of a convolution covers the whole kernel if it fits, else a row, else one element", () => {
  assert.equal(kTileOf(3, 3, 256, 18), { PARTS_Y: 1, PARTS_X: 1, CHANNELS: 2 });
  assert.equal(kTileOf(3, 3, 1, 18), { PARTS_Y: 1, PARTS_X: 1, CHANNELS: 1 });
  assert.equal(kTileOf(7, 7, 64, 18), { PARTS_Y: 7, PARTS_X: 1, CHANNELS: 2 });
  // For a kernel row, three K tiles of one channel have 21 elements, two of two channels 28.
  assert.equal(kTileOf(7, 7, 3, 18), { PARTS_Y: 7, PARTS_X: 1, CHANNELS: 1 });
  assert.equal(kTileOf(7, 7, 64, 5), { PARTS_Y: 7, PARTS_X: 7, CHANNELS: 5 });
  assert.equal(kTileOf(2, 40, 5, 18), { PARTS_Y: 2, PARTS_X: 40, CHANNELS: 5 });
  // Six K tiles of 17 channels waste less than six of 18.
  assert.equal(kTileOf(1, 1, 100, 18), { PARTS_Y: 1, PARTS_X: 1, CHANNELS: 17 });
});

test("the largest tile is taken where it occupies a GPU and wastes little", () => {
  assert.is(heuristicTile(4096, 4096, 1), "128x128");
  // The generator's blocks at 256 x 256: one image has too few tiles for the large ones, four have enough.
  assert.is(heuristicTile(256, 4096, 1), "64x64");
  assert.is(heuristicTile(256, 4096, 2), "64x128");
  assert.is(heuristicTile(256, 4096, 4), "128x128");
  assert.is(heuristicTile(256, 4096, 4, ["64x128"]), "64x128");
  // 64 rows would leave half of the largest tile idle.
  assert.is(heuristicTile(64, 65536, 1), "64x128");
});

test("few rows take tiles of few rows: the generator's last layer, and D's", () => {
  // 3x3 layers of 64 and 256 channels at 64x64 and 16x16, and a product of 512: too few workgroups for a larger tile.
  assert.is(heuristicTile(64, 4096, 1), "32x64");
  assert.is(heuristicTile(256, 256, 1), "16x64");
  assert.is(heuristicTile(512, 512, 1), "32x64");
  assert.is(heuristicTile(3, 65536, 1), "4x256");
  assert.is(heuristicTile(1, 900, 1), "16x64");
  assert.is(heuristicTile(17, 65536, 1), "32x64");
  assert.is(countTiles(TILES["32x64"], 33, 129), 6);
});

// All kernels are 3 x 3: every size is another shader. Rows, columns and sums that are multiples of 4, and that are
// not.
const cases: readonly OperatorCase[] = [
  conv2d([2, 3, 9, 11], [5, 3, 3, 3], { padding: 1 }),
  conv2d([3, 1, 9, 17], [3, 1, 3, 3], { padding: 1, paddingMode: "reflect" }, false),
  conv2d([1, 33, 6, 35], [1, 33, 3, 3], { padding: 1 }),
  conv2d([1, 4, 13, 11], [130, 4, 3, 3], { padding: 1, paddingMode: "reflect" }),
  // Long enough that the sum over pixels of the weights' gradient has several splits.
  conv2d([2, 2, 20, 15], [33, 2, 3, 3], { padding: 1 }),
  // Many channels and few pixels: the sum over channels has several splits, the last of them shorter.
  conv2d([2, 77, 5, 6], [4, 77, 3, 3], { padding: 1 }),
  // Three rows, and columns that are no multiple of 256.
  conv2d([1, 5, 18, 19], [3, 5, 3, 3], {}),
  linear([131], 20, 132, true),
  linear([67], 33, 130, false),
  matmul([3], [], true, true),
];

for (const tiles of Object.keys(TILES)) {
  test(`products and convolutions in tiles: ${tiles}`, async () => {
    const gpu = await testGpu("gpu");
    const variant = `tiled_${tiles}`;
    await gpu.variants.force(everywhere(variant), async () => {
      for (const given of cases) await checkCase(gpu, given, `${given.title} ${tiles}`);
    });
  });
}

test("the text that GPUs get, with loops unrolled, computes the same", async () => {
  // Few kernels: a software adapter compiles each for seconds. `npm run test:unrolled` takes all cases in every tile,
  // and test/shaders/tiled-races.test.ts runs the rest of this text.
  const gpu = await unrolledGpu();
  const few = [
    ["64x64", conv2d([2, 3, 9, 11], [5, 3, 3, 3], { padding: 1 })],
    ["128x128", conv2d([2, 3, 9, 11], [5, 3, 3, 3], { padding: 1, paddingMode: "reflect" })],
    ["16x64", linear([67], 33, 130, true)],
  ] as const;
  const every = Object.keys(TILES).flatMap((tiles) => cases.map((given) => [tiles, given] as const));
  for (const [tiles, given] of process.env["UNROLLED"] === "all" ? every : few) {
    await gpu.variants.force(everywhere(`tiled_${tiles}`), () => checkCase(gpu, given, `${given.title} ${tiles}`));
  }
  gpu.dispose();
});

test.run();
