// The layout of the discriminators, against the sizes and parameters of the reference's (docs/method.md section 2.3).
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type DiscriminatorArchitecture,
  discriminatorLayout,
  discriminatorOutputSize,
  discriminatorShapes,
} from "../../../cut/networks/discriminator-layout.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";

const basic: DiscriminatorArchitecture = {
  input_nc: 3,
  ndf: 64,
  netD: "basic",
  n_layers_D: 3,
  normD: "instance",
  no_antialias: false,
};
/** The module of a key. */
const indicesOf = (architecture: DiscriminatorArchitecture) =>
  [...discriminatorShapes(architecture).keys()].filter((key) => key.endsWith(".weight")).map((key) => key.slice(0, -7));

test("convolutions have the published keys", () => {
  assert.equal(indicesOf(basic), ["model.0", "model.3", "model.7", "model.11", "model.14"]);
  assert.equal(indicesOf({ ...basic, no_antialias: true }), ["model.0", "model.2", "model.5", "model.8", "model.11"]);
  assert.equal(indicesOf({ ...basic, netD: "pixel" }), ["net.0", "net.2", "net.5"]);
});

test("parameters are as many as the published ones", () => {
  const counts = [...discriminatorShapes(basic).values()].map((shape) => shape.reduce((product, n) => product * n, 1));
  // Weight and bias of each convolution together.
  const sums = counts.flatMap((count, i) => (i % 2 === 0 ? [count + counts[i + 1]] : []));
  assert.equal(sums, [3136, 131200, 524544, 2097664, 8193]);
});

test("without norms, layers that had one have no bias, keys stay, and activations are their own", () => {
  const biased = (netD: TrainOptions["netD"]) =>
    [...discriminatorShapes({ ...basic, netD, normD: "none" }).keys()].filter((key) => key.endsWith(".bias"));
  assert.equal(biased("basic"), ["model.0.bias", "model.14.bias"]);
  assert.equal(biased("pixel"), ["net.0.bias"]);
  assert.equal(indicesOf({ ...basic, normD: "none" }), indicesOf(basic));
  const kinds = discriminatorLayout({ ...basic, normD: "none" }).map(({ kind }) => kind);
  assert.equal(kinds.slice(3, 6), ["convolution", "identity", "activation"]);
  assert.not(kinds.includes("norm"));
});

test("channels end at 8 ndf", () => {
  const shapes = discriminatorShapes({ ...basic, netD: "n_layers", n_layers_D: 6 });
  assert.is(Math.max(...[...shapes.values()].map(([channels]) => channels)), 512);
  assert.is(discriminatorLayout({ ...basic, netD: "n_layers", n_layers_D: 1 }).at(-1)?.index, 6);
});

test("discriminators answer with a map of the reference's size", () => {
  const size = (netD: TrainOptions["netD"], n_layers_D: number, no_antialias = false) =>
    discriminatorOutputSize({ netD, n_layers_D, no_antialias }, 256);
  assert.is(size("basic", 5), 30);
  assert.is(size("basic", 3, true), 30);
  assert.is(size("n_layers", 2), 62);
  assert.is(size("n_layers", 4), 14);
  assert.is(size("n_layers", 5), 6);
  assert.is(size("pixel", 3), 256);
});

test.run();
