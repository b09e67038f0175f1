// The demo's task: a chalk drawing on a blackboard becomes the same drawing as a blueprint. Both are made of one
// drawing in black on white, so that held-out drawings have true answers. Chalk and not ink: if bright paper had to
// become dark, neither the GAN loss nor PatchNCE would determine whether an outline or its two edges become white, and
// many trainings end in doubled or shifted lines. Pure: the page uses it too.
import type { Picture } from "../data/picture.js";

/** sRGB of the blue paper. */
const PAPER = [28, 78, 150] as const;

/** A drawing in black on white as chalk on a blackboard: RGB, tones reversed. */
export const chalkOf = (drawing: Picture): Picture => drawnOn(drawing, [0, 0, 0]);

/** A drawing in black on white as its blueprint: RGB, white lines on blue paper. */
export const blueprintOf = (drawing: Picture): Picture => drawnOn(drawing, PAPER);

/** White ink on a ground, as much as the drawing is black. */
function drawnOn({ width, height, channels, data: drawing }: Picture, ground: readonly number[]): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const ink = 1 - drawing[i * channels] / 255;
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(ground[c] + ink * (255 - ground[c]));
  }
  return { width, height, channels: 3, data };
}
