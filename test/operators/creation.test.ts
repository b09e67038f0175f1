// Random numbers: to the bit as the reference has them, and another set for every seed that is written into a program.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { arange, dropout, rand, randn, record } from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { messageOf, profiles, testGpu } from "../support/gpu.js";

for (const profile of profiles) {
  test(`a seed says the bits (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const drawn = await rand(gpu, [1001], -7).read();
    assert.equal([...drawn], [...reference.rand([1001], -7).data]);
    const normal = await randn(gpu, [1001], 12).read();
    const { data } = reference.randn([1001], 12);
    assert.ok(normal.every((value, i) => Math.abs(value - data[i]) < 1e-4));
  });
}

test("all bits of a seed count, and those of 32 give the streams that they gave", async () => {
  const gpu = await testGpu("software");
  const streamOf = async (seed: number) => (await rand(gpu, [8], seed).read()).join();
  const seeds = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 40, -(2 ** 31) - 1, -(2 ** 32)];
  const streams = await Promise.all(seeds.map(streamOf));
  assert.is(new Set(streams).size, seeds.length);
  for (const seed of [0, 2 ** 31, 2 ** 32 - 1, -1]) {
    assert.is(await streamOf(seed), reference.rand([8], seed).data.join());
  }
});

test("their mean and deviation are those of the distributions", async () => {
  const gpu = await testGpu("software");
  for (const [draw, mean, deviation] of [
    [rand, 0.5, Math.sqrt(1 / 12)],
    [randn, 0, 1],
  ] as const) {
    const numbers = await draw(gpu, [40000], 3).read();
    const average = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const spread = Math.sqrt(numbers.reduce((sum, x) => sum + (x - average) ** 2, 0) / numbers.length);
    assert.ok(Math.abs(average - mean) < 0.02 && Math.abs(spread / deviation - 1) < 0.02, `${average} ${spread}`);
  }
});

test("a seed can be written before every replay", async () => {
  const gpu = await testGpu("software");
  const seed = gpu.persistent([1], "i32");
  const x = gpu.tensor(new Float32Array(64).fill(1));
  const { program, result } = await record(gpu, () => dropout(x, 0.5, seed));
  const draws: string[] = [];
  for (const value of [1, 2, 1]) {
    seed.write([value]);
    program.replay();
    draws.push((await result.read()).join());
  }
  assert.is(draws[0], draws[2]);
  assert.is.not(draws[0], draws[1]);
  program.dispose();
});

test("what says nothing is refused", async () => {
  const gpu = await testGpu("software");
  assert.match(
    messageOf(() => rand(gpu, [2], 0.5)),
    /ArgumentError: rand: the seed cannot be 0.5/,
  );
  assert.match(
    messageOf(() => dropout(gpu.tensor([1]), 1, 1)),
    /ArgumentError: dropout: p cannot be 1/,
  );
  assert.match(
    messageOf(() => arange(gpu, 0, 3, -1)),
    /no step of -1 leads from 0 to 3/,
  );
});

test.run();
