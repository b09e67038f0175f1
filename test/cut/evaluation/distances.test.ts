// What must hold of the metrics between sets whatever the numbers: against slow and plain ways to compute them, on sets
// that are equal, constant or tiny.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pearson } from "../../../cut/evaluation/correlation.js";
import { type Features, featuresOf, rowsOf } from "../../../cut/evaluation/features.js";
import { frechetDistance } from "../../../cut/evaluation/frechet-distance.js";
import { KernelDistance } from "../../../cut/evaluation/kernel-distance.js";
import { levelDistance, randomPatches } from "../../../cut/evaluation/laplacian-pyramid.js";
import { nearestRows, neighbourShares } from "../../../cut/evaluation/neighbours.js";
import { msSsim, psnr, ssim } from "../../../cut/evaluation/pair-metrics.js";
import { planesOf } from "../../../cut/evaluation/planes.js";
import { nuclearNorm } from "../../../cut/evaluation/singular-values.js";
import { mindDistance, randomDirections, slicedWasserstein } from "../../../cut/evaluation/sliced-wasserstein.js";
import { symmetricEigen } from "../../../cut/inspection/pca.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite("distances");

function normals(count: number, width: number, seed: number, shift = 0): Features {
  const random = new Random(seed);
  return { count, width, values: Float64Array.from({ length: count * width }, () => random.normal() + shift) };
}

const picture = (side: number, value: (i: number) => number) =>
  planesOf({
    width: side,
    height: side,
    channels: 3,
    data: Uint8Array.from({ length: 3 * side * side }, (_, i) => value(i)),
  });

const near = (a: number, b: number, bound: number) => assert.ok(Math.abs(a - b) < bound, `${a} for ${b}`);

test("the sum of singular values is that of the roots of the eigenvalues of A A^T, for every shape", () => {
  for (const [rows, columns] of [
    ...[
      [1, 1],
      [1, 5],
      [5, 1],
      [4, 4],
      [7, 3],
    ],
    ...[
      [3, 7],
      [20, 20],
    ],
  ]) {
    const { values } = normals(rows, columns, rows);
    const lines = () => Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
    const square = Float64Array.from({ length: rows * rows }, (_, k) =>
      lines()[Math.floor(k / rows)].reduce((sum, value, j) => sum + value * lines()[k % rows][j], 0),
    );
    const roots = symmetricEigen(square, rows).values.map((value) => Math.sqrt(Math.max(0, value)));
    near(
      nuclearNorm(lines()),
      roots.reduce((sum, root) => sum + root, 0),
      1e-6,
    );
  }
  assert.is(nuclearNorm([new Float64Array(3), new Float64Array(3)]), 0);
});

test("the Frechet distance of a set moved as a whole is the square of the way, for few rows and many", () => {
  for (const [count, width] of [
    [6, 20],
    [60, 5],
  ]) {
    const x = normals(count, width, 3);
    const moved = { ...x, values: x.values.map((value) => value + 2) };
    near(frechetDistance(x, moved), 4 * width, 1e-9 * width);
  }
});

test("KID is about zero for two samples of one kind, and its interval holds the value of another kind", () => {
  const random = new Random(1);
  const same = new KernelDistance(normals(80, 10, 1), normals(60, 10, 2));
  const other = new KernelDistance(normals(80, 10, 1), normals(60, 10, 2, 1));
  const [low, high] = other.interval(random);
  assert.ok(Math.abs(same.full) < 0.1 * other.full, `${same.full} and ${other.full}`);
  assert.ok(low < other.full && other.full < high && low > same.full);
  const subsets = same.subsets(random, 3);
  assert.is(subsets.size, 60);
  assert.ok(subsets.deviation > 0, "of the larger set each subset leaves some out");
});

test("a set against itself, and against copies of one of its rows", () => {
  const x = normals(30, 4, 5);
  const same = neighbourShares(x, x);
  assert.equal([same.precision, same.recall, same.coverage], [1, 1, 1]);
  const collapsed = rowsOf(x, new Int32Array(30).fill(7));
  const shares = neighbourShares(x, collapsed);
  assert.is(shares.precision, 1);
  assert.is(shares.recall, 0);
  assert.ok(shares.coverage < 0.5, "few reals have a fake near");
  assert.throws(() => neighbourShares(rowsOf(x, [1, 2, 3, 4, 5]), x), /needs at least 6 pictures, not 5/);
});

test("the nearest row is another one where both sets are one", () => {
  const x = featuresOf([[0], [1], [3]]);
  assert.equal(
    nearestRows(x, x).map(({ id, distance }) => [id, distance]),
    [
      [1, 1],
      [0, 1],
      [1, 2],
    ],
  );
  assert.equal(nearestRows(featuresOf([[2.9]]), x)[0].id, 2);
});

test("MIND is three times the square of the way that a set moved; sorting makes order irrelevant", () => {
  const x = normals(40, 6, 9);
  const moved = { ...x, values: x.values.map((value) => value + 1) };
  // The mean square of a random unit direction's sum over d components is 1.
  near(mindDistance(x, moved, new Random(2), 4000), 3 * 6, 1.5);
  const turned = rowsOf(
    x,
    Int32Array.from({ length: 40 }, (_, i) => 39 - i),
  );
  const directions = randomDirections(new Random(3), 6, 7);
  assert.is(slicedWasserstein({ width: 6, values: x.values }, { width: 6, values: turned.values }, directions), 0);
});

test("SWD tells textures apart, at the level where they differ, and is zero for one set", () => {
  const random = () => new Random(4);
  const noisy = (seed: number) => {
    const numbers = new Random(seed);
    return picture(64, () => 100 + numbers.integer(56));
  };
  const smooth = picture(64, (i) => 100 + (Math.floor(i / 3 / 64) % 56));
  const patches = (planes: ReturnType<typeof picture>) => [randomPatches(planes, 40, random())];
  assert.is(levelDistance(patches(smooth), patches(smooth), 0, random()), 0);
  const [alike, apart] = [noisy(2), smooth].map((of) => levelDistance(patches(noisy(1)), patches(of), 0, random()));
  assert.ok(apart > 2 * alike, `${apart} and ${alike}`);
});

test("constant pictures and lists have finite values", () => {
  const [white, gray] = [picture(176, () => 255), picture(176, () => 128)];
  assert.is(ssim(white, white), 1);
  assert.is(msSsim(white, white), 1);
  assert.is(psnr(white, white), Number.POSITIVE_INFINITY);
  for (const value of [ssim(white, gray), msSsim(white, gray)]) assert.ok(value > 0 && value < 1);
  const patches = [white, gray].map((of) => [randomPatches(of, 4, new Random(1))]);
  assert.is(levelDistance(patches[0], patches[1], 0, new Random(1)), 0);
  assert.is(pearson([0.1, 0.1, 0.1], [1, 2, 3]), 0);
});

test("pictures of two sizes, or too small for the window, are refused in a sentence", () => {
  assert.throws(
    () =>
      ssim(
        picture(12, () => 0),
        picture(16, () => 0),
      ),
    /12 x 12 x 3 and 16 x 16 x 3 cannot be compared/,
  );
  assert.throws(
    () =>
      ssim(
        picture(8, () => 0),
        picture(8, () => 0),
      ),
    /at least 11 x 11 pixels, not 8 x 8/,
  );
});

test.run();
