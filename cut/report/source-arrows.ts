// Where the patches of a translation come from, drawn over the input: an arrow from a patch to its source, or a dot
// where that is its own place. Small pictures are enlarged and patches thinned, so that each arrow can be followed.
// Pure: no files, no GPU, no canvas.
import { type Picture, toChannels } from "../data/picture.js";
import type { Point } from "../inspection/inspected-layer.js";
import type { CorrespondenceMap, PatchMatch } from "../inspection/patch-maps.js";

/** Minimum length of a drawing's longer side in pixels. */
const MIN_SIDE = 512;
/** Maximum number of patches along the longer side. */
const MAX_PATCHES = 12;
/**
 * Arrows longer than this share of the longer side are faint: where sources are scattered they would hide all others.
 */
const LONG = 0.2;
const FAINT = 0.4;
/** Radius of a line in pixels of a drawing of 512; the rim around it is as wide again. */
const RADIUS = 1.5;
const HEAD = 9;

type Rgb = readonly [number, number, number];
const MOVED: Rgb = [224, 78, 26];
const OWN: Rgb = [28, 122, 214];
const RIM: Rgb = [255, 255, 255];

/** A regular subset of the patches, each in the middle of those that it represents. */
export function shownMatches({ matches, columns }: Pick<CorrespondenceMap, "matches" | "columns">): PatchMatch[] {
  const rows = matches.length / columns;
  const every = Math.ceil(Math.max(columns, rows) / MAX_PATCHES);
  const shown = (i: number) => i % every === every >> 1;
  return matches.filter((_, i) => shown(i % columns) && shown(Math.floor(i / columns)));
}

/** The map over the input, in whole multiples of its size. */
export function sourcesPicture(map: CorrespondenceMap, input: Picture): Picture {
  const factor = Math.max(1, Math.ceil(MIN_SIDE / Math.max(input.width, input.height)));
  const canvas = new Canvas(paleAndLarge(input, factor), (factor * Math.max(input.width, input.height)) / MIN_SIDE);
  const middle = ({ x, y }: Point) => ({ x: factor * (x + 0.5), y: factor * (y + 0.5) });
  const arrows = shownMatches(map).map(({ at, source }) => ({ from: middle(at), to: middle(source) }));
  // Short ones last: they would be hidden below those that cross the picture.
  const length = ({ from, to }: { from: Point; to: Point }) => Math.hypot(to.x - from.x, to.y - from.y);
  for (const arrow of arrows.sort((a, b) => length(b) - length(a))) {
    if (length(arrow) === 0) canvas.dot(arrow.from, OWN);
    else canvas.arrow(arrow.from, arrow.to, MOVED);
  }
  return canvas.picture;
}

/** The picture in gray, half as strong and bright, each pixel a square of `factor` pixels. */
function paleAndLarge(picture: Picture, factor: number): Picture {
  const { width, height, data } = toChannels(picture, 1);
  const [wide, high] = [factor * width, factor * height];
  const large = new Uint8Array(3 * wide * high);
  for (let y = 0, to = 0; y < high; y++) {
    for (let x = 0; x < wide; x++, to += 3) {
      large.fill(100 + data[Math.floor(y / factor) * width + Math.floor(x / factor)] / 2, to, to + 3);
    }
  }
  return { width: wide, height: high, channels: 3, data: large };
}

class Canvas {
  readonly picture: Picture;
  readonly #scale: number;

  constructor(picture: Picture, scale: number) {
    this.picture = picture;
    this.#scale = scale;
  }

  dot(at: Point, colour: Rgb): void {
    this.#line(at, at, 2.6 * RADIUS, RIM, 1);
    this.#line(at, at, 1.8 * RADIUS, colour, 1);
  }

  arrow(from: Point, to: Point, colour: Rgb): void {
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
    const head = Math.min(HEAD * this.#scale, length);
    const barb = (side: number) => ({
      x: to.x - head * (0.87 * dx - side * 0.5 * dy),
      y: to.y - head * (0.87 * dy + side * 0.5 * dx),
    });
    const faint = length > LONG * MIN_SIDE * this.#scale;
    const strokes: [radius: number, ink: Rgb, strength: number][] = faint
      ? [[RADIUS, colour, FAINT]]
      : [
          [2 * RADIUS, RIM, 1],
          [RADIUS, colour, 1],
        ];
    for (const [radius, ink, strength] of strokes) {
      this.#line(from, to, radius, ink, strength);
      for (const side of [-1, 1]) this.#line(to, barb(side), radius, ink, strength);
    }
  }

  /** Every pixel is mixed once, by how near it is to the segment: transparent lines are even along their length. */
  #line(from: Point, to: Point, radius: number, colour: Rgb, strength: number): void {
    const { width, height, data } = this.picture;
    const reach = radius * this.#scale + 0.5;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const square = dx * dx + dy * dy;
    const rows = [Math.min(from.y, to.y) - reach, Math.max(from.y, to.y) + reach];
    for (let v = Math.max(0, Math.floor(rows[0])); v <= Math.min(height - 1, rows[1]); v++) {
      // The part of the segment that can reach into the row.
      const xAt = (y: number) => from.x + dx * Math.min(1, Math.max(0, (y - from.y) / dy));
      const ends = dy === 0 ? [from.x, to.x] : [xAt(v + 0.5 - reach), xAt(v + 0.5 + reach)];
      const first = Math.max(0, Math.floor(Math.min(...ends) - reach));
      const last = Math.min(width - 1, Math.max(...ends) + reach);
      for (let u = first; u <= last; u++) {
        const [x, y] = [u + 0.5 - from.x, v + 0.5 - from.y];
        const along = square > 0 ? Math.min(1, Math.max(0, (x * dx + y * dy) / square)) : 0;
        const covered = strength * Math.min(1, Math.max(0, reach - Math.hypot(x - along * dx, y - along * dy)));
        const at = 3 * (v * width + u);
        for (let c = 0; c < 3; c++) data[at + c] += covered * (colour[c] - data[at + c]);
      }
    }
  }
}
