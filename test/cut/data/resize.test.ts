// PIL's results are known here from Pillow's own tests of accuracy (Tests/test_image_resample.py) and from a second,
// naive implementation of the formula in floating point.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { resizePicture } from "../../../cut/data/resize.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite("resize");

const gray = (width: number, height: number, value: (x: number, y: number) => number): Picture => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))),
});

function noise(width: number, height: number, channels: 1 | 3, seed: number): Picture {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(256));
  return { width, height, channels, data };
}

/**
 * The formula without fixed point: every output is a normalised sum over all inputs, rounded after each of two passes.
 */
function naive(picture: Picture, width: number, height: number): number[] {
  const cubic = (x: number) =>
    x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
  const resample = (line: number[], to: number) => {
    const scale = line.length / to;
    const stretch = Math.max(1, scale);
    return Array.from({ length: to }, (_, i) => {
      const weights = line.map((_, k) => cubic(Math.abs(k + 0.5 - (i + 0.5) * scale) / stretch));
      const total = weights.reduce((a, b) => a + b);
      const sum = line.reduce((s, value, k) => s + value * weights[k], 0) / total;
      return Math.min(255, Math.max(0, Math.round(sum)));
    });
  };
  const { channels } = picture;
  const result = new Array<number>(width * height * channels);
  for (let c = 0; c < channels; c++) {
    const rows = Array.from({ length: picture.height }, (_, y) => {
      const row = Array.from({ length: picture.width }, (_, x) => picture.data[(y * picture.width + x) * channels + c]);
      return resample(row, width);
    });
    for (let x = 0; x < width; x++) {
      const column = resample(
        rows.map((row) => row[x]),
        height,
      );
      column.forEach((value, y) => {
        result[(y * width + x) * channels + c] = value;
      });
    }
  }
  return result;
}

/** Two bright and two dark squares, and the upper left quarter of what PIL makes of them. */
function checkAgainstPillow(from: number, to: number, quarter: number[][]): void {
  const squares = gray(from, from, (x, y) => (x < from / 2 === y < from / 2 ? 0xe1 : 255 - 0xe1));
  const expected = gray(to, to, (x, y) => {
    const value = quarter[Math.min(y, to - 1 - y)][Math.min(x, to - 1 - x)];
    return x < to / 2 === y < to / 2 ? value : 255 - value;
  });
  assert.equal([...resizePicture(squares, to, to).data], [...expected.data]);
}

test("shrinks as Pillow does", () => {
  checkAgainstPillow(12, 6, [
    [0xe1, 0xe3, 0xd4],
    [0xe3, 0xe5, 0xd6],
    [0xd4, 0xd6, 0xc9],
  ]);
});

test("enlarges as Pillow does", () => {
  checkAgainstPillow(4, 8, [
    [0xe1, 0xe5, 0xee, 0xb9],
    [0xe5, 0xe9, 0xf3, 0xbc],
    [0xee, 0xf3, 0xfd, 0xc1],
    [0xb9, 0xbc, 0xc1, 0xa2],
  ]);
});

test("the same size gives the same pixels", () => {
  const picture = noise(13, 9, 3, 1);
  assert.equal(resizePicture(picture, 13, 9).data, picture.data);
});

test("a constant picture stays constant at any size", () => {
  for (const value of [0, 1, 127, 254, 255]) {
    const small = resizePicture(
      gray(17, 11, () => value),
      5,
      23,
    );
    assert.ok(small.data.every((v) => v === value));
    assert.equal([small.width, small.height], [5, 23]);
  }
});

test("a ramp of slope 4 halved is, away from the edges, a ramp of slope 8 through the middles of the pairs", () => {
  const ramp = gray(32, 1, (x) => 4 * x);
  const half = [...resizePicture(ramp, 16, 1).data];
  for (let x = 2; x < 14; x++) assert.is(half[x], 8 * x + 2);
});

test("an edge overshoots and is clamped, not wrapped", () => {
  const edge = gray(8, 1, (x) => (x < 4 ? 0 : 255));
  const large = [...resizePicture(edge, 16, 1).data];
  assert.is(Math.min(...large.slice(0, 8)), 0);
  assert.ok(large.slice(0, 7).every((v) => v < 10) && large.slice(9).every((v) => v > 245), `${large}`);
});

test("a single pixel can be enlarged, and anything shrunk to one pixel", () => {
  assert.ok(
    resizePicture(
      gray(1, 1, () => 9),
      5,
      4,
    ).data.every((v) => v === 9),
  );
  const one = resizePicture(noise(40, 30, 3, 2), 1, 1);
  assert.is(one.data.length, 3);
});

test("agrees with the formula in floating point within one level", () => {
  const size = fc.integer({ min: 1, max: 24 });
  fc.assert(
    fc.property(size, size, size, size, fc.constantFrom(1 as const, 3 as const), fc.nat(), (w, h, w2, h2, c, seed) => {
      const picture = noise(w, h, c, seed);
      const result = resizePicture(picture, w2, h2).data;
      const expected = naive(picture, w2, h2);
      assert.is(result.length, expected.length);
      for (let i = 0; i < result.length; i++) {
        assert.ok(Math.abs(result[i] - expected[i]) <= 1, `${result[i]} for ${expected[i]}`);
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

test.run();
