// Random numbers: the published generator, streams of their own per seed and fork, and even distributions.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite("random");
const draw = (random: Random, count = 8) => Array.from({ length: count }, () => random.next());

test("the generator is xoshiro128**: from the state 1, 2, 3, 4 come the published outputs", () => {
  const published = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849];
  const random = Random.restore([1, 2, 3, 4]);
  assert.equal(
    draw(random).map((value) => value * 2 ** 32),
    published,
  );
});

test("a seed gives one stream, and near seeds (also beyond 32 bits, also negative) give others", () => {
  assert.equal(draw(new Random(7)), draw(new Random(7)));
  const firsts = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 40].map((seed) => new Random(seed).next());
  assert.is(new Set(firsts).size, firsts.length);
});

test("a seed that is not a safe integer is refused", () => {
  for (const seed of [1.5, Number.NaN, 2 ** 60])
    assert.throws(
      () => new Random(seed),
      (error: unknown) => error instanceof CutgpuError,
    );
});

test("next is uniform in [0, 1)", () => {
  const random = new Random(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 20000; i++) counts[Math.floor(random.next() * 10)]++;
  // 2000 expected in each tenth, standard deviation 42.
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 210, `${counts}`);
});

test("integer covers 0 .. n-1 evenly, also where n does not divide 2^32", () => {
  const random = new Random(2);
  const counts = [0, 0, 0];
  // Without rejection a modulus of 2^32 * 3/4 would give the lower third twice as often.
  for (let i = 0; i < 9000; i++) counts[Math.floor(random.integer(3 * 2 ** 30) / 2 ** 30)]++;
  for (const count of counts) assert.ok(Math.abs(count - 3000) < 225, `${counts}`);
  assert.is(random.integer(1), 0);
});

test("normal has mean 0, variance 1, and tails", () => {
  const random = new Random(3);
  const values = Array.from({ length: 20000 }, () => random.normal());
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  const beyondTwo = values.filter((v) => Math.abs(v) > 2).length / values.length;
  assert.ok(Math.abs(mean) < 0.035 && Math.abs(variance - 1) < 0.05, `${mean} ${variance}`);
  assert.ok(Math.abs(beyondTwo - 0.0455) < 0.008, `${beyondTwo}`);
});

test("a restored generator goes on exactly, with the normal number that was waiting, through JSON", () => {
  const random = new Random(4);
  random.normal();
  const copy = Random.restore(JSON.parse(JSON.stringify(random.state())));
  assert.equal([copy.normal(), copy.next(), copy.normal()], [random.normal(), random.next(), random.normal()]);
});

test("what is not a state is refused", () => {
  for (const state of [[], [1, 2, 3], [0, 0, 0, 0], [1, 2, 3, -4], [1, 2, 3, 4, 5, 6]]) {
    assert.throws(() => Random.restore(state), /not the state/);
  }
});

test("a permutation holds each number once, and its beginning is the same however many are asked for", () => {
  const whole = new Random(5).permutation(1000);
  assert.equal(
    [...whole].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  // 20 of 1000 takes the way that does not build the rest, 500 of 1000 the way that does.
  for (const count of [0, 20, 500]) {
    assert.equal(new Random(5).permutation(1000, count), whole.slice(0, count));
  }
});

test("all orders of three are equally likely", () => {
  const random = new Random(6);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 150, `${[...counts.values()]}`);
});

test("a fork depends on the state and the label, and leaves its parent where it was", () => {
  const parent = new Random(8);
  const first = draw(parent.fork("first"));
  assert.equal(draw(parent.fork("first")), first);
  assert.not.equal(draw(parent.fork("second")), first);
  assert.equal(draw(parent), draw(new Random(8)));
  assert.not.equal(draw(parent.fork("first")), first);
});

test("what cannot be drawn is refused: no number of none, no more entries than there are", () => {
  const random = new Random(1);
  const refused = (draw: () => unknown) => assert.throws(draw, (error: unknown) => error instanceof CutgpuError);
  for (const n of [0, -1, 1.5, Number.NaN, 2 ** 33]) refused(() => random.integer(n));
  for (const [n, count] of [
    [3, 5],
    [-1, -1],
    [2.5, 1],
    [5, 1.5],
  ])
    refused(() => random.permutation(n, count));
  assert.ok(random.integer(2 ** 32) >= 0);
  assert.is(random.permutation(0).length, 0);
});

test.run();
