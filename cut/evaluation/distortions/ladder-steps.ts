// The distortions of the ladder, a series of known damages that test metrics: each at five levels from barely visible
// to gross, or at one where there are no degrees. Each is a function of the pixels and a seed. Pure.
import type { Random } from "../../../engine/lib/random.js";
import { flipPicture, type Picture } from "../../data/picture.js";
import { blurred, contrasted, grayed, hueTurned, inverted, noisy } from "./colours.js";
import { elasticallyWarped, pasted, quadrantsSwapped, rotated, shifted, tilesShuffled } from "./geometry.js";
import { jpegLoss } from "./jpeg-loss.js";

/**
 * What a distortion changes: colours alone, the texture, the place of things, or which things are there. A metric of
 * content may ignore the first.
 */
export type DistortionKind = "colour" | "texture" | "geometry" | "content";

export interface LadderLevel {
  /** How strong it is, with its unit; empty where there are no degrees. */
  label: string;
  /** An RGB picture distorted; `other` is another picture of its size. */
  of(picture: Picture, random: Random, other: Picture): Picture;
}

export interface Distortion {
  name: string;
  kind: DistortionKind;
  /** The weakest first. */
  levels: readonly LadderLevel[];
}

/** Pixels of a side of the tiles that are shuffled. */
const TILE = 16;

type Work = (strength: number) => LadderLevel["of"];

const graded = (
  name: string,
  kind: DistortionKind,
  unit: string,
  strengths: readonly number[],
  work: Work,
): Distortion => ({
  name,
  kind,
  levels: strengths.map((strength) => ({ label: `${strength}${unit}`, of: work(strength) })),
});

const single = (name: string, kind: DistortionKind, of: LadderLevel["of"]): Distortion => ({
  name,
  kind,
  levels: [{ label: "", of }],
});

/** Names of the distortions that criteria mention. */
export const SHIFT = "shift";
export const SWAPPED = "quadrants swapped";

/**
 * All fourteen. Shifts are of a quarter, a half, once, twice and four times the `window`, in pixels, so that they show
 * a window metric's behaviour around the edge of its window.
 */
export function ladderDistortions(window: number): Distortion[] {
  const shifts = [1 / 4, 1 / 2, 1, 2, 4].map((factor) => factor * window);
  const percent = (share: number) => share / 100;
  return [
    graded("noise", "texture", "", [5, 10, 20, 40, 80], (s) => (x, random) => noisy(x, s, random)),
    graded("blur", "texture", " px", [0.5, 1, 1.5, 2.5, 4], (s) => (x) => blurred(x, s)),
    graded("JPEG", "texture", "", [80, 40, 20, 10, 5], (s) => (x) => jpegLoss(x, s)),
    graded("contrast loss", "colour", " %", [10, 25, 50, 70, 85], (s) => (x) => contrasted(x, 1 - percent(s))),
    graded("hue turn", "colour", "°", [20, 45, 90, 135, 180], (s) => (x) => hueTurned(x, s)),
    graded(SHIFT, "geometry", " px", shifts, (s) => (x) => shifted(x, s)),
    graded("rotation", "geometry", "°", [0.5, 1, 2, 4, 8], (s) => (x) => rotated(x, s)),
    graded("elastic warp", "geometry", " px", [1, 2, 4, 8, 16], (s) => (x, random) => elasticallyWarped(x, s, random)),
    graded(
      "tiles shuffled",
      "content",
      " %",
      [5, 10, 25, 50, 100],
      (s) => (x, random) => tilesShuffled(x, percent(s), TILE, random),
    ),
    graded(
      "other content pasted",
      "content",
      " %",
      [2, 10, 25, 45, 70],
      (s) => (x, random, other) => pasted(x, other, percent(s), random),
    ),
    single("mirrored", "geometry", flipPicture),
    single(SWAPPED, "content", quadrantsSwapped),
    single("gray", "colour", grayed),
    single("inverted", "colour", inverted),
  ];
}

/** Another style of the same content: colours turned, less contrast, noise, JPEG, and inverted if asked for. */
export function restyled(picture: Picture, random: Random, inversion: boolean): Picture {
  const turned = hueTurned(picture, 60 + 240 * random.next());
  const rough = noisy(contrasted(turned, 0.5), 12, random);
  const compressed = jpegLoss(rough, 30);
  return inversion ? inverted(compressed) : compressed;
}
