// The metric on the engine: against the loss of training, on shifted pictures, in pairs, and an encoder that trains
// itself.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../../cut/data/picture.js";
import { inverted } from "../../../../cut/evaluation/distortions/colours.js";
import { quadrantsSwapped, shifted } from "../../../../cut/evaluation/distortions/geometry.js";
import type { PictureSet } from "../../../../cut/evaluation/pairs.js";
import { PatchMetric } from "../../../../cut/evaluation/patches/patch-metric.js";
import { comparePatchPairs } from "../../../../cut/evaluation/patches/patch-pairs.js";
import { trainPatchEncoder } from "../../../../cut/evaluation/patches/self-training.js";
import type { InspectModel } from "../../../../cut/inspection/inspection-model.js";
import { padForGenerator } from "../../../../cut/translation/padding.js";
import { Random } from "../../../../engine/lib/random.js";
import { patchKeys, patchNce } from "../../../../engine/operators/patch-nce/index.js";
import { ownGpu, profiles, rejectionOf, testGpu } from "../../../support/gpu.js";

const test = suite("patch metric");

/** Blocks of random colours, 5 pixels wide. */
function picture(seed: number, width = 40, height = 32): Picture {
  const random = new Random(seed);
  const blocks = Array.from({ length: 100 }, () => [0, 1, 2].map(() => random.integer(256)));
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return blocks[Math.floor(y / 5) * 10 + Math.floor(x / 5)][i % 3];
  });
  return { width, height, channels: 3, data };
}

const setOf = (pictures: readonly Picture[]): PictureSet => ({
  names: pictures.map((_, i) => `${i}.png`),
  read: async (i) => pictures[i],
});

const parametersOf = ({ generator, heads }: InspectModel) => [
  ...generator.parameters.values(),
  ...(heads?.parameters.values() ?? []),
];

const train = async (steps: number) =>
  trainPatchEncoder(
    await testGpu(profiles[0]),
    Array.from({ length: 4 }, (_, i) => picture(i)),
    { steps, seed: 1 },
  );

let model: InspectModel;
test.before(async () => {
  model = await train(30);
});
test.after(() => {
  for (const tensor of parametersOf(model)) tensor.dispose();
});

test("without a window it is the loss of training, in both directions", async () => {
  const gpu = await testGpu(profiles[0]);
  const metric = new PatchMetric(gpu, model);
  const [a, b] = [picture(1), picture(2)];
  const [ofA, ofB] = [await metric.embed(a), await metric.embed(b)];
  const compared = await metric.compare(ofA, ofB);
  assert.equal(
    compared.map(({ layer }) => layer),
    [4, 8, 12, 16],
  );
  const rows = (of: Picture) =>
    gpu.noGrad(() => {
      const { planes } = padForGenerator(of, model.generator.architecture);
      return model.generator.encode(gpu.tensor(planes, [1, 3, of.height, of.width]), model.layers).map((map, i) => {
        const ids = Int32Array.from({ length: map.shape[2] * map.shape[3] }, (_, k) => k);
        return patchKeys(map, gpu.tensor(ids), model.heads!.head(i));
      });
    });
  const losses = gpu.scope(() => {
    const [q, k] = [rows(a), rows(b)];
    return q.flatMap((_, i) => [
      patchNce(q[i], k[i], { groups: 1, tau: model.tau }),
      patchNce(k[i], q[i], { groups: 1, tau: model.tau }),
    ]);
  });
  for (const [i, { nce, map, accuracy, bound, grid }] of compared.entries()) {
    const [there, back] = [await losses[2 * i].read(), await losses[2 * i + 1].read()];
    const mean = [...there, ...back].reduce((sum, value) => sum + value, 0) / (2 * there.length);
    assert.ok(Math.abs(nce - mean) < 1e-4 * mean, `layer ${i}: ${nce} and ${mean}`);
    assert.ok(Math.abs(map[3] - (there[3] + back[3]) / 2) < 1e-3);
    assert.ok(accuracy >= 0 && accuracy <= 1);
    assert.ok(Math.abs(bound - (Math.log(grid.chosen.length) - nce)) < 1e-9);
  }
  for (const tensor of losses) tensor.dispose();
  metric.dispose();
});

