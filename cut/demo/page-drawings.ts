// Makes the sheet of drawings that comes with the page: `node dist/cut/demo/page-drawings.js`. A few grays are enough
// for the smooth edges of black lines, and keep the file small.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadSharp } from "../files/sharp.js";
import { type Cell, drawingCell, EXAMPLES, exampleCell, PER_SIDE, SHEET_HEIGHT, SHEET_WIDTH } from "./drawing-sheet.js";
import { chooseDrawings, drawEmoji, type Emoji } from "./openmoji.js";

const GRAYS = 8;
const target = fileURLToPath(new URL("../../../cut/web/drawings.png", import.meta.url));
const sheet = new Uint8Array(SHEET_WIDTH * SHEET_HEIGHT).fill(255);

async function put(emoji: Emoji, { left, top, size }: Cell): Promise<void> {
  const { data } = await drawEmoji(emoji, size);
  const step = 255 / (GRAYS - 1);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      sheet[(top + y) * SHEET_WIDTH + left + x] = Math.round(step * Math.round(data[y * size + x] / step));
    }
  }
}

const { A, B, heldOut } = chooseDrawings();
for (const [i, name] of EXAMPLES.entries()) {
  const emoji = heldOut.find(({ annotation }) => annotation === name);
  if (!emoji) throw new Error(`"${name}" is not among the held-out drawings.`);
  await put(emoji, exampleCell(i));
}
for (const [side, all] of Object.entries({ A, B }) as ["A" | "B", Emoji[]][]) {
  // Symbols are plain shapes and letters, with little to learn from.
  const drawings = all.filter(({ group }) => group !== "symbols").slice(0, PER_SIDE);
  for (const [i, emoji] of drawings.entries()) await put(emoji, drawingCell(side, i));
}

const sharp = await loadSharp();
const png = await sharp(sheet, { raw: { width: SHEET_WIDTH, height: SHEET_HEIGHT, channels: 1 } })
  .png({ palette: true, colours: GRAYS, dither: 0, compressionLevel: 9, effort: 10 })
  .toBuffer();
writeFileSync(target, png);
console.log(`${target}: ${EXAMPLES.length + 2 * PER_SIDE} drawings, ${(png.length / 1e3).toFixed(1)} kB`);
