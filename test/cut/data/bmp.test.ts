// BMP files made by hand, byte by byte.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeBmp, isBmp } from "../../../cut/data/bmp.js";
import { FormatError } from "../../../engine/lib/errors.js";

const test = suite("bmp");

interface Bmp {
  width: number;
  height: number;
  bits: number;
  compression?: number;
  /** What lies between the header of 40 bytes and the pixels: masks or palette. */
  extra?: number[];
  headerSize?: number;
  rows: number[][];
}

function makeBmp({ width, height, bits, compression = 0, extra = [], headerSize = 40, rows }: Bmp): Uint8Array {
  const start = 54 + extra.length;
  const pixels = rows.flatMap((row) => [...row, ...new Array((4 - (row.length % 4)) % 4).fill(0xee)]);
  const bytes = new Uint8Array(start + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, start, true);
  view.setUint32(14, headerSize, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  bytes.set(extra, 54);
  bytes.set(pixels, start);
  return bytes;
}

const words = (...values: number[]) => values.flatMap((v) => [v & 255, (v >>> 8) & 255, (v >>> 16) & 255, v >>> 24]);
const pixelsOf = (bmp: Bmp) => [...decodeBmp(makeBmp(bmp)).data];

test("24 bits: rows from the bottom, blue first, padded to 4 bytes", () => {
  const bmp = {
    width: 1,
    height: 2,
    bits: 24,
    rows: [
      [30, 20, 10],
      [3, 2, 1],
    ],
  };
  assert.ok(isBmp(makeBmp(bmp)));
  const picture = decodeBmp(makeBmp(bmp));
  assert.equal([picture.width, picture.height, picture.channels], [1, 2, 3]);
  assert.equal([...picture.data], [1, 2, 3, 10, 20, 30]);
});

test("a negative height means rows from the top", () => {
  assert.equal(
    pixelsOf({
      width: 1,
      height: -2,
      bits: 24,
      rows: [
        [30, 20, 10],
        [3, 2, 1],
      ],
    }),
    [10, 20, 30, 1, 2, 3],
  );
});

test("palettes of 8, 4 and 1 bits", () => {
  const extra = words(0x0a1420, 0xffffff);
  const padded = (colours: number) => [...extra, ...new Array((colours - 2) * 4).fill(0)];
  const expected = [255, 255, 255, 10, 20, 32, 255, 255, 255];
  assert.equal(pixelsOf({ width: 3, height: 1, bits: 8, extra: padded(256), rows: [[1, 0, 1]] }), expected);
  assert.equal(pixelsOf({ width: 3, height: 1, bits: 4, extra: padded(16), rows: [[0x10, 0x10]] }), expected);
  assert.equal(pixelsOf({ width: 3, height: 1, bits: 1, extra, rows: [[0b10100000]] }), expected);
});

test("32 bits: the fourth byte is not alpha unless a mask says so", () => {
  assert.equal(pixelsOf({ width: 2, height: 1, bits: 32, rows: [[3, 2, 1, 0, 6, 5, 4, 77]] }), [1, 2, 3, 4, 5, 6]);
});

test("32 bits with masks: any order of the channels, alpha on white, a blank alpha is none", () => {
  const bmp = { width: 2, height: 1, bits: 32, compression: 3 };
  const rgbx = words(0xff, 0xff00, 0xff0000);
  assert.equal(pixelsOf({ ...bmp, extra: rgbx, rows: [[1, 2, 3, 9, 4, 5, 6, 9]] }), [1, 2, 3, 4, 5, 6]);
  // A header of 108 bytes holds the masks itself, and what follows them.
  const rgba = [...words(0xff, 0xff00, 0xff0000, 0xff000000), ...new Array(52).fill(0)];
  const long = { ...bmp, headerSize: 108, extra: rgba };
  assert.equal(pixelsOf({ ...long, rows: [[0, 100, 255, 51, 4, 5, 6, 255]] }), [204, 224, 255, 4, 5, 6]);
  assert.equal(pixelsOf({ ...long, rows: [[1, 2, 3, 0, 4, 5, 6, 0]] }), [1, 2, 3, 4, 5, 6]);
});

test("16 bits: five bits per channel, or six of green by masks", () => {
  const white = [0xff, 0x7f];
  const red = [0x00, 0x7c];
  assert.equal(pixelsOf({ width: 2, height: 1, bits: 16, rows: [[...white, ...red]] }), [255, 255, 255, 255, 0, 0]);
  // 255 * 3 / 31 = 24.7: PIL cuts the fraction off.
  assert.equal(pixelsOf({ width: 1, height: 1, bits: 16, rows: [[3, 0]] }), [0, 0, 24]);
  const masked = { width: 1, height: 1, bits: 16, compression: 3, extra: words(0xf800, 0x7e0, 0x1f) };
  assert.equal(pixelsOf({ ...masked, rows: [[0xe0, 0x07]] }), [0, 255, 0]);
});

test("what is cut off or compressed is refused", () => {
  const whole = makeBmp({ width: 4, height: 4, bits: 24, rows: new Array(4).fill(new Array(12).fill(1)) });
  for (const length of [2, 20, 53, whole.length - 1]) {
    assert.throws(
      () => decodeBmp(whole.subarray(0, length)),
      (error: unknown) => error instanceof FormatError,
    );
  }
  const compressed = makeBmp({ width: 1, height: 1, bits: 8, compression: 1, rows: [[0, 0, 0, 0]] });
  assert.throws(() => decodeBmp(compressed), /compressed/);
});

test.run();
