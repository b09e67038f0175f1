// What the demo learns: a black drawing on white paper becomes the same drawing in white lines on blue paper. This is
// the answer that it is measured against, and what B's drawings look like. Pure: the page uses it too.
import type { Picture } from "../data/picture.js";

/** sRGB of the blue paper. */
const PAPER = [28, 78, 150] as const;

/** The blueprint of a drawing, RGB: white becomes blue paper and black becomes white, and gray what lies between. */
export function blueprintOf({ width, height, channels, data: drawing }: Picture): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const ink = 1 - drawing[i * channels] / 255;
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(PAPER[c] + ink * (255 - PAPER[c]));
  }
  return { width, height, channels: 3, data };
}
