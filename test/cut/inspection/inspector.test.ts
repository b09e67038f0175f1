// Looking inside a model: similarities against the float64 reference and against a picture that is compared with
// itself, and the memory that it takes and gives back.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadInspectModel } from "../../../cut/inspection/inspection-model.js";
import { Inspector } from "../../../cut/inspection/inspector.js";
import { Generator } from "../../../cut/networks/generator.js";
import { type BatchSource, Training } from "../../../cut/training/training-loop.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { parseSafetensors, serializeSafetensors } from "../../../engine/formats/safetensors.js";
import { gatherPositions, l2Normalize, linear, relu } from "../../../engine/reference.js";
import { relativeError } from "../../support/goldens.js";
import { download, messageOf, ownGpu, testGpu } from "../../support/gpu.js";
import { tinyOptions } from "../training/tiny-options.js";
import { architecture, disposeModel, HEAD, layers, Mirror, makeModel, noise, TAU } from "./random-model.js";

const test = suite("inspect");

const rejection = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => assert.unreachable("nothing was thrown") as never,
    (error: Error) => error,
  );

for (const heads of [true, false]) {
  const kind = heads ? "heads" : "raw features";
  test(`in a picture compared with itself the patch that was asked for is the most similar (${kind})`, async () => {
    const gpu = await testGpu("software");
    const model = makeModel(gpu, Mirror, heads);
    const inspector = new Inspector(gpu, model);
    const picture = noise();
    await inspector.load(picture);
    // Translations are written rounded down.
    assert.ok(inspector.translation.data.every((byte, i) => Math.abs(byte - picture.data[i]) <= 1));
    for (const [x, y] of [
      [0, 0],
      [8, 4],
      [15, 12],
    ]) {
      for (const map of await inspector.similarity(x, y)) {
        const at = map.position.y * map.width + map.position.x;
        const highest = map.values.reduce((best, value, i) => (value > map.values[best] ? i : best), 0);
        // Tap 0 is the picture with its mirrored border, where a patch of the edge has doubles.
        if (map.layer > 0) assert.is(highest, at, `layer ${map.layer} at ${x}, ${y}`);
        assert.ok(map.values[at] >= 0.999 * map.values[highest]);
        assert.ok(Math.abs(map.values[at] / Math.exp(1 / TAU) - 1) < 1e-3, "a unit vector with itself: v . k = 1");
      }
    }
    inspector.dispose();
    disposeModel(model);
  });
}

test("similarities are exp(v . k / tau) as the float64 reference computes them from the same features", async () => {
  const gpu = await testGpu("software");
  const model = makeModel(gpu);
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise());
  const maps = await inspector.similarity(5, 9);
  const tap = 2;
  const { generator } = model;
  const input = gpu.tensor(
    Float32Array.from({ length: 768 }, (_, i) => noise().data[(i % 256) * 3 + Math.floor(i / 256)] / 127.5 - 1),
    [1, 3, 16, 16],
  );
  const { image, features } = gpu.noGrad(() => generator.translateWithFeatures(input, layers));
  const queries = gpu.noGrad(() => generator.encode(image, layers));
  const weights = await Promise.all(
    ["0.weight", "0.bias", "2.weight", "2.bias"].map((name) =>
      download(model.heads!.parameters.get(`mlp_${tap}.${name}`)!),
    ),
  );
  const [w1, b1, w2, b2] = weights;
  const unit = async (map: Tensor, ids: Int32Array) =>
    l2Normalize(linear(relu(linear(gatherPositions(await download(map), ids), w1, b1)), w2, b2));
  const { width, height, position, values } = maps[tap];
  const all = Int32Array.from({ length: width * height }, (_, i) => i);
  const k = await unit(features[tap], all);
  const q = await unit(queries[tap], Int32Array.of(position.y * width + position.x));
  const expected = Float64Array.from(all, (i) => {
    let dot = 0;
    for (let c = 0; c < HEAD; c++) dot += q.data[c] * k.data[i * HEAD + c];
    return Math.exp(dot / TAU);
  });
  const error = relativeError(Float64Array.from(values), expected);
  assert.ok(error < 1e-4, `off by ${error}`);
  inspector.dispose();
  disposeModel(model);
});

