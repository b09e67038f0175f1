// Pictures of one size in rows and columns on white, as one picture, which the demo shows on a terminal and README.md
// shows. Pure.
import { type Picture, pastePicture } from "../data/picture.js";

/** White between the pictures, in pixels. */
const GAP = 6;

/** `rows` of RGB pictures, all of one size and each row of one length, as one picture. */
export function sheetOf(rows: readonly (readonly Picture[])[]): Picture {
  const [{ width: w, height: h }] = rows[0];
  const width = rows[0].length * (w + GAP) - GAP;
  const height = rows.length * (h + GAP) - GAP;
  const sheet: Picture = { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
  for (const [r, row] of rows.entries()) {
    for (const [c, picture] of row.entries()) pastePicture(picture, sheet, c * (w + GAP), r * (h + GAP));
  }
  return sheet;
}
