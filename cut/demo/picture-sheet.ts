// Pictures of one size in rows and columns on white, as one picture, which the demo shows on a terminal and README.md
// shows. Pure.
import type { Picture } from "../data/picture.js";

/** White between the pictures, in pixels. */
const GAP = 6;

/** `rows` of RGB pictures, all of one size and each row of one length, as one picture. */
export function sheetOf(rows: readonly (readonly Picture[])[]): Picture {
  const [{ width: w, height: h }] = rows[0];
  const width = rows[0].length * (w + GAP) - GAP;
  const height = rows.length * (h + GAP) - GAP;
  const data = new Uint8Array(width * height * 3).fill(255);
  rows.forEach((row, r) => {
    row.forEach((picture, c) => {
      for (let y = 0; y < h; y++) {
        const line = picture.data.subarray(y * w * 3, (y + 1) * w * 3);
        data.set(line, ((r * (h + GAP) + y) * width + c * (w + GAP)) * 3);
      }
    });
  });
  return { width, height, channels: 3, data };
}
