// The free pictures of docs/patch-metric.md: scenes of OpenMoji's colour drawings (openmoji.org, CC BY-SA 4.0) on
// grounds of random clouds, drawn from a seed, all of one size and each with textures and objects of its own. Writes
// them into the given folder (CONTRIBUTING.md says when to run it).
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../../engine/lib/random.js";
import type { Picture } from "../data/picture.js";
import { makeFolder } from "../files/atomic-files.js";
import { writePicture } from "../files/decode.js";
import { loadSharp } from "../files/sharp.js";
import { chooseDrawings, type Emoji } from "./openmoji.js";

const COUNT = 32;
/** Pixels of a side. */
const SIDE = 128;

/**
 * Smooth random numbers from 0 to 1 on [SIDE, SIDE]: sums of grids of random corners, each twice as fine as the one
 * before and `rough` times as strong.
 */
function clouds(rough: number, random: Random): Float64Array {
  const result = new Float64Array(SIDE * SIDE);
  let total = 0;
  for (let cells = 2, weight = 1; cells <= 64; cells *= 2, weight *= rough) {
    total += weight;
    const corners = Float64Array.from({ length: (cells + 1) ** 2 }, () => random.next());
    for (let i = 0; i < result.length; i++) {
      const [u, v] = [((i % SIDE) * cells) / SIDE, (Math.floor(i / SIDE) * cells) / SIDE];
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [along, down] = [u - left, v - top];
      const at = top * (cells + 1) + left;
      const above = (1 - along) * corners[at] + along * corners[at + 1];
      const below = (1 - along) * corners[at + cells + 1] + along * corners[at + cells + 2];
      result[i] += weight * ((1 - down) * above + down * below);
    }
  }
  return result.map((value) => value / total);
}

/** Waves from 0 to 1 in a random direction, 4 to 24 pixels long, on [SIDE, SIDE]. */
function waves(random: Random): Float64Array {
  const [angle, length] = [Math.PI * random.next(), 4 + 20 * random.next()];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)].map((part) => (2 * Math.PI * part) / length);
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    return 0.5 + 0.5 * Math.sin(cos * (i % SIDE) + sin * Math.floor(i / SIDE));
  });
}

/** Between two random colours, clouds from smooth to rough, and waves from none to strong. */
function ground(random: Random): Uint8ClampedArray {
  const [cloudy, wavy, share] = [clouds(0.3 + 0.7 * random.next(), random), waves(random), 0.5 * random.next()];
  const [low, high] = [0, 1].map(() => [0, 1, 2].map(() => 255 * random.next()));
  const data = new Uint8ClampedArray(3 * SIDE * SIDE);
  for (let i = 0; i < data.length; i++) {
    const value = (1 - share) * cloudy[Math.floor(i / 3)] + share * wavy[Math.floor(i / 3)];
    data[i] = low[i % 3] + value * (high[i % 3] - low[i % 3]);
  }
  return data;
}

/** A ground with a few large or many small drawings on it, RGB. */
async function scene(drawings: readonly Emoji[], random: Random): Promise<Picture> {
  const sharp = await loadSharp();
  const data = ground(random);
  const largest = 24 + random.integer(80);
  const count = Math.round((1.5 * SIDE * SIDE) / largest ** 2) + 2;
  for (let n = 0; n < count; n++) {
    const { file } = drawings[random.integer(drawings.length)];
    const size = Math.round(largest * (0.5 + 0.5 * random.next()));
    const [left, top] = [0, 1].map(() => random.integer(SIDE) - (size >> 1));
    const colour = file.replace("/black/", "/color/");
    const drawn = await sharp(colour, { density: 2 * size })
      .resize(size, size)
      .ensureAlpha()
      .raw()
      .toBuffer();
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const [column, row, from] = [left + x, top + y, 4 * (y * size + x)];
        if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) continue;
        const alpha = drawn[from + 3] / 255;
        for (let c = 0; c < 3; c++) {
          const to = 3 * (row * SIDE + column) + c;
          data[to] = (1 - alpha) * data[to] + alpha * drawn[from + c];
        }
      }
    }
  }
  return { width: SIDE, height: SIDE, channels: 3, data: new Uint8Array(data.buffer) };
}

async function main(folder: string): Promise<void> {
  const { A, B } = chooseDrawings();
  // Symbols are plain shapes and letters.
  const drawings = [...A, ...B].filter(({ group }) => group !== "symbols");
  const random = new Random(29);
  makeFolder(folder);
  for (let i = 0; i < COUNT; i++) {
    const name = `scene-${String(i + 1).padStart(2, "0")}.png`;
    await writePicture(join(folder, name), await scene(drawings, random));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? "ladder-scenes");
