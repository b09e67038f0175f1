// Evaluations while training: the same numbers as evaluate() gives, however often they are asked for.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../cut/data/picture.js";
import { evaluate } from "../../../cut/evaluation/evaluate.js";
import { HeldOut } from "../../../cut/evaluation/held-out.js";
import type { PictureSet } from "../../../cut/evaluation/pairs.js";
import type { FeatureExtractor } from "../../../cut/evaluation/picture-features.js";
import { Random } from "../../../engine/lib/random.js";

/** Random pictures, brighter for a higher `least`. */
function setOf(count: number, seed: number, least = 0): PictureSet & { reads: number } {
  const random = new Random(seed);
  const pictures = Array.from({ length: count }, (): Picture => {
    const data = Uint8Array.from({ length: 3 * 24 * 24 }, () => least + random.integer(200));
    return { width: 24, height: 24, channels: 3, data };
  });
  const set = {
    names: pictures.map((_, i) => `${i}.png`),
    reads: 0,
    read: async (i: number) => {
      set.reads++;
      return pictures[i];
    },
  };
  return set;
}

const extractor: FeatureExtractor = {
  network: "corner",
  protocol: "three values",
  extract: async ({ data }) => [...data.subarray(0, 3)].map((value) => value / 100),
};

test("metrics and floors are those of evaluate(), time and again, and the reals are read once", async () => {
  const [fakes, others, reals] = [setOf(7, 1), setOf(7, 2, 55), setOf(9, 3)];
  const heldOut = new HeldOut(reals, 32);
  const measure = (set: PictureSet) => heldOut.measure(set, extractor, () => undefined);
  const first = await measure(fakes);
  const reads = reals.reads;
  const second = await measure(others);
  assert.equal(await measure(fakes), first);
  assert.is(reals.reads, reads);
  for (const [set, measured] of [[fakes, first] as const, [others, second] as const]) {
    const { figures } = await evaluate({ fakes: set, reals, extractor, size: 32 });
    for (const { name, value, floor } of measured) {
      const figure = figures.find((of) => of.name === name);
      assert.equal([value, floor], [figure?.value, figure?.floor], name);
    }
    assert.equal(
      measured.map(({ name }) => name),
      ["SWD", "KID-corner"],
    );
  }
  assert.ok(second[1].value > first[1].value, "pictures that are brighter are further");
});

test("two pictures a side are enough, without a kernel distance of their halves", async () => {
  const [swd, kid] = await new HeldOut(setOf(2, 1), 16).measure(setOf(2, 2), extractor, () => undefined);
  assert.ok(Number.isFinite(swd.value) && Number.isFinite(swd.floor) && Number.isFinite(kid.value));
  assert.is(kid.floor, null);
});

test("progress counts pictures, and may call it off and begin again", async () => {
  const heldOut = new HeldOut(setOf(3, 1), 16);
  const told: number[][] = [];
  const stop = (done: number, total: number) => {
    told.push([done, total]);
    if (done === 4) throw new Error("called off");
  };
  const failed = await heldOut.measure(setOf(2, 2), null, stop).then(
    () => "",
    (error: Error) => error.message,
  );
  assert.is(failed, "called off");
  assert.equal(told.at(-1), [4, 5]);
  assert.is((await heldOut.measure(setOf(2, 2), null, () => undefined)).length, 1);
});

test.run();
