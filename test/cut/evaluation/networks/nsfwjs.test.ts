// The networks of the real package nsfwjs, by the names that users give: features held to the package's own description
// of its models, run layer by layer in float64, and KID to its formula on them. Nothing of TensorFlow.js is needed, for
// which nsfwjs asks: an override in package.json puts a package in its place that is there already.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { featuresOf } from "../../../../cut/cli/evaluation-networks.js";
import { networkInput } from "../../../../cut/evaluation/networks/input.js";
import { type NsfwjsModel, nsfwjsWeights } from "../../../../cut/evaluation/networks/nsfwjs.js";
import { readPicture } from "../../../../cut/files/decode.js";
import { assertStatus, cutgpu, makePicture } from "../../../support/command.js";
import { relativeError } from "../../../support/goldens.js";
import { profiles, testGpu } from "../../../support/gpu.js";
import { type KerasLayer, kerasFeatures, layersUpTo } from "../../../support/keras-graph.js";

const test = suite("the package nsfwjs");

const IDS = [0, 1, 2, 3];
let folder: string;
const pictureAt = (set: string, i: number) => join(folder, set, `${i}.png`);
const extractorOf = async (name: string) => (await featuresOf(name, "pytorch-fid"))!(await testGpu(profiles[0]));

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cutgpu-nsfwjs-"));
  for (const i of IDS) {
    await makePicture(pictureAt("reals", i), { width: 40, height: 32, seed: i });
    await makePicture(pictureAt("fakes", i), { width: 40, height: 32, seed: i + 50 });
  }
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const NETWORKS = [
  ["mobilenet", "mnv2-96", "8e7dddbb", "mobilenet_v2", 224, "block_10_project_BN", 317_120],
  ["inception", "inception-768", "8a457f3f", "inception_v3", 299, "mixed5", 5_138_656],
] as const;

for (const [name, network, hash, model, side, end, numbers] of NETWORKS) {
  test(`${name}: features of a picture are those of the package's own graph`, async () => {
    const [definition] = Object.values(await import(`nsfwjs/models/${model}`)) as NsfwjsModel[];
    const json = (await definition.modelJson()).default as {
      modelTopology: { model_config: { config: { layers: KerasLayer[] } } };
    };
    const { layers } = json.modelTopology.model_config.config;
    const { weights } = await nsfwjsWeights(definition);
    const used = layersUpTo(layers, end);
    assert.not.ok(
      used.some(({ config }) => config.trainable),
      "all of it is as it was published",
    );
    const own = [...weights].filter(([key]) => used.some((layer) => key.startsWith(`${layer.name}/`)));
    assert.is(
      own.reduce((sum, [, { data }]) => sum + data.length, 0),
      numbers,
    );

    const picture = await readPicture(pictureAt("reals", 0), 3);
    const extractor = await extractorOf(name);
    assert.is(extractor.network, network);
    assert.match(extractor.protocol, `SHA-256 ${hash}`);
    const expected = kerasFeatures(layers, weights, end, networkInput(picture, "unit", side));
    const error = relativeError(await extractor.extract(picture), expected);
    assert.ok(error < 2e-5, `${error}`);
    extractor.dispose?.();
  });
}

test("KID between two folders is its formula on these features", async () => {
  const args = ["--fakes", "fakes", "--reals", "reals", "--features", "mobilenet", "--json", "figures.json"];
  const result = await cutgpu(["evaluate", ...args], { cwd: folder });
  assertStatus(result, 0);
  assert.match(result.stdout, /KID-mnv2-96 /);
  assert.not.match(result.stdout, "FID");

  const extractor = await extractorOf("mobilenet");
  const of = (set: string) =>
    Promise.all(IDS.map(async (i) => Array.from(await extractor.extract(await readPicture(pictureAt(set, i), 3)))));
  const [fakes, reals] = [await of("fakes"), await of("reals")];
  extractor.dispose?.();
  const kernel = (a: number[], b: number[]) => (a.reduce((sum, v, i) => sum + v * b[i], 0) / 96 + 1) ** 3;
  const mean = (a: number[][], b: number[][]) => {
    const each = a.flatMap((x) => b.filter((y) => y !== x).map((y) => kernel(x, y)));
    return each.reduce((sum, value) => sum + value, 0) / each.length;
  };
  const expected = 1000 * (mean(fakes, fakes) + mean(reals, reals) - 2 * mean(fakes, reals));
  const { figures } = JSON.parse(readFileSync(join(folder, "figures.json"), "utf8"));
  const { value } = figures.find(({ name }: { name: string }) => name === "KID-mnv2-96");
  assert.ok(Math.abs(value / expected - 1) < 1e-5, `${value} for ${expected}`);
});

test.run();
