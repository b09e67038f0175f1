// The committed sheet of drawings is the one that its layout describes: a drawing in every cell, none in two.
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cropPicture } from "../../../cut/data/picture.js";
import {
  type Cell,
  drawingCell,
  EXAMPLES,
  exampleCell,
  PER_SIDE,
  SHEET_HEIGHT,
  SHEET_WIDTH,
} from "../../../cut/demo/drawing-sheet.js";
import { readPicture } from "../../../cut/files/decode.js";
import { projectFolder } from "../../support/command.js";

const all = (cell: (i: number) => Cell, count: number) => Array.from({ length: count }, (_, i) => cell(i));
const cells = [
  ...all(exampleCell, EXAMPLES.length),
  ...all((i) => drawingCell("A", i), PER_SIDE),
  ...all((i) => drawingCell("B", i), PER_SIDE),
];

test("every cell holds a drawing whose edge is white", async () => {
  const sheet = await readPicture(join(projectFolder, "cut/web/drawings.png"), 1);
  assert.equal([sheet.width, sheet.height], [SHEET_WIDTH, SHEET_HEIGHT]);
  for (const { left, top, size } of cells) {
    const { data } = cropPicture(sheet, left, top, size, size);
    const ink = data.reduce((sum, gray) => sum + 255 - gray, 0) / 255 / data.length;
    assert.ok(ink > 0.01 && ink < 0.6, `${left}, ${top}: ${ink} of it is black`);
    assert.ok(
      data.subarray(0, size).every((gray) => gray === 255),
      `${left}, ${top}: the first row`,
    );
  }
});

test("no two cells share a pixel", () => {
  const taken = new Uint8Array(SHEET_WIDTH * SHEET_HEIGHT);
  for (const { left, top, size } of cells) {
    for (let y = top; y < top + size; y++) {
      const row = taken.subarray(y * SHEET_WIDTH + left, y * SHEET_WIDTH + left + size);
      assert.ok(!row.includes(1), `${left}, ${top}`);
      row.fill(1);
    }
  }
});

test.run();
