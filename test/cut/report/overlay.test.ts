// Maps as pictures of the input's size, and the mark on them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { type InspectedLayer, positionAt } from "../../../cut/inspection/inspected-layer.js";
import { falseColour } from "../../../cut/report/colormap.js";
import {
  componentsPicture,
  differencePicture,
  markPoint,
  similarityPicture,
  valuesAtPixels,
} from "../../../cut/report/overlay.js";

test("a pixel and the position that looks at it are at the same place, in clicks and in pictures of maps", () => {
  const coarse: InspectedLayer = { layer: 8, width: 4, height: 4, channels: 1, stride: 4, pad: 0 };
  assert.equal(positionAt(coarse, 8, 15), { x: 2, y: 3 });
  const padded: InspectedLayer = { layer: 0, width: 10, height: 10, channels: 1, stride: 1, pad: 3 };
  assert.equal(positionAt(padded, 0, 3), { x: 3, y: 6 });
  const columns = Float32Array.from({ length: 16 }, (_, i) => i % 4);
  const pixels = valuesAtPixels(columns, 1, coarse, { width: 14, height: 14 });
  assert.equal([...pixels.slice(0, 14)], [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3]);
});

/** A layer that looks at every pixel of a row. */
const rowLayer = (width: number): InspectedLayer => ({
  layer: 0,
  width,
  height: 1,
  channels: 1,
  stride: 1,
  pad: 0,
});
const rowPicture = (gray: number[]): Picture => ({
  width: gray.length,
  height: 1,
  channels: 1,
  data: Uint8Array.from(gray),
});
/** The luma of every pixel. */
const lumas = ({ data }: Picture) =>
  Array.from(
    { length: data.length / 3 },
    (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2],
  );

test("black lines on white paper are seen in the lowest colour and in the highest, which stays the brighter", () => {
  const [white, black] = [255, 0];
  const input = rowPicture([white, black, white, white, white, white, black, white]);
  const map = { ...rowLayer(8), values: Float32Array.from([0, 0, 0, 0, 1, 1, 1, 1]), position: { x: 0, y: 0 } };
  const seen = lumas(similarityPicture(map, input));
  for (const [paper, line] of [
    [seen[0], seen[1]],
    [seen[7], seen[6]],
  ]) {
    assert.ok(line < 0.45 * paper && paper - line > 40, `line ${line} on paper ${paper}`);
  }
  assert.ok(seen[7] > 2 * seen[0] && seen[6] > 2 * seen[1], String(seen));
});

test("so are white lines on a blackboard, on every colour", () => {
  const input = rowPicture([0, 255, 0, 0, 0, 0, 255, 0]);
  const map = { ...rowLayer(8), values: Float32Array.from([0, 0, 0, 0, 1, 1, 1, 1]), position: { x: 0, y: 0 } };
  const seen = lumas(similarityPicture(map, input));
  assert.ok(seen[1] > seen[0] + 40 && seen[6] > seen[7] + 40, String(seen));
  assert.ok(seen[7] > 2 * seen[0], "the map is not hidden");
});

test("the colours of principal components are over the drawing too", () => {
  const input = rowPicture([255, 0, 255, 255]);
  const picture: Picture = { width: 4, height: 1, channels: 3, data: new Uint8Array(12).fill(90) };
  const seen = lumas(componentsPicture({ ...rowLayer(4), picture, explained: [1, 0, 0] }, input));
  assert.ok(seen[1] < 0.45 * seen[0], String(seen));
});

test("a dark picture does not hide its map", () => {
  const map = { ...rowLayer(2), values: Float32Array.from([0, 1]), position: { x: 0, y: 0 } };
  assert.equal(similarityPicture(map, rowPicture([20, 20])).data, similarityPicture(map, rowPicture([220, 220])).data);
});

test("a difference is the mean over channels, in the highest colour where it is largest", () => {
  const picture = (data: number[]): Picture => ({ width: 2, height: 1, channels: 3, data: Uint8Array.from(data) });
  const a = picture([10, 10, 10, 0, 0, 0]);
  const { picture: shown, max, mean } = differencePicture(a, picture([10, 10, 10, 3, 0, 9]));
  assert.equal([max, mean], [4, 2]);
  assert.equal([...shown.data], [...falseColour(0), ...falseColour(1)]);
  const none = differencePicture(a, a);
  assert.equal([none.max, none.mean, [...none.picture.data.subarray(0, 3)]], [0, 0, falseColour(0)]);
});

test("the mark leaves the pixel itself and the rest of the picture as they were, at the edge too", () => {
  const gray: Picture = { width: 32, height: 32, channels: 1, data: new Uint8Array(1024).fill(100) };
  const { data } = markPoint(gray, 0, 31);
  const changed = Array.from({ length: 1024 }, (_, i) => i).filter((i) => data[3 * i] !== 100);
  assert.equal(changed, [28 * 32, 29 * 32, 31 * 32 + 2, 31 * 32 + 3]);
});

test.run();
