// The scores of a layer against a plain sum over keys, the positions that are compared, and the scale.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { distanceOf, layerDistances, layerMeans } from "../../../../cut/evaluation/patches/content-scale.js";
import { bestInWindow, layerScores, type PatchRows } from "../../../../cut/evaluation/patches/patch-scores.js";
import { positionGrid } from "../../../../cut/evaluation/patches/position-grid.js";
import { Random } from "../../../../engine/random.js";

const test = suite("patch scores");
const TAU = 0.07;

function unitRows(count: number, width: number, random: Random): PatchRows {
  const values = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = Array.from({ length: width }, () => random.normal());
    const norm = Math.hypot(...row);
    values.set(
      row.map((value) => value / norm),
      i * width,
    );
  }
  return { width, values };
}

const product = (a: PatchRows, i: number, b: PatchRows, j: number): number =>
  Array.from({ length: a.width }, (_, k) => a.values[i * a.width + k] * b.values[j * a.width + k]).reduce(
    (x, y) => x + y,
  );

/** Cross-entropies and successes of `a` in `b`, straight from the definition; all positions are compared. */
function plainly(a: PatchRows, b: PatchRows, columns: number, rows: number, reach: number) {
  const count = columns * rows;
  return Array.from({ length: count }, (_, i) => {
    const near = (j: number) =>
      Math.abs((i % columns) - (j % columns)) <= reach &&
      Math.abs(Math.floor(i / columns) - Math.floor(j / columns)) <= reach;
    const all = Array.from({ length: count }, (_, j) => ({ near: near(j), s: product(a, i, b, j) }));
    const own = Math.max(...all.filter((key) => key.near).map(({ s }) => s));
    const others = all.filter((key) => !key.near).map(({ s }) => s);
    const sum = others.reduce((total, s) => total + Math.exp(s / TAU), Math.exp(own / TAU));
    return { loss: Math.log(sum) - own / TAU, found: others.every((s) => s < own), keys: others.length + 1 };
  });
}

test("scores are those of the definition, with and without a window", () => {
  const [columns, rows, stride] = [7, 5, 2];
  const random = new Random(3);
  const [a, b] = [unitRows(35, 6, random), unitRows(35, 6, random)];
  const grid = positionGrid({ columns, rows, stride }, 100, random);
  for (const window of [0, 2, 5]) {
    const reach = Math.floor(window / stride);
    const terms = Float64Array.from({ length: 35 * 35 }, (_, k) =>
      Math.exp((product(a, Math.floor(k / 35), b, k % 35) - 1) / TAU),
    );
    const own = [bestInWindow(a, b, grid, window), bestInWindow(b, a, grid, window)] as const;
    const [ofA, ofB] = own.map((values) => values.map((value) => Math.exp((value - 1) / TAU)));
    const scores = layerScores(terms, [ofA, ofB], grid, window);
    const both = [plainly(a, b, columns, rows, reach), plainly(b, a, columns, rows, reach)];
    const mean = (of: (one: (typeof both)[0][0]) => number) => both.flat().reduce((sum, one) => sum + of(one), 0) / 70;
    const near = (x: number, y: number) => assert.ok(Math.abs(x - y) < 1e-9 * (1 + Math.abs(y)), `${x} and ${y}`);
    near(
      scores.nce,
      mean(({ loss }) => loss),
    );
    near(
      scores.accuracy,
      mean(({ found }) => Number(found)),
    );
    near(
      scores.bound,
      mean(({ keys, loss }) => Math.log(keys) - loss),
    );
    for (const i of [0, 17, 34]) near(scores.map[i], (both[0][i].loss + both[1][i].loss) / 2);
  }
});

test("a picture finds itself, and what has moved by the window finds itself with it", () => {
  const rows = unitRows(36, 8, new Random(5));
  const grid = positionGrid({ columns: 6, rows: 6, stride: 1 }, 36, new Random(0));
  assert.ok(bestInWindow(rows, rows, grid, 0).every((own) => Math.abs(own - 1) < 1e-6));
  const moved = { ...rows, values: rows.values.map((_, k) => rows.values[(k + 8) % rows.values.length]) };
  const best = bestInWindow(rows, moved, grid, 1);
  // All but those of the first column, whose own keys are at the end of the row before.
  assert.ok(best.every((own, i) => i % 6 === 0 || Math.abs(own - 1) < 1e-6));
});

test("all positions where they are few, else one in each cell", () => {
  const all = positionGrid({ columns: 5, rows: 3, stride: 4 }, 15, new Random(0));
  assert.equal([...all.chosen], [...Array(15).keys()]);
  for (const [columns, rows] of [
    [64, 64],
    [100, 30],
    [7, 900],
  ]) {
    const grid = positionGrid({ columns, rows, stride: 1 }, 256, new Random(1));
    assert.ok(grid.width * grid.height <= 256 && grid.width * grid.height > 120);
    assert.is(new Set(grid.chosen).size, grid.width * grid.height);
    for (const [cell, position] of grid.chosen.entries()) {
      const column = Math.floor(((position % columns) * grid.width) / columns);
      assert.ok(Math.abs(column - (cell % grid.width)) <= 1);
    }
  }
});

test("the scale: 0 the same, 1 the others; without a span there is none", () => {
  const scale = { same: [1, 2, 3], others: layerMeans([[4, 2, 7].map(nceOf), [6, 2, 9].map(nceOf)]) };
  assert.equal(scale.others, [5, 2, 8]);
  assert.equal(layerDistances([3, 9, 8].map(nceOf), scale), [0.5, null, 1]);
  assert.is(distanceOf([3, 9, 8].map(nceOf), scale), 0.75);
  assert.is(distanceOf([nceOf(1)], { same: [1], others: [1] }), null);
});

const nceOf = (nce: number) => ({ nce });

test.run();