test("layers are described for pictures of any size, and components are one pixel per position", async () => {
  const gpu = await testGpu("software");
  const model = makeModel(gpu);
  const inspector = new Inspector(gpu, model);
  // 18 x 13 is padded to 20 x 16; gray becomes colour.
  await inspector.load(noise(18, 13, 2, 1));
  assert.equal([inspector.translation.width, inspector.translation.height], [18, 13]);
  assert.equal(
    inspector.layers.map(({ layer, width, height, channels, stride, pad }) =>
      [layer, width, height, channels, stride, pad].join(),
    ),
    ["0,26,22,3,1,3", "4,20,16,8,1,0", "8,10,8,16,2,0", "12,5,4,16,4,0"],
  );
  const maps = await inspector.components();
  for (const { picture, width, height, channels, explained } of maps) {
    assert.equal([picture.width, picture.height, picture.channels], [width, height, 3]);
    assert.ok(explained.every((share, i) => share >= 0 && share <= (explained[i - 1] ?? 1.000001)));
    assert.is(explained.length, Math.min(3, channels));
    assert.ok(new Set(picture.data).size > 8, "shows something");
  }
  // Another size, then the first again: nothing of the one stays in the other.
  await inspector.load(noise());
  await inspector.load(noise(18, 13, 2, 1));
  assert.equal(await inspector.components(), maps);
  inspector.dispose();
  disposeModel(model);
});

test("dispose gives back every buffer, also after a load that was aborted", async () => {
  const gpu = await ownGpu();
  const model = makeModel(gpu);
  const before = gpu.memory().liveBytes;
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise());
  await inspector.similarity(3, 3);
  await inspector.components();
  const stop = new AbortController();
  const onProgress = (fraction: number) => {
    // Translated, encoded, and the keys of the first layer made.
    if (fraction === 3 / 6) stop.abort();
  };
  const error = await rejection(inspector.load(noise(), { signal: stop.signal, onProgress }));
  assert.is(error.name, "AbortError");
  assert.match(
    messageOf(() => inspector.translation),
    "no picture has been loaded",
  );
  inspector.dispose();
  assert.is(gpu.memory().liveBytes, before);
  gpu.dispose();
});

test("a file whose heads are damaged is refused and keeps nothing on the GPU", async () => {
  const gpu = await ownGpu("software");
  const source: BatchSource = { batchesPerEpoch: 1, async *batches() {} };
  const training = Training.start(gpu, tinyOptions(), source);
  const { tensors, metadata } = parseSafetensors(await training.checkpoint(), "latest");
  training.step.dispose();
  tensors.delete("F.mlp_1.0.bias");
  const before = gpu.memory().liveBytes;
  const damaged = serializeSafetensors({ tensors, metadata });
  assert.match(
    messageOf(() => loadInspectModel(gpu, damaged, "latest")),
    "latest is damaged: F.mlp_1.0.bias is missing",
  );
  assert.is(gpu.memory().liveBytes, before);
  gpu.dispose();
});

test("points outside of the picture and models that cannot read their translations are refused", async () => {
  const gpu = await testGpu("software");
  const model = makeModel(gpu);
  const inspector = new Inspector(gpu, model);
  await inspector.load(noise());
  for (const [x, y] of [
    [16, 0],
    [0, -1],
    [1.5, 2],
  ]) {
    const { message } = await rejection(inspector.similarity(x, y));
    assert.match(message, `(${x}, ${y}) is no pixel of a picture of 16 x 16`);
  }
  inspector.dispose();
  disposeModel(model);
  const generator = new Generator(gpu, { ...architecture, output_nc: 1 });
  const text = messageOf(() => new Inspector(gpu, { generator, heads: null, layers, tau: TAU }));
  assert.match(text, "the model turns 3 channels into 1");
  disposeModel({ generator, heads: null, layers, tau: TAU });
});

test.run();