test("a shift within the window costs little, and one without it much; sizes must agree", async () => {
  const gpu = await testGpu(profiles[0]);
  const metric = new PatchMetric(gpu, model, { window: 4, positions: 200 });
  const own = await metric.embed(picture(1));
  const near = await metric.embed(shifted(picture(1), 4));
  const [plain, windowed] = await metric.compareBy(own, near, [0, 4]);
  assert.ok(plain.every(({ nce }, i) => nce > windowed[i].nce));
  assert.ok(plain.every(({ grid }) => grid.chosen.length <= 200));
  const other = await metric.embed(picture(1, 44, 32));
  const error = await metric.compare(own, other).catch((reason: Error) => reason);
  assert.match((error as Error).message, /40 x 32 and 44 x 32 pixels cannot be compared/);
  metric.dispose();
});

test("pairs: 0 for the source itself, much for another order, nothing where all look alike", async () => {
  const gpu = await testGpu(profiles[0]);
  const sources = [picture(1), picture(2), picture(3)];
  const results = [sources[0], sources[1], quadrantsSwapped(sources[2])];
  const metric = new PatchMetric(gpu, model);
  const told: number[] = [];
  const onPair = (_: unknown, done: number) => void told.push(done);
  const pairs = await comparePatchPairs({ metric, sources: setOf(sources), results: setOf(results), onPair });
  assert.equal(
    pairs.map(({ id }) => id),
    [0, 1, 2],
  );
  assert.equal(told, [1, 2, 3]);
  const [same, alike, swapped] = pairs.map(({ distance }) => distance as number);
  assert.equal([same, alike], [0, 0]);
  assert.ok(swapped > 0.5, `${swapped}`);
  const blank = { ...sources[0], data: sources[0].data.map(() => 90) };
  const nothing = { metric, sources: setOf([blank, blank]), results: setOf([blank, blank]) };
  assert.is((await comparePatchPairs(nothing))[0].distance, null);
  metric.dispose();
});

test("the encoder learns, is the same for the same seed, and says what it cannot learn from", async () => {
  const gpu = await testGpu(profiles[0]);
  const accuracy = async (model: InspectModel) => {
    const metric = new PatchMetric(gpu, model);
    const [a, b] = [await metric.embed(picture(9)), await metric.embed(inverted(picture(9)))];
    const compared = await metric.compare(a, b);
    metric.dispose();
    return compared.reduce((sum, of) => sum + of.accuracy, 0);
  };
  const weights: Float32Array[] = [];
  for (let run = 0; run < 2; run++) {
    const short = await train(2);
    assert.ok((await accuracy(model)) > (await accuracy(short)));
    weights.push((await short.heads!.head(3).w2.read()) as Float32Array);
    for (const tensor of parametersOf(short)) tensor.dispose();
  }
  assert.equal(weights[0], weights[1]);
  const refused = async (pictures: Picture[], said: RegExp) => {
    const error = await trainPatchEncoder(gpu, pictures).catch((reason: Error) => reason);
    assert.match((error as Error).message, said);
  };
  await refused([], /cannot be trained on no picture/);
  await refused([picture(1), picture(1, 40, 12)], /on a picture of 12 pixels a side/);
});

test("a training that is called off keeps nothing on the GPU", async () => {
  const gpu = await ownGpu();
  const stop = new AbortController();
  const picture: Picture = { width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(90) };
  const training = trainPatchEncoder(gpu, [picture], { signal: stop.signal, onProgress: () => stop.abort() });
  assert.is(await rejectionOf(training), stop.signal.reason);
  assert.is(gpu.memory().liveBuffers, 0);
  gpu.dispose();
});

test("pictures that are embedded at once are embedded as one by one", async () => {
  const gpu = await testGpu(profiles[0]);
  const metric = new PatchMetric(gpu, model);
  const pictures = [picture(1), picture(2), picture(3, 32, 40)];
  const before = gpu.memory().liveBuffers;
  const one: unknown[] = [];
  for (const each of pictures) one.push(await metric.embed(each));
  assert.equal(await Promise.all(pictures.map((each) => metric.embed(each))), one);
  metric.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test.run();
