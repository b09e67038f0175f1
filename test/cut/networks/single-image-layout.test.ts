// SinCUT's networks at their published size: keys, shapes and numbers of parameters as the authors' files have them.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  discriminatorChannels,
  encoderTap,
  singleImageArchitecture,
  singleImageArchitectureOf,
  singleImageDiscriminatorShapes,
  singleImageEntries,
  singleImageShapes,
} from "../../../cut/networks/single-image-layout.js";

const test = suite("single-image layout");

const published = { input_nc: 3, output_nc: 3, ngf: 10, ndf: 8, crop_size: 64 };
const countOf = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce((total, shape) => total + shape.reduce((product, n) => product * n, 1), 0);

test("the published networks have as many parameters as the authors'", () => {
  const architecture = singleImageArchitecture(published);
  assert.equal(architecture.channels, [80, 160]);
  assert.is(countOf(singleImageShapes(architecture)), 3_068_404);
  assert.equal(discriminatorChannels(published), [32, 64, 128, 256, 384]);
  assert.is(countOf(singleImageDiscriminatorShapes(3, discriminatorChannels(published))), 5_885_473);
});

test("keys are the published ones, blur filters among them", () => {
  const entries = new Map(singleImageEntries(singleImageArchitecture(published)).map(([key, shape]) => [key, shape]));
  assert.equal(entries.get("encoder.convs.2.conv2.0.kernel"), [4, 4]);
  assert.equal(entries.get("encoder.convs.2.skip.1.weight"), [160, 80, 1, 1]);
  assert.equal(entries.get("decoder.convs.3.conv.weight"), [1, 80, 160, 3, 3]);
  assert.equal(entries.get("decoder.convs.3.conv.blur.kernel"), [4, 4]);
  assert.equal(entries.get("decoder.convs.4.1.bias"), [1, 3, 1, 1]);
  const shapes = singleImageDiscriminatorShapes(3, discriminatorChannels(published));
  assert.equal(shapes.get("convs.4.conv2.1.weight"), [384, 256, 3, 3]);
  assert.equal(shapes.get("final_linear.0.weight"), [384, 6144]);
});

test("an architecture is read back from its shapes", () => {
  const architecture = singleImageArchitecture({ ...published, ngf: 3, crop_size: 32 });
  const shapes = singleImageShapes(architecture);
  assert.equal(
    singleImageArchitectureOf((key) => shapes.get(key)),
    architecture,
  );
  assert.is(
    singleImageArchitectureOf(() => undefined),
    null,
  );
  assert.equal(
    [0, 1, 2, 5].map((index) => encoderTap(architecture, index)),
    [
      { channels: 3, scale: 1, pad: 0 },
      { channels: 48, scale: 1, pad: 0 },
      { channels: 96, scale: 2, pad: 0 },
      { channels: 96, scale: 2, pad: 0 },
    ],
  );
});

test.run();
