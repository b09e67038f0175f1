// Pictures as the generator takes them, and its output at the size of the picture.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { padForGenerator } from "../../../cut/translation/padding.js";

const architecture = { input_nc: 3, output_nc: 1, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
const gray = (width: number, height: number) => ({
  width,
  height,
  channels: 1 as const,
  data: new Uint8Array(width * height).fill(51),
});

test("sides become multiples of 4, and of 8 where one is below 8", () => {
  const sides = ([width, height]: [number, number]) => {
    const padded = padForGenerator(gray(width, height), architecture);
    return [padded.width, padded.height];
  };
  assert.equal(sides([18, 13]), [20, 16]);
  assert.equal(sides([16, 8]), [16, 8]);
  assert.equal(sides([9, 7]), [16, 8]);
  assert.equal(sides([1, 1]), [8, 8]);
});

test("planes have the generator's channels, and its output is cropped to the picture", () => {
  const padded = padForGenerator(gray(9, 7), architecture);
  assert.is(padded.planes.length, 3 * 16 * 8);
  // Each position says its column.
  const output = Float32Array.from({ length: 16 * 8 }, (_, i) => (i % 16) / 16);
  const picture = padded.unpad(output);
  assert.equal([picture.width, picture.height, picture.channels], [9, 7, 1]);
  assert.equal([...picture.data.slice(0, 9)], [...picture.data.slice(9, 18)]);
  assert.is(picture.data[8], Math.floor(((8 / 16 + 1) / 2) * 255));
});

test.run();
