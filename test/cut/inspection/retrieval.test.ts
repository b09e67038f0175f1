// Retrieval accuracy: by hand on a small matrix, on a picture compared with itself, and against the similarities that
// looking inside shows.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Inspector } from "../../../cut/inspection/inspector.js";
import { Retrieval, shareOfBestOwn } from "../../../cut/inspection/retrieval.js";
import { Generator } from "../../../cut/networks/generator.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { profiles, testGpu } from "../../support/gpu.js";
import { disposeModel, Mirror, makeModel, noise } from "./random-model.js";

const test = suite("retrieval");

/** Features as they are, of the layers in which no two patches of noise are alike. */
const modelOf = (gpu: Gpu, kind: typeof Generator) => ({ ...makeModel(gpu, kind, false), layers: [4, 8, 12] });

test("the own one is best, is not, or is equal to another", () => {
  assert.is(shareOfBestOwn([5, 1, 9, 1, 2, 1, 0, 0, 3], 3), 2 / 3);
  assert.is(shareOfBestOwn([1, 1, 1, 1], 2), 0);
  assert.is(shareOfBestOwn([-2, -3, -3, -2], 2), 1);
});

test("every patch of a picture finds itself", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = modelOf(gpu, Mirror);
  const retrieval = new Retrieval(gpu, model, 256);
  assert.equal(await retrieval.accuracy(noise()), [1, 1, 1]);
  retrieval.dispose();
  disposeModel(model);
});

test("the shares are those of the maps of similarity", async () => {
  const gpu = await testGpu(profiles[0]);
  const model = modelOf(gpu, Generator);
  const [retrieval, inspector] = [new Retrieval(gpu, model, 256), new Inspector(gpu, model)];
  const accuracy = await retrieval.accuracy(noise());
  await inspector.load(noise());
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
  disposeModel(model);
});

test.run();
