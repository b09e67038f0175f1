// The evaluation as apps call it: features of any kind, progress, and how it ends early.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evaluate } from "../../../cut/evaluation/evaluate.js";
import type { PictureSet } from "../../../cut/evaluation/pairs.js";
import type { FeatureExtractor } from "../../../cut/evaluation/picture-features.js";

const test = suite("evaluate");

/** Pictures of one size whose bytes follow from their number. */
const setOf = (count: number, shift: number): PictureSet => ({
  names: Array.from({ length: count }, (_, i) => `${i}.png`),
  read: async (i) => ({
    width: 16,
    height: 16,
    channels: 3,
    data: Uint8Array.from({ length: 768 }, (_, k) => (k * (i + 3) + shift) % 256),
  }),
});

/** Two numbers a picture: its first bytes. */
const extractor: FeatureExtractor = {
  network: "toy-2",
  protocol: "the first two bytes",
  extract: async ({ data }) => [data[0], data[3]],
};

test("metrics are called after their features; what has too few pictures says how many it needs", async () => {
  const told: [number, number][] = [];
  const onProgress = (done: number, total: number) => void told.push([done, total]);
  const { figures } = await evaluate({ fakes: setOf(5, 10), reals: setOf(8, 0), extractor, onProgress });
  const names = figures.map(({ name }) => name);
  for (const name of ["Frechet-toy-2", "KID-toy-2", "coverage-toy-2", "MIND-toy-2", "SWD"])
    assert.ok(names.includes(name));
  assert.not.ok(names.includes("FID"));
  const coverage = figures.find(({ name }) => name === "coverage-toy-2")!;
  assert.equal([coverage.value, coverage.floor, coverage.detail], [null, null, "needs 6 pictures on each side"]);
  // All pictures have the same first byte, and the fakes another one.
  assert.ok(figures[0].value! >= 100 && figures[0].floor! < figures[0].value!);
  assert.equal(told.at(-1)![0], told.at(-1)![1]);
  assert.ok(told.every(([done], i) => i === 0 || done > told[i - 1][0]));
});

test("features that are not finite are refused by the picture's name", async () => {
  const broken = { ...extractor, extract: async () => [1, Number.NaN] };
  const error = await evaluate({ fakes: setOf(2, 0), reals: setOf(2, 0), extractor: broken }).then(
    () => null,
    (reason: Error) => reason,
  );
  assert.match(error!.message, /features of 0.png are not all finite/);
});

test("sets that are too small and pictures of another size are refused", async () => {
  const larger: PictureSet = {
    names: ["a.png", "b.png"],
    read: async (i) => ({ width: 16, height: 17 + i, channels: 3, data: new Uint8Array(48 * (17 + i)) }),
  };
  for (const [fakes, reals, said] of [
    [setOf(0, 0), setOf(2, 0), /needs 2 pictures in each set, and there are 0 fakes/],
    [setOf(2, 0), setOf(1, 0), /and there are 1 reals/],
    [larger, setOf(2, 0), /^a\.png is 16 x 17 pixels, and pictures of 16 x 16 are evaluated/],
    [setOf(2, 0), larger, /^0\.png is 16 x 16 pixels, and pictures of 16 x 17 are evaluated/],
  ] as const) {
    const error = await evaluate({ fakes, reals }).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.match(error!.message, said);
  }
  assert.ok((await evaluate({ fakes: larger, reals: setOf(2, 0), size: 16 })).figures.length > 0);
});

test("it ends soon after it was called off", async () => {
  const controller = new AbortController();
  const onProgress = (done: number) => {
    if (done === 3) controller.abort(new Error("called off"));
  };
  const input = { fakes: setOf(4, 1), reals: setOf(4, 0), signal: controller.signal, onProgress };
  const error = await evaluate(input).then(
    () => null,
    (reason: Error) => reason,
  );
  assert.is(error?.message, "called off");
});

test.run();
