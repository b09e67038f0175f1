// Pictures in memory: planes and back, channels, crops, mirrors and padding.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  cropPicture,
  flattenOnWhite,
  flipPicture,
  type Picture,
  padToMultiple,
  pictureToPlanes,
  planesToPicture,
  toChannels,
} from "../../../cut/data/picture.js";

const test = suite("picture");
const picture = (width: number, height: number, channels: 1 | 3, bytes: number[]): Picture => ({
  width,
  height,
  channels,
  data: Uint8Array.from(bytes),
});

test("planes are one channel after the other, in [-1, 1]", () => {
  const planes = pictureToPlanes(picture(2, 1, 3, [0, 51, 102, 153, 204, 255]));
  const expected = [0, 153, 51, 204, 102, 255].map((v) => (v / 255) * 2 - 1);
  assert.is(planes.length, 6);
  planes.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) < 1e-7);
  });
  assert.equal([planes[0], planes[5]], [-1, 1]);
});

test("a picture made of planes is clamped, and fractions are cut off as in the reference", () => {
  const levels = [-7, -1, 0, (2 * 99.9) / 255 - 1, 1, 7, Number.NaN];
  const result = planesToPicture(Float32Array.from(levels), 1, 1, 7);
  assert.equal([...result.data], [0, 0, 127, 99, 255, 255, 0]);
});

test("channels find their way back into pixels; through planes at most the level is lost that truncation takes", () => {
  const ramp = picture(
    16,
    16,
    3,
    Array.from({ length: 768 }, (_, i) => (i * 7) % 256),
  );
  const back = planesToPicture(pictureToPlanes(ramp), 3, 16, 16);
  assert.equal([back.width, back.height, back.channels], [16, 16, 3]);
  back.data.forEach((value, i) => {
    assert.ok(ramp.data[i] - value === 0 || ramp.data[i] - value === 1);
  });
});

test("gray is the luma of ITU-R 601, and gray repeats into three channels", () => {
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 10, 10];
  assert.equal([...toChannels(picture(5, 1, 3, colours), 1).data], [76, 150, 29, 255, 10]);
  assert.equal([...toChannels(picture(2, 1, 1, [3, 200]), 3).data], [3, 3, 3, 200, 200, 200]);
});

test("alpha is laid on white", () => {
  const rgba = Uint8Array.from([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51]);
  assert.equal([...flattenOnWhite(rgba, 3, 1).data], [10, 20, 30, 255, 255, 255, 204, 224, 255]);
});

test("flip mirrors left to right and keeps the pixels whole", () => {
  const flipped = flipPicture(picture(2, 2, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
  assert.equal([...flipped.data], [4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]);
});

test("crop takes the rectangle at column and row", () => {
  const grid = picture(
    4,
    3,
    1,
    Array.from({ length: 12 }, (_, i) => i),
  );
  assert.equal([...cropPicture(grid, 1, 1, 2, 2).data], [5, 6, 9, 10]);
});

test("padding reflects without repeating the edge", () => {
  assert.equal([...padToMultiple(picture(6, 1, 1, [1, 2, 3, 4, 5, 6])).data.subarray(0, 8)], [1, 2, 3, 4, 5, 6, 5, 4]);
  // Sides shorter than what is missing swing back and forth.
  assert.equal([...padToMultiple(picture(2, 1, 1, [1, 2])).data.subarray(0, 4)], [1, 2, 1, 2]);
  assert.equal([...padToMultiple(picture(1, 1, 1, [9])).data], new Array(16).fill(9));
});

test("what is padded is cropped back exactly, at any size and multiple", () => {
  const side = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.constantFrom(1 as const, 3 as const),
      fc.integer({ min: 1, max: 9 }),
      (w, h, c, multiple) => {
        const bytes = Array.from({ length: w * h * c }, (_, i) => (i * 31) % 256);
        const padded = padToMultiple(picture(w, h, c, bytes), multiple);
        assert.equal([padded.width % multiple, padded.height % multiple], [0, 0]);
        assert.ok(padded.width - w < multiple && padded.height - h < multiple);
        assert.equal([...cropPicture(padded, 0, 0, w, h).data], bytes);
      },
    ),
    { seed: 1 },
  );
});

test.run();
