// A map in a scratch store: whatever window is read, it holds what the tiles were written with.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { memoryScratch, StoredMap, storedNumbers } from "../../../cut/translation/stored-map.js";
import { tilesOf } from "../../../cut/translation/tiles.js";

const CHANNELS = 2;
/** A value that says its place. */
const at = (c: number, y: number, x: number) => 10_000 * c + 100 * y + x;

function planes({ left, top, width, height }: { left: number; top: number; width: number; height: number }) {
  const data = new Float32Array(CHANNELS * width * height);
  for (let i = 0; i < data.length; i++) {
    const [c, y, x] = [Math.floor(i / width / height), Math.floor(i / width) % height, i % width];
    data[i] = at(c, top + y, left + x);
  }
  return data;
}

test("tiles are written from their windows, and windows of any place read across them", () => {
  const layout = { channels: CHANNELS, width: 13, height: 9, tile: 4 };
  const numbers = storedNumbers(layout);
  assert.is(numbers, 4 * 3 * CHANNELS * 16);
  // Two maps in one store: neither reaches into the other.
  const scratch = memoryScratch(2 * numbers);
  const [before, map] = [new StoredMap(layout, scratch, 0), new StoredMap(layout, scratch, numbers)];
  for (const { inner, window } of tilesOf(layout, layout.tile, 1)) {
    map.write(inner, { over: window, data: planes(window) });
    before.write(inner, { over: window, data: planes(window).fill(-1) });
  }
  for (let top = 0; top < 9; top += 2) {
    for (let left = 0; left < 13; left += 3) {
      const over = { left, top, width: Math.min(6, 13 - left), height: Math.min(5, 9 - top) };
      assert.equal(map.read(over), planes(over));
    }
  }
  assert.ok(before.read({ left: 0, top: 0, width: 13, height: 9 }).every((value) => value === -1));
});

test("windows are of one size, hold their tile with its border, and stay in the picture", () => {
  const picture = { width: 52, height: 20 };
  const tiles = tilesOf(picture, 16, 8);
  assert.is(tiles.length, 8);
  assert.is(
    tiles.reduce((area, { inner }) => area + inner.width * inner.height, 0),
    52 * 20,
  );
  for (const { inner, window } of tiles) {
    assert.equal([window.width, window.height], [32, 20]);
    assert.ok(window.left >= 0 && window.left + window.width <= 52 && window.top === 0);
    assert.ok(window.left <= Math.max(0, inner.left - 8));
    assert.ok(window.left + window.width >= Math.min(52, inner.left + inner.width + 8));
  }
});

test.run();
