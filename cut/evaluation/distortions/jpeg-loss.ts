// The loss of JPEG compression, without a file: YCbCr, the cosine transform of blocks of 8 x 8, rounding by the tables
// of the standard (ITU-T T.81, annex K) scaled to a quality as libjpeg does, and back. All channels at full size. Pure.
import type { Picture } from "../../data/picture.js";

const LUMA = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat();
/** The corner of the table for colour that is not 99. */
const CHROMA_CORNER = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56, 99],
  [47, 66, 99, 99],
];
const CHROMA = Array.from({ length: 64 }, (_, i) => CHROMA_CORNER[i >> 3]?.[i & 7] ?? 99);

/** COSINE[k * 8 + x]: the orthonormal transform of a line of 8. */
const COSINE = Float64Array.from({ length: 64 }, (_, i) => {
  const [k, x] = [i >> 3, i & 7];
  return Math.cos(((2 * x + 1) * k * Math.PI) / 16) * (k === 0 ? Math.sqrt(1 / 8) : 1 / 2);
});

/** Transforms a block [8, 8] along both axes, or back. */
function transformed(block: Float64Array, back: boolean): Float64Array {
  const factor = (to: number, from: number) => (back ? COSINE[from * 8 + to] : COSINE[to * 8 + from]);
  const rows = new Float64Array(64);
  const result = new Float64Array(64);
  for (let y = 0; y < 8; y++) {
    for (let k = 0; k < 8; k++) for (let x = 0; x < 8; x++) rows[y * 8 + k] += factor(k, x) * block[y * 8 + x];
  }
  for (let k = 0; k < 8; k++) {
    for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) result[k * 8 + x] += factor(k, y) * rows[y * 8 + x];
  }
  return result;
}

/** The divisors of a quality from 1 to 100. */
function tableOf(table: readonly number[], quality: number): number[] {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return table.map((value) => Math.max(1, Math.min(255, Math.floor((value * scale + 50) / 100))));
}

/** A plane [height, width] of a channel about 0, block by block; what lies beyond an edge repeats it. */
function rounded(plane: Float64Array, width: number, height: number, table: readonly number[]): void {
  const block = new Float64Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const place = (i: number) => Math.min(top + (i >> 3), height - 1) * width + Math.min(left + (i & 7), width - 1);
      for (let i = 0; i < 64; i++) block[i] = plane[place(i)];
      const coefficients = transformed(block, false).map((value, i) => Math.round(value / table[i]) * table[i]);
      const pixels = transformed(coefficients, true);
      for (let i = 0; i < 64; i++) {
        if (top + (i >> 3) < height && left + (i & 7) < width) plane[place(i)] = pixels[i];
      }
    }
  }
}

/** An RGB picture after JPEG compression of this quality, 1 to 100. */
export function jpegLoss({ width, height, channels, data }: Picture, quality: number): Picture {
  const area = width * height;
  const [luma, blue, red] = [0, 1, 2].map(() => new Float64Array(area));
  for (let i = 0; i < area; i++) {
    const [r, g, b] = data.subarray(3 * i, 3 * i + 3);
    const y = 0.299 * r + 0.587 * g + 0.114 * b;
    luma[i] = y - 128;
    blue[i] = (b - y) / 1.772;
    red[i] = (r - y) / 1.402;
  }
  rounded(luma, width, height, tableOf(LUMA, quality));
  for (const plane of [blue, red]) rounded(plane, width, height, tableOf(CHROMA, quality));
  const result = new Uint8ClampedArray(3 * area);
  for (let i = 0; i < area; i++) {
    const y = luma[i] + 128;
    const [r, b] = [y + 1.402 * red[i], y + 1.772 * blue[i]];
    result.set([r, (y - 0.299 * r - 0.114 * b) / 0.587, b], 3 * i);
  }
  return { width, height, channels, data: new Uint8Array(result.buffer) };
}
