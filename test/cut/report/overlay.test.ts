// Maps as pictures of the input's size, and the mark on them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { type InspectedLayer, positionAt } from "../../../cut/inspection/inspector.js";
import { markPoint, valuesAtPixels } from "../../../cut/report/overlay.js";

test("a pixel and the position that looks at it are at the same place, in clicks and in pictures of maps", () => {
  const coarse: InspectedLayer = { layer: 8, width: 4, height: 4, channels: 1, stride: 4, border: 0 };
  assert.equal(positionAt(coarse, 8, 15), { x: 2, y: 3 });
  const padded: InspectedLayer = { layer: 0, width: 10, height: 10, channels: 1, stride: 1, border: 3 };
  assert.equal(positionAt(padded, 0, 3), { x: 3, y: 6 });
  const columns = Float32Array.from({ length: 16 }, (_, i) => i % 4);
  const pixels = valuesAtPixels(columns, 1, coarse, { width: 14, height: 14 });
  assert.equal([...pixels.slice(0, 14)], [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3]);
});

test("the mark leaves the pixel itself and the rest of the picture as they were, at the edge too", () => {
  const gray: Picture = { width: 32, height: 32, channels: 1, data: new Uint8Array(1024).fill(100) };
  const { data } = markPoint(gray, 0, 31);
  const changed = Array.from({ length: 1024 }, (_, i) => i).filter((i) => data[3 * i] !== 100);
  assert.equal(changed, [28 * 32, 29 * 32, 31 * 32 + 2, 31 * 32 + 3]);
});

test.run();
