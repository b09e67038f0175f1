// The scores of a layer, on the engine, against a plain sum over keys, the positions that are compared, and the scale.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { distanceOf, layerDistances, layerMeans } from "../../../../cut/evaluation/patches/content-scale.js";
import {
  addParts,
  bestInWindow,
  layerScores,
  type PatchRows,
} from "../../../../cut/evaluation/patches/patch-scores.js";
import { positionGrid } from "../../../../cut/evaluation/patches/position-grid.js";
import { Random } from "../../../../engine/lib/random.js";
import { patchScores } from "../../../../engine/operators/patch-nce/index.js";
import { profiles, testGpu } from "../../../support/gpu.js";

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

for (const profile of profiles) {
  for (const [columns, rows] of [
    [7, 5],
    // More than are in memory at a time.
    [20, 15],
  ]) {
    test(`scores are those of the definition: ${columns} x ${rows}, ${profile}`, async () => {
      const gpu = await testGpu(profile);
      const n = columns * rows;
      const random = new Random(3);
      const [a, b] = [unitRows(n, 6, random), unitRows(n, 6, random)];
      const reaches = [0, 1, 2];
      const places = Int32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? (i >> 1) % columns : (i >> 1) / columns));
      for (const [first, second] of [
        [a, b],
        [a, a],
      ]) {
        const found = gpu.scope(() => {
          const [q, k] = [a, b].map(({ width, values }) => gpu.tensor(values, [n, width]));
          return patchScores(q, first === second ? q : k, gpu.tensor(places, [n, 2]), { tau: TAU, reaches });
        });
        const values = await found.read();
        const [, directions, parts] = found.shape;
        found.dispose();
        for (const [i, reach] of reaches.entries()) {
          const both = [0, directions - 1].map((direction) => {
            const begin = (i * directions + direction) * parts * n * 4;
            return addParts(values.subarray(begin, begin + parts * n * 4), n);
          });
          const scores = layerScores([both[0], both[1]], TAU);
          const plain = [plainly(first, second, columns, rows, reach), plainly(second, first, columns, rows, reach)];
          const mean = (of: (one: (typeof plain)[0][0]) => number) =>
            plain.flat().reduce((sum, one) => sum + of(one), 0) / (2 * n);
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
          for (const at of [0, 17, n - 1]) near(scores.map[at], (plain[0][at].loss + plain[1][at].loss) / 2);
        }
      }
    });
  }
}

/** Similarities in float32 are divided by the temperature. */
const near = (x: number, y: number) => assert.ok(Math.abs(x - y) < 1e-5 * (1 + Math.abs(y)), `${x} and ${y}`);

test("the best in a window: of a picture itself, and of what has moved by the window", () => {
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
