// The demo's data set: OpenMoji (openmoji.org, CC BY-SA 4.0), line drawings to colour. A is the black drawing of one
// half of the code points and B the colour drawing of the other half, so no picture of A has its answer in B and
// training is truly unpaired; 40 held-out code points are drawn both ways and give true answers. Written as the folders
// that `cutgpu train` takes (trainA, trainB, testA, testB).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { Random } from "../../engine/random.js";
import { makeFolder } from "../files/atomic-files.js";
import { loadSharp } from "../files/sharp.js";

const HELD_OUT = 40;
/** Groups whose colours can be guessed from their lines; flags and the many skin tones cannot. */
const GROUPS = ["smileys-emotion", "animals-nature", "food-drink", "travel-places", "activities", "objects", "symbols"];

interface Emoji {
  hexcode: string;
  group: string;
  /** Its name in words. */
  annotation: string;
}

/** Where the package's drawings are. Throws a CutgpuError where it is not installed. */
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

/**
 * Draws the data set into `folder` at `size` pixels. `onDraw` hears of every picture. Returns the held-out drawings.
 * Throws the signal's reason when it is aborted.
 */
export async function drawOpenMoji(
  folder: string,
  size: number,
  onDraw: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<{ code: string; name: string }[]> {
  const source = openMojiFolder();
  const all = JSON.parse(readFileSync(join(source, "data", "openmoji.json"), "utf8")) as Emoji[];
  const drawing = (style: string, code: string) => join(source, style, "svg", `${code}.svg`);
  const codes = all
    .filter(({ group, hexcode }) => GROUPS.includes(group) && existsSync(drawing("black", hexcode)))
    .map(({ hexcode }) => hexcode)
    .sort();
  const shuffled = [...new Random(17).permutation(codes.length)].map((i) => codes[i]);
  const heldOut = shuffled.slice(0, HELD_OUT);
  const half = HELD_OUT + Math.floor((shuffled.length - HELD_OUT) / 2);
  const jobs: [string, string, string][] = [
    ...shuffled.slice(HELD_OUT, half).map((code): [string, string, string] => ["trainA", "black", code]),
    ...shuffled.slice(half).map((code): [string, string, string] => ["trainB", "color", code]),
    ...heldOut.flatMap((code): [string, string, string][] => [
      ["testA", "black", code],
      ["testB", "color", code],
    ]),
  ];
  for (const name of ["trainA", "trainB", "testA", "testB"]) makeFolder(join(folder, name));
  let done = 0;
  const next = jobs.values();
  const sharp = await loadSharp();
  const worker = async () => {
    for (const [name, style, code] of next) {
      if (signal.aborted) return;
      // The drawings are 72 units wide; they are drawn large and then made small, which keeps thin lines even.
      const large = await sharp(drawing(style, code), { density: 72 * Math.max(1, (4 * size) / 72) })
        .flatten({ background: "white" })
        .toColourspace("srgb")
        .raw()
        .toBuffer({ resolveWithObject: true });
      await sharp(large.data, { raw: large.info })
        .resize(size, size, { kernel: "lanczos3" })
        .png()
        .toFile(join(folder, name, `${code}.png`));
      onDraw(++done, jobs.length);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  signal.throwIfAborted();
  const names = new Map(all.map(({ hexcode, annotation }) => [hexcode, annotation]));
  return heldOut.map((code) => ({ code, name: names.get(code) ?? code }));
}
