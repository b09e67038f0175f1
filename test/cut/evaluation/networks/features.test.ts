// The feature networks and what they are given, against golden values of PyTorch in float64. Their weights are made by
// a formula, so that no file of them is needed.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../../cut/data/picture.js";
import {
  type FeatureNetwork,
  fidInception,
  kerasInception,
  mobilenetTrunk,
} from "../../../../cut/evaluation/networks/extractors.js";
import type { ShapedWeights } from "../../../../cut/evaluation/networks/folding.js";
import { type InputProtocol, networkInput, resizedPlanes } from "../../../../cut/evaluation/networks/input.js";
import { Lpips } from "../../../../cut/evaluation/networks/squeezenet.js";
import { planesOf } from "../../../../cut/evaluation/planes.js";
import type { Gpu } from "../../../../engine/core/gpu.js";
import { networksOf, weightsOf } from "../../../support/formula-weights.js";
import { evaluationCases, goldenDense, type OperatorCase, relativeError } from "../../../support/goldens.js";
import { profiles, testGpu } from "../../../support/gpu.js";

const test = suite("feature networks");

const cases = evaluationCases();
/** The picture of that letter, stored as planes of bytes. */
function pictureOf({ golden }: OperatorCase, letter: string): Picture {
  const { shape, data } = goldenDense(golden, `picture.${letter}`);
  const [, height, width] = shape;
  const size = height * width;
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * size }, (_, i) => data[(i % 3) * size + Math.floor(i / 3)]),
  };
}

/** Grid, means along rows and columns, mean and deviation of planes [3, h, w], as the goldens have them. */
function summaries(planes: ArrayLike<number>, [h, w]: readonly number[], step: number): Record<string, number[]> {
  const result: Record<string, number[]> = { grid: [], rows: [], columns: [], mean: [], std: [] };
  for (let c = 0; c < 3; c++) {
    const [rows, columns] = [new Float64Array(h), new Float64Array(w)];
    let [sum, squares] = [0, 0];
    for (let i = 0; i < h * w; i++) {
      const value = planes[c * h * w + i];
      const [y, x] = [Math.floor(i / w), i % w];
      rows[y] += value / w;
      columns[x] += value / h;
      sum += value;
      squares += value * value;
      if (y % step === 0 && x % step === 0) result["grid"].push(value);
    }
    const mean = sum / (h * w);
    result["rows"].push(...rows);
    result["columns"].push(...columns);
    result["mean"].push(mean);
    result["std"].push(Math.sqrt(squares / (h * w) - mean * mean));
  }
  return result;
}

for (const given of cases.filter(({ op }) => op === "resizeBicubic" || op === "networkInput")) {
  test(given.name, () => {
    const { picture: letter, size, step, protocol = "unit" } = given.parameters;
    const [picture, [h, w]] = [pictureOf(given, letter as string), size as [number, number]];
    const planes =
      given.op === "networkInput"
        ? networkInput(picture, protocol as InputProtocol, h)
        : resizedPlanes(picture, protocol as InputProtocol, h, w);
    for (const [part, values] of Object.entries(summaries(planes, [h, w], step as number))) {
      const error = relativeError(values, given.dense(part).data);
      assert.ok(error < 1e-5, `${part}: ${error}`);
    }
  });
}

const NETWORKS: Record<string, (gpu: Gpu, weights: ShapedWeights) => Promise<FeatureNetwork>> = {
  fidInception: (gpu, weights) => fidInception(gpu, weights, [64, 192, 768, 2048]),
  nsfwjsInception: (gpu, weights) => kerasInception(gpu, weights, [768, 2048]),
  mobilenetTrunk,
};

for (const [kind, make] of Object.entries(NETWORKS)) {
  const given = cases.filter(({ op, parameters }) => op === "features" && parameters["network"] === kind);
  if (given.length === 0) continue;
  test(`${kind}: features of ${given.length} pictures`, async () => {
    const description = networksOf(given[0])[kind];
    const weights = weightsOf(description);
    for (const [key, element, value] of description.checks.single) {
      assert.ok(Math.abs(weights.get(key)!.data[element] - value) < 1e-6, `the formula's ${key}`);
    }
    const gpu = await testGpu(profiles[0]);
    const before = gpu.memory().liveBytes;
    const network = await make(gpu, weights);
    for (const one of given) {
      const { picture, protocol, widths } = one.parameters;
      const features = await network.features(pictureOf(one, picture as string), protocol as InputProtocol);
      for (const width of widths as number[]) {
        const error = relativeError(features.get(width)!, one.dense(`${width}`).data);
        assert.ok(error < 2e-5, `${one.name}, ${width}: ${error}`);
      }
    }
    network.dispose();
    assert.is(gpu.memory().liveBytes, before, "all its memory is given back");
  });
}

for (const given of cases.filter(({ op }) => op === "lpips")) {
  test(given.name, async () => {
    const weights = weightsOf(networksOf(given)[given.parameters["network"] as string]);
    const gpu = await testGpu(profiles[0]);
    const lpips = new Lpips(gpu, weights, weights);
    const [a, b] = (given.parameters["pictures"] as string[]).map((letter) => planesOf(pictureOf(given, letter)));
    const { value, taps } = await lpips.distance(a, b);
    const expected = given.parameters as { value: number; taps: number[] } & object;
    assert.ok(Math.abs(value / expected.value - 1) < 2e-5, `${value} for ${expected.value}`);
    for (const [tap, of] of taps.entries()) assert.ok(Math.abs(of / expected.taps[tap] - 1) < 1e-4, `tap ${tap}`);
    assert.is((await lpips.distance(a, a)).value, 0);
    lpips.dispose();
  });
}

test.run();
