// The demo's data set: line drawings of OpenMoji (openmoji.org, CC BY-SA 4.0). A is one half of the code points in
// chalk on a blackboard, B blueprints of the other half, so no picture of A has its answer in B and training is truly
// unpaired; 40 held-out code points are drawn both ways and give true answers. Written as the folders that
// `cutgpu train` takes (trainA, trainB, testA, testB).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import type { Picture } from "../data/picture.js";
import { makeFolder } from "../files/atomic-files.js";
import { writePicture } from "../files/decode.js";
import { loadSharp } from "../files/sharp.js";
import { blueprintOf, chalkOf } from "./blueprint.js";

const HELD_OUT = 40;
/** Groups with drawings of their own: flags are mostly colour, and people are the same drawing many times over. */
const GROUPS = ["smileys-emotion", "animals-nature", "food-drink", "travel-places", "activities", "objects", "symbols"];

export interface Emoji {
  hexcode: string;
  group: string;
  /** Its name in words. */
  annotation: string;
  /** The black drawing. */
  file: string;
}

/** The code points of the three parts of the data set. */
export interface Drawings {
  A: Emoji[];
  B: Emoji[];
  heldOut: Emoji[];
}

/** The folder of the package's drawings. Throws a CutgpuError where it is not installed. */
function openMojiFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("openmoji/package.json"));
  } catch {
    throw new CutgpuError(
      "OPENMOJI",
      "the demo draws its pictures from the package openmoji, which is not installed",
      "Install it with `npm install openmoji@17.0.0`, or run the demo in a clone of the project.",
    );
  }
}

/** Which drawings are A, which B and which are held out; always the same. Throws a CutgpuError without the package. */
export function chooseDrawings(): Drawings {
  const folder = openMojiFolder();
  const all = JSON.parse(readFileSync(join(folder, "data", "openmoji.json"), "utf8")) as Omit<Emoji, "file">[];
  const sorted = all
    .map((emoji): Emoji => ({ ...emoji, file: join(folder, "black", "svg", `${emoji.hexcode}.svg`) }))
    .filter(({ group, file }) => GROUPS.includes(group) && existsSync(file))
    .sort((a, b) => (a.hexcode < b.hexcode ? -1 : 1));
  const shuffled = [...new Random(17).permutation(sorted.length)].map((i) => sorted[i]);
  const half = HELD_OUT + Math.floor((shuffled.length - HELD_OUT) / 2);
  return { heldOut: shuffled.slice(0, HELD_OUT), A: shuffled.slice(HELD_OUT, half), B: shuffled.slice(half) };
}

/** The black drawing on white, `size` pixels wide and high, gray. */
export async function drawEmoji({ file }: Emoji, size: number): Promise<Picture> {
  const sharp = await loadSharp();
  // The drawings are 72 units wide; they are drawn large and then made small, which keeps thin lines even.
  const { data, info } = await sharp(file, { density: 4 * size })
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = await sharp(data, { raw: info })
    .resize(size, size, { kernel: "lanczos3" })
    .toColourspace("b-w")
    .raw()
    .toBuffer();
  return { width: size, height: size, channels: 1, data: new Uint8Array(pixels) };
}

/**
 * Draws the data set into `folder`: the first `count` drawings of A and of B at all of `sizes` (in pixels), held-out
 * ones at the first. `onDraw` is called after every picture. Returns the held-out drawings. Throws the signal's reason
 * when it is aborted.
 */
export async function drawOpenMoji(
  folder: string,
  { count, sizes }: { count: number; sizes: readonly number[] },
  onDraw: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Emoji[]> {
  const { A, B, heldOut } = chooseDrawings();
  const jobs = [
    ...A.slice(0, count).flatMap((emoji) => sizes.map((size) => ({ emoji, size, sides: { trainA: chalkOf } }))),
    ...B.slice(0, count).flatMap((emoji) => sizes.map((size) => ({ emoji, size, sides: { trainB: blueprintOf } }))),
    ...heldOut.map((emoji) => ({ emoji, size: sizes[0], sides: { testA: chalkOf, testB: blueprintOf } })),
  ];
  for (const name of ["trainA", "trainB", "testA", "testB"]) makeFolder(join(folder, name));
  let done = 0;
  const next = jobs.values();
  const worker = async () => {
    for (const { emoji, size, sides } of next) {
      if (signal.aborted) return;
      const drawing = await drawEmoji(emoji, size);
      const name = size === sizes[0] ? emoji.hexcode : `${emoji.hexcode}-${size}`;
      for (const [side, style] of Object.entries(sides)) {
        await writePicture(join(folder, side, `${name}.png`), style(drawing));
      }
      onDraw(++done, jobs.length);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  signal.throwIfAborted();
  return heldOut;
}
