// Retrieval accuracy: by hand on a small matrix, on a picture compared with itself, and against the similarities that
// looking inside shows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { Inspector } from "../../../cut/inspection/inspector.js";
import { Retrieval, shareOfBestOwn } from "../../../cut/inspection/retrieval.js";
import { Generator } from "../../../cut/networks/generator.js";
import { initialWeights, writeParameters } from "../../../cut/networks/network.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import type { Gpu } from "../../../engine/device/gpu.js";
import { Random } from "../../../engine/random.js";
import { profiles, testGpu } from "../../support/gpu.js";

const test = suite("retrieval");

const architecture = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
const layers = [4, 8, 12];

/** Shows what went in, so that queries and keys are of the same picture. */
class Mirror extends Generator {
  override translateWithFeatures(x: Tensor, taps: readonly number[]) {
    return { ...super.translateWithFeatures(x, taps), image: x };
  }
}

function modelOf(gpu: Gpu, kind: typeof Generator) {
  const generator = new kind(gpu, architecture);
  const spread = { init_type: "kaiming", init_gain: 1 } as const;
  writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), new Random(7), spread));
  return { generator, heads: null, layers, tau: 0.07 };
}

const random = new Random(1);
const data = Uint8Array.from({ length: 16 * 16 * 3 }, () => random.integer(256));
const noise: Picture = { width: 16, height: 16, channels: 3, data };

test("the own one is best, is not, or is equal to another", () => {
  assert.is(shareOfBestOwn([5, 1, 9, 1, 2, 1, 0, 0, 3], 3), 2 / 3);
  assert.is(shareOfBestOwn([1, 1, 1, 1], 2), 0);
  assert.is(shareOfBestOwn([-2, -3, -3, -2], 2), 1);
});

test("every patch of a picture finds itself", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = modelOf(gpu, Mirror);
  const retrieval = new Retrieval(gpu, model, 256);
  assert.equal(await retrieval.accuracy(noise), [1, 1, 1]);
  retrieval.dispose();
  for (const tensor of model.generator.parameters.values()) tensor.dispose();
});

test("the shares are those of the maps of similarity", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = modelOf(gpu, Generator);
  const [retrieval, inspector] = [new Retrieval(gpu, model, 256), new Inspector(gpu, model)];
  const accuracy = await retrieval.accuracy(noise);
  await inspector.load(noise);
  let found = 0;
  for (const y of [0, 4, 8, 12]) {
    for (const x of [0, 4, 8, 12]) {
      const { values, position, width } = (await inspector.similarity(x, y))[2];
      const own = position.y * width + position.x;
      if (values.every((value, i) => i === own || value < values[own])) found++;
    }
  }
  assert.is(accuracy[2], found / 16);
  retrieval.dispose();
  inspector.dispose();
  for (const tensor of model.generator.parameters.values()) tensor.dispose();
});

test.run();
