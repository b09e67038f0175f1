// The distortions: what each leaves as it is, what it turns back into, libjpeg for JPEG, and ladders that rise.
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { flipPicture, type Picture } from "../../../../cut/data/picture.js";
import {
  blurred,
  contrasted,
  grayed,
  hueTurned,
  inverted,
  noisy,
} from "../../../../cut/evaluation/distortions/colours.js";
import {
  elasticallyWarped,
  pasted,
  quadrantsSwapped,
  rotated,
  shifted,
  tilesShuffled,
} from "../../../../cut/evaluation/distortions/geometry.js";
import { jpegLoss } from "../../../../cut/evaluation/distortions/jpeg-loss.js";
import { ladderDistortions, restyled } from "../../../../cut/evaluation/distortions/ladder-steps.js";
import { Random } from "../../../../engine/lib/random.js";

const test = suite("distortions");

/** Smooth colours with a few edges, other ones for each seed. */
function picture(width: number, height: number, seed = 0): Picture {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const edge = (x + 2 * y + 7 * seed) % 23 < 5 ? 60 : 0;
    return 120 + 70 * Math.sin((x * (c + 1 + seed) + y * (3 - c)) / 9) + edge;
  });
  return { width, height, channels: 3, data };
}

const root = (a: Picture, b: Picture): number =>
  Math.sqrt(a.data.reduce((sum, value, i) => sum + (value - b.data[i]) ** 2, 0) / a.data.length);
const pixel = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x)).subarray(0, 3),
];

const odd = picture(37, 26);

test("colours: what is done twice, or by nothing, is undone", () => {
  assert.equal(inverted(inverted(odd)), odd);
  assert.equal(hueTurned(odd, 360), odd);
  assert.equal(contrasted(odd, 1), odd);
  assert.equal(noisy(odd, 0, new Random(1)), odd);
  const third = hueTurned(odd, 120);
  for (let i = 0; i < 9; i += 3) {
    assert.equal([...third.data.subarray(i, i + 3)], [odd.data[i + 2], odd.data[i], odd.data[i + 1]], "red to green");
  }
  const gray = grayed(odd);
  assert.ok(gray.data.every((value, i) => value === gray.data[i - (i % 3)]));
  assert.equal([...contrasted({ ...odd, data: Uint8Array.of(0, 127, 255) }, 0.5, 10).data], [74, 137, 201]);
});

test("noise has its deviation, and a blur keeps the mean and lowers the rest", () => {
  const plain: Picture = { width: 64, height: 64, channels: 3, data: new Uint8Array(3 * 64 * 64).fill(128) };
  assert.ok(Math.abs(root(noisy(plain, 10, new Random(3)), plain) - 10) < 0.3);
  assert.equal(blurred(plain, 2), plain);
  const smooth = blurred(odd, 3);
  const mean = ({ data }: Picture) => data.reduce((sum, value) => sum + value, 0) / data.length;
  assert.ok(Math.abs(mean(smooth) - mean(odd)) < 3);
  const spread = (of: Picture) => root(of, { ...of, data: of.data.map(() => mean(of)) });
  assert.ok(spread(smooth) < 0.8 * spread(odd));
});

test("JPEG is that of libjpeg", async () => {
  for (const quality of [90, 50, 20, 5]) {
    const raw = { width: odd.width, height: odd.height, channels: 3 as const };
    const file = await sharp(odd.data, { raw }).jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
    const theirs = await sharp(file).raw().toBuffer();
    const ours = jpegLoss(odd, quality);
    const lost = root(odd, ours);
    // Rounding before and after the transforms differs, and so does what lies beyond the edges.
    assert.ok(
      root(ours, { ...odd, data: new Uint8Array(theirs) }) < 0.35 * lost + 1,
      `quality ${quality}, lost ${lost}`,
    );
  }
});

test("shifts and turns put pixels where they belong", () => {
  const right = shifted(odd, 3);
  assert.equal(pixel(right, 10, 5), pixel(odd, 7, 5));
  assert.equal(pixel(right, 1, 5), pixel(odd, 2, 5), "mirrored at the edge");
  assert.equal(rotated(odd, 0), odd);
  const square = picture(21, 21);
  const quarter = rotated(square, 90);
  for (const [x, y] of [
    [3, 4],
    [10, 10],
    [20, 0],
  ]) {
    assert.equal(pixel(quarter, 20 - y, x), pixel(square, x, y));
  }
  const half = elasticallyWarped(odd, 0, new Random(2));
  assert.equal(half, odd);
});

test("an elastic warp moves by its number of pixels at most", () => {
  const ramp: Picture = {
    ...picture(96, 96),
    data: Uint8Array.from({ length: 3 * 96 * 96 }, (_, i) => 2 * (Math.floor(i / 3) % 96)),
  };
  const warped = elasticallyWarped(ramp, 6, new Random(5));
  const moved = warped.data.map((value, i) => Math.abs(value - ramp.data[i]));
  assert.ok(Math.max(...moved) <= 13 && Math.max(...moved) > 3);
});

test("tiles, pieces and quadrants: nothing is lost that is only moved", () => {
  const whole = picture(40, 32);
  const sums = ({ data }: Picture) => [...data].sort((a, b) => a - b).join();
  const few = tilesShuffled(whole, 0.01, 8, new Random(1));
  assert.is(sums(few), sums(whole));
  const changed = few.data.filter((value, i) => value !== whole.data[i]).length;
  assert.ok(changed > 0 && changed <= 2 * 3 * 64);
  const all = tilesShuffled(whole, 1, 8, new Random(1));
  assert.is(sums(all), sums(whole));
  assert.ok(root(all, whole) > root(few, whole));
  const other = inverted(whole);
  const piece = pasted(whole, other, 0.25, new Random(4));
  const share = piece.data.filter((value, i) => value !== whole.data[i]).length / whole.data.length;
  assert.ok(Math.abs(share - 0.25) < 0.02, `${share}`);
  assert.ok(piece.data.every((value, i) => value === whole.data[i] || value === other.data[i]));
  for (const of of [whole, odd]) assert.equal(quadrantsSwapped(quadrantsSwapped(of)), of);
  assert.equal(pixel(quadrantsSwapped(whole), 0, 0), pixel(whole, 20, 16));
});

test("fourteen distortions, each farther at every level, the same for the same seed", () => {
  const [first, second] = [picture(96, 96), picture(96, 96, 1)];
  const all = ladderDistortions(4);
  assert.is(all.length, 14);
  assert.is(all.filter(({ levels }) => levels.length === 5).length, 10);
  for (const { name, levels } of all) {
    const results = levels.map(({ of }) => of(first, new Random(7), second));
    assert.equal(
      results,
      levels.map(({ of }) => of(first, new Random(7), second)),
      name,
    );
    const far = results.map((result) => root(result, first));
    // Where things have moved far, they are no farther apart in colours than where they have moved a little.
    const rising = ["geometry", "content"].includes(all.find((of) => of.name === name)!.kind) ? far.slice(0, 3) : far;
    assert.ok(
      rising.every((distance, i) => distance > (rising[i - 1] ?? 0)),
      `${name}: ${far}`,
    );
    assert.ok(results.every(({ width, height }) => width === 96 && height === 96));
  }
  assert.equal(
    all.find(({ name }) => name === "mirrored")!.levels[0].of(first, new Random(0), second),
    flipPicture(first),
  );
  const [plain, inverse] = [false, true].map((inversion) => restyled(first, new Random(9), inversion));
  assert.equal(inverted(plain), inverse);
});

test.run();
