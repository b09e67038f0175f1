// The demo's pictures: blueprints of drawings, and sheets of pictures.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { blueprintOf, chalkOf } from "../../../cut/demo/blueprint.js";
import { sheetOf } from "../../../cut/demo/picture-sheet.js";

test("white becomes blue paper or blackboard, black becomes white, gray lies between", () => {
  const drawing = { width: 3, height: 1, channels: 1 as const, data: Uint8Array.of(255, 0, 128) };
  const { channels, data } = blueprintOf(drawing);
  assert.is(channels, 3);
  assert.equal([...data], [28, 78, 150, 255, 255, 255, 141, 166, 202]);
  assert.equal([...chalkOf(drawing).data], [0, 0, 0, 255, 255, 255, 127, 127, 127]);
  const rgb = { width: 1, height: 1, channels: 3 as const, data: Uint8Array.of(0, 0, 0) };
  assert.equal([...blueprintOf(rgb).data], [255, 255, 255]);
});

test("a sheet has every picture in its place, and white between them", () => {
  const flat = (value: number) => ({ width: 2, height: 1, channels: 3 as const, data: new Uint8Array(6).fill(value) });
  const sheet = sheetOf([
    [flat(1), flat(2)],
    [flat(3), flat(4)],
  ]);
  assert.equal([sheet.width, sheet.height], [10, 8]);
  const at = (x: number, y: number) => sheet.data[(y * 10 + x) * 3];
  assert.equal([at(1, 0), at(8, 0), at(0, 7), at(9, 7)], [1, 2, 3, 4]);
  assert.equal([at(2, 0), at(0, 1), at(5, 4)], [255, 255, 255]);
});

test.run();
