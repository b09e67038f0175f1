// Where patches come from and their PatchNCE: on translations that are the input itself or the input moved, and against
// the similarities that are shown for a point, which have a test of their own against the float64 reference.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gridOf, pixelAt } from "../../../cut/inspection/inspected-layer.js";
import { Inspector } from "../../../cut/inspection/inspector.js";
import { Generator } from "../../../cut/networks/generator.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { Random } from "../../../engine/lib/random.js";
import { concat, slice } from "../../../engine/operators/strided/index.js";
import { ownGpu, profiles, testGpu } from "../../support/gpu.js";
import { disposeModel, Mirror, makeModel, noise } from "./random-model.js";

const test = suite("patch maps");

/** Pixels that Mover moves a picture to the right; what leaves comes in again on the left. */
const MOVED = 8;

/** Shows what went in, moved. */
class Mover extends Generator {
  override translateWithFeatures(x: Tensor, taps: readonly number[]) {
    const at = x.shape[3] - MOVED;
    const image = concat([slice(x, at, x.shape[3], 3), slice(x, 0, at, 3)], 3);
    return { ...super.translateWithFeatures(x, taps), image };
  }
}

const layerAt = (width: number, height: number, stride: number, pad: number) => ({
  layer: 0,
  width,
  height,
  channels: 1,
  stride,
  pad,
});

test("positions look at pixels: the border at those that it mirrors, a grid at those inside", () => {
  const picture = { width: 10, height: 7 };
  const padded = layerAt(18, 14, 1, 3);
  assert.equal(pixelAt(padded, 3 * 18 + 3, picture), { x: 0, y: 0 });
  assert.equal(pixelAt(padded, 0, picture), { x: 3, y: 3 });
  assert.equal(pixelAt(padded, 10 * 18 + 13, picture), { x: 8, y: 5 });
  const coarse = layerAt(3, 2, 4, 0);
  assert.equal([...gridOf(coarse, picture, 100).ids], [0, 1, 2, 3, 4, 5]);
  const { ids, columns, every } = gridOf(padded, picture, 20);
  assert.equal([ids.length, columns, every], [15, 5, 2]);
  assert.equal(pixelAt(padded, ids[0], picture), { x: 1, y: 1 });
  assert.equal(pixelAt(padded, ids[14], picture), { x: 9, y: 5 });
});

for (const profile of profiles) {
  test(`the patches of a picture compared with itself come from their own places (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const model = makeModel(gpu, Mirror);
    const inspector = new Inspector(gpu, model);
    await inspector.load(noise(18, 13));
    const [pixels, ...others] = await inspector.sources();
    assert.is(pixels.matches.length, 18 * 13);
    // Colours alone may be hard to tell, grays above all.
    assert.ok(pixels.inPlace > 0.95, `${pixels.inPlace}`);
    for (const { layer, matches, inPlace, displacement } of others) {
      assert.equal([layer, inPlace, displacement], [layer, 1, 0]);
      for (const { at, source } of matches) assert.equal(source, at);
      assert.ok(matches.every(({ at: { x, y } }) => x < 18 && y < 13));
    }
    inspector.dispose();
    disposeModel(model);
  });
}

test("those of a picture that is moved come from where they were", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = makeModel(gpu, Mover, false);
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise(48, 32));
  for (const { layer, matches, inPlace, displacement } of (await inspector.sources()).slice(1)) {
    const found = matches.filter(({ at, source }) => source.x === (at.x + 48 - MOVED) % 48 && source.y === at.y);
    // Where the picture was cut its patches have other neighbours.
    assert.ok(found.length >= 0.6 * matches.length, `layer ${layer}: ${found.length} of ${matches.length}`);
    assert.ok(inPlace < 0.01 && displacement === MOVED, `layer ${layer}: ${inPlace}, ${displacement}`);
  }
  inspector.dispose();
  disposeModel(model);
});

test("losses are the cross-entropy of the similarities, with a sample of the others where they are many", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = makeModel(gpu);
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise(64, 60));
  const losses = await inspector.losses();
  assert.equal(
    losses.map(({ negatives }) => negatives),
    [4096, 64 * 60 - 1, 32 * 30 - 1, 16 * 15 - 1],
  );
  const sample = new Set(new Random(0).permutation(70 * 66, 4096));
  // A patch whose own key is not in the sample, and some others.
  const left = gridOf(losses[0], { width: 64, height: 60 }, 4096).ids.find((id) => !sample.has(id))!;
  const { x: leftX, y: leftY } = pixelAt(losses[0], left, { width: 64, height: 60 });
  for (const [x, y] of [
    [leftX, leftY],
    [0, 0],
    [44, 20],
    [63, 59],
  ]) {
    for (const [i, { values, position, width }] of (await inspector.similarity(x, y)).entries()) {
      const own = position.y * width + position.x;
      const among = i === 0 ? new Set(sample).add(own) : values.keys();
      let sum = 0;
      for (const id of among) sum += values[id];
      const expected = Math.log(sum / values[own]);
      assert.ok(Math.abs(losses[i].values[own] - expected) < 2e-4 * (1 + expected), `${losses[i].values[own]}`);
    }
  }
  for (const { values, mean } of losses) {
    assert.ok(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length - mean) < 1e-6);
  }
  inspector.dispose();
  disposeModel(model);
});

test("they take bounded memory, and give it back", async () => {
  const gpu = await ownGpu();
  const model = makeModel(gpu);
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise(64, 60));
  const before = gpu.memory().liveBytes;
  const stop = new AbortController();
  await inspector.sources({ onProgress: () => assert.is(gpu.memory().liveBytes, before) });
  await inspector.losses({ onProgress: () => assert.is(gpu.memory().liveBytes, before) });
  // Five tensors of a block of 16 MiB; all pairs at once would be 87 MB each.
  assert.ok(gpu.memory().peakBytes < before + 90 * 2 ** 20, `${gpu.memory().peakBytes}`);
  stop.abort();
  for (const work of [inspector.sources({ signal: stop.signal }), inspector.losses({ signal: stop.signal })]) {
    assert.is(await work.then(String, (error: Error) => error.name), "AbortError");
  }
  assert.is(gpu.memory().liveBytes, before);
  inspector.dispose();
  gpu.dispose();
});

test.run();
