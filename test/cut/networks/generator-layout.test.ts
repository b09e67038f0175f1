// The layout of the generator, against a file that the reference wrote and the facts of docs/method.md section 2.2.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  featureShapes,
  type GeneratorArchitecture,
  generatorArchitecture,
  generatorLayout,
  generatorShapes,
} from "../../../cut/networks/generator-layout.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import { generatorStateDict, parseGenerator } from "../../../cut/training/generator-file.js";
import { parsePth } from "../../../engine/formats/pth.js";
import { toFloat32 } from "../../../engine/formats/state-dict.js";
import { goldensFolder } from "../../support/goldens.js";

const paper: GeneratorArchitecture = {
  input_nc: 3,
  output_nc: 3,
  ngf: 64,
  blocks: 9,
  no_antialias: false,
  no_antialias_up: false,
};

/** All parameters together. */
const count = (architecture: GeneratorArchitecture) =>
  [...generatorShapes(architecture).values()].reduce(
    (sum, shape) => sum + shape.reduce((product, n) => product * n, 1),
    0,
  );

test("generators have the modules that nce_layers may name", () => {
  const modules = (netG: TrainOptions["netG"], no_antialias = false, no_antialias_up = false) =>
    generatorLayout(generatorArchitecture({ input_nc: 3, output_nc: 3, ngf: 64, netG, no_antialias, no_antialias_up }))
      .length;
  assert.is(modules("resnet_9blocks"), 32);
  assert.is(modules("resnet_6blocks"), 29);
  assert.is(modules("resnet_4blocks"), 27);
  assert.is(modules("resnet_9blocks", true), 30);
  assert.is(modules("resnet_9blocks", true, true), 28);
});

test("a published file has exactly the keys, shapes and filters of the layout, in its order", () => {
  const bytes = new Uint8Array(readFileSync(join(goldensFolder, "latest_net_G.pth")));
  const published = parsePth(bytes, "latest_net_G.pth").tensors;
  const { architecture, weights } = parseGenerator(bytes, "latest_net_G.pth");
  const ours = generatorStateDict(architecture, weights).tensors;
  const shapes = (tensors: typeof ours) => [...tensors].map(([key, { shape }]) => `${key} ${shape}`);
  assert.equal(shapes(ours), shapes(published));
  for (const [key, tensor] of ours) {
    if (key.endsWith(".filt")) assert.equal([...toFloat32(tensor)], [...toFloat32(published.get(key)!)], key);
  }
});

test("generators have as many parameters as the published ones", () => {
  assert.is(count(paper), 11_378_179);
  assert.is(count({ ...paper, blocks: 6 }), 7_837_699);
  assert.is(count({ ...paper, blocks: 4 }), 5_477_379);
  assert.is(count({ ...paper, no_antialias: true, no_antialias_up: true }), 11_378_179);
});

test("blocks and the last convolution stand where the published ones do", () => {
  const places = (architecture: GeneratorArchitecture) => {
    const layout = generatorLayout(architecture);
    const blocks = layout.filter(({ kind }) => kind === "block").map(({ index }) => index);
    const last = layout.filter(({ kind }) => kind === "convolution").at(-1);
    return [blocks[0], blocks.at(-1), last?.index];
  };
  assert.equal(places(paper), [12, 20, 30]);
  assert.equal(places({ ...paper, blocks: 4 }), [12, 15, 25]);
  assert.equal(places({ ...paper, no_antialias: true, no_antialias_up: true }), [10, 18, 26]);
});

test("feature maps have the sizes of the method's table, with and without anti-aliasing", () => {
  const taps = [0, 4, 7, 8, 12, 16, 22, 26, 29, 31];
  assert.equal(featureShapes(paper, taps, 256, 128).map(String), [
    "3,262,134",
    "128,256,128",
    "128,128,64",
    "256,128,64",
    "256,64,32",
    "256,64,32",
    "128,128,64",
    "64,256,128",
    "64,262,134",
    "3,256,128",
  ]);
  const plain = { ...paper, no_antialias: true, no_antialias_up: true };
  assert.equal(featureShapes(plain, [0, 4, 7, 19, 22], 256, 256).map(String), [
    "3,262,262",
    "128,128,128",
    "256,64,64",
    "128,128,128",
    "64,256,256",
  ]);
});

test.run();
