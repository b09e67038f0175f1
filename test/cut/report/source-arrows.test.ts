// Arrows from patches to their sources: where they are, and how many.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import type { PatchMatch } from "../../../cut/inspection/patch-maps.js";
import { shownMatches, sourcesPicture } from "../../../cut/report/source-arrows.js";

const gray = (width: number, height: number): Picture => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(128),
});

function mapOf(matches: PatchMatch[], columns: number) {
  const layer = { layer: 4, width: 64, height: 64, channels: 8, stride: 1, pad: 0 };
  return { ...layer, matches, columns, inPlace: 0, displacement: 0 };
}

/** Where a drawing is not the gray that it was, as pixels of the input. */
function drawn({ width, height, data }: Picture, factor: number): { left: number; right: number; y: number[] } {
  const [xs, ys]: number[][] = [[], []];
  for (let i = 0; i < width * height; i++) {
    if (data[3 * i] === 164 && data[3 * i + 1] === 164) continue;
    xs.push((i % width) / factor);
    ys.push(Math.floor(i / width) / factor);
  }
  return { left: Math.min(...xs), right: Math.max(...xs), y: [Math.min(...ys), Math.max(...ys)] };
}

test("an arrow runs from the patch to its source, its head at the source, and a dot stays where it is", () => {
  for (const side of [64, 512]) {
    const factor = 512 / side;
    const unit = side / 64;
    const arrow = { at: { x: 10 * unit, y: 32 * unit }, source: { x: 20 * unit, y: 32 * unit } };
    const picture = sourcesPicture(mapOf([arrow], 1), gray(side, side));
    assert.is(picture.width, 512);
    const { left, right, y } = drawn(picture, factor * unit);
    assert.ok(Math.abs(left - 10) < 1.2 && Math.abs(right - 20.5) < 1.2, `${left} to ${right}`);
    assert.ok(y[0] > 31 && y[1] < 34, `${y}`);
    // The head is wider than the shaft.
    const tall = (x: number) =>
      Array.from({ length: 512 }, (_, v) => picture.data[3 * (512 * v + x)]).filter((level) => level !== 164).length;
    assert.ok(tall(19.7 * 8) > 1.4 * tall(14 * 8), `${tall(158)}, ${tall(112)}`);
    const dot = drawn(sourcesPicture(mapOf([{ at: arrow.at, source: arrow.at }], 1), gray(side, side)), factor * unit);
    assert.ok(dot.left > 9.4 && dot.right < 11.5, JSON.stringify(dot));
  }
});

test("of many patches an even grid is shown, and a large picture keeps its size", () => {
  const matches = Array.from({ length: 64 * 48 }, (_, i) => {
    const at = { x: i % 64, y: Math.floor(i / 64) };
    return { at, source: at };
  });
  const shown = shownMatches({ matches, columns: 64 });
  assert.is(shown.length, 11 * 8);
  assert.equal(shown[0].at, { x: 3, y: 3 });
  assert.equal(shown.at(-1)?.at, { x: 63, y: 45 });
  assert.is(shownMatches({ matches: matches.slice(0, 12), columns: 4 }).length, 12);
  assert.is(sourcesPicture(mapOf(matches, 64), gray(600, 450)).width, 600);
});

test.run();
