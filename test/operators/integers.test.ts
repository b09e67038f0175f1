// Arithmetic of i32, exact on both profiles: against JavaScript's own integers, over shapes that broadcast, with
// numbers on either side, recorded, and what does not mix.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../engine/index.js";
import { messageOf, profiles, testGpu } from "../support/gpu.js";

type Of = (a: number, b: number) => number;

const operators = {
  add: [engine.add, (a, b) => (a + b) | 0],
  sub: [engine.sub, (a, b) => (a - b) | 0],
  mul: [engine.mul, Math.imul],
  maximum: [engine.maximum, Math.max],
  minimum: [engine.minimum, Math.min],
  gt: [engine.gt, (a, b) => Number(a > b)],
  lt: [engine.lt, (a, b) => Number(a < b)],
  ge: [engine.ge, (a, b) => Number(a >= b)],
  le: [engine.le, (a, b) => Number(a <= b)],
  eq: [engine.eq, (a, b) => Number(a === b)],
  ne: [engine.ne, (a, b) => Number(a !== b)],
} as const satisfies { [name: string]: readonly [unknown, Of] };

/** Beyond what f32 tells apart, and what overflows. */
const a = Int32Array.of(16777217, -5, 2147483647, 0, 7, -2147483648);
const b = Int32Array.of(16777216, -5, 3);
const numbers = async (x: engine.Tensor) => [...(await x.read<"i32">())];

for (const profile of profiles) {
  test(`every operator of two i32, of one and a number, gives i32 on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const [x, y] = [gpu.tensor(a, [2, 3]), gpu.tensor(b)];
    for (const [name, [operator, of]] of Object.entries(operators)) {
      const both = operator(x, y);
      assert.is(both.dtype, "i32");
      assert.equal(
        await numbers(both),
        [...a].map((value, i) => of(value, b[i % 3])),
        name,
      );
      assert.equal(
        await numbers(operator(x, x)),
        [...a].map((value) => of(value, value)),
        `${name} of itself`,
      );
      if (operator === engine.maximum || operator === engine.minimum) continue;
      const withNumber = operator as (a: engine.Operand, b: engine.Operand) => engine.Tensor;
      assert.equal(
        await numbers(withNumber(x, 16777217)),
        [...a].map((value) => of(value, 16777217)),
        `${name} ..., n`,
      );
      assert.equal(
        await numbers(withNumber(-5, x)),
        [...a].map((value) => of(-5, value)),
        `${name} n, ...`,
      );
    }
  });

  test(`i32 broadcast over more axes than the kernel has, recorded too, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const twice = Int32Array.of(...a, ...a);
    const [x, y] = [gpu.tensor(twice, [2, 1, 3, 1, 2]), gpu.tensor(Int32Array.of(0, 1, 2, 3), [2, 1, 2, 1])];
    const { program, result } = await engine.record(gpu, () => engine.add(x, y));
    program.replay();
    const expected = [0, 6].flatMap((i) =>
      [0, 2].flatMap((j) =>
        [0, 2, 4].flatMap((k) => [0, 1].flatMap((l) => [0, 1].map((m) => (twice[i + k + m] + j + l) | 0))),
      ),
    );
    assert.equal(await numbers(engine.add(x, y)), expected);
    assert.equal(await numbers(result), expected);
    program.dispose();
  });

  test(`where chooses among i32 by either kind of condition on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor(a);
    const half = gpu.tensor([0.5, 0, 0, -0.25, 1, 0]);
    assert.equal(await numbers(engine.where(half, x, 1)), [16777217, 1, 1, 0, 7, 1]);
    assert.equal(await numbers(engine.where(engine.lt(x, 0), -1, x)), [16777217, -1, 2147483647, 0, 7, -1]);
    // And among floats by i32.
    assert.equal([...(await engine.where(engine.gt(x, 0), half, 9).read())], [0.5, 9, 0, 9, 1, 9]);
  });

  test(`concat and stack join i32, to the bit, recorded too, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const [x, y] = [gpu.tensor(a, [2, 3]), gpu.tensor(b, [1, 3])];
    assert.equal(await numbers(engine.concat([x, y])), [...a, ...b]);
    assert.equal(await numbers(engine.concat([x, x], 1)), [
      ...a.slice(0, 3),
      ...a.slice(0, 3),
      ...a.slice(3),
      ...a.slice(3),
    ]);
    const { program, result } = await engine.record(gpu, () => engine.stack([engine.add(x, 1), x]));
    assert.is(result.dtype, "i32");
    program.replay();
    assert.equal(await numbers(result), [...a.map((value) => (value + 1) | 0), ...a]);
    program.dispose();
  });

  test(`pad and expand keep the bits of i32, recorded too, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor(a, [2, 3]);
    const [p, q, r, s, t, u] = a;
    const borders = () => [
      engine.pad(x, [1, 0, 0, 1], { value: -16777217 }),
      engine.pad(x, [0, 2], { mode: "reflect" }),
      engine.pad(x, [2, 0], { mode: "replicate" }),
      engine.expand(engine.slice(x, 1, 2, 1), [2, 2, 2]),
      engine.expand(engine.reshape(x, [1, 2, 1, 1, 3, 1]), [2, 2, 2, 1, 3, 2]),
    ];
    const fill = -16777217;
    const repeated = [p, p, q, q, r, r, p, p, q, q, r, r, s, s, t, t, u, u, s, s, t, t, u, u];
    const expected = [
      [fill, p, q, r, fill, s, t, u, fill, fill, fill, fill],
      [p, q, r, q, p, s, t, u, t, s],
      [p, p, p, q, r, s, s, s, t, u],
      [q, q, t, t, q, q, t, t],
      [...repeated, ...repeated],
    ];
    const { program, result } = await engine.record(gpu, borders);
    program.replay();
    for (const made of [borders(), result]) {
      assert.equal(await Promise.all(made.map(numbers)), expected);
    }
    program.dispose();
  });

  test(`indices that are computed move elements, recorded too, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const ids = gpu.tensor(Int32Array.of(0, 3));
    const table = gpu.tensor([0, 10, 20, 30, 40]).requireGrad();
    const { program, result } = await engine.record(gpu, () => {
      const picked = engine.indexSelect(table, 0, engine.add(ids, 1));
      return [picked, ...engine.grad(engine.sum(picked), [table])];
    });
    ids.write([1, 2]);
    program.replay();
    assert.equal([...(await result[0].read())], [20, 30]);
    assert.equal([...(await result[1].read())], [0, 0, 1, 1, 0]);
    program.dispose();
  });
}

test("what does not mix is refused in a sentence", async () => {
  const gpu = await testGpu("software");
  const [whole, real] = [gpu.tensor(Int32Array.of(1, 2)), gpu.tensor([1, 2])];
  assert.match(
    messageOf(() => engine.add(whole, real)),
    /^ShapeError: add: i32 \[2\] and f32 \[2\] do not mix Use cast/,
  );
  assert.match(
    messageOf(() => engine.where(whole, whole, real)),
    /^ShapeError: where: i32 \[2\] and f32 \[2\] do not mix Use cast/,
  );
  assert.match(
    messageOf(() => engine.mul(whole, 0.5)),
    /^ArgumentError: mul: a number with i32 cannot be 0.5 It must be a whole number/,
  );
  assert.match(
    messageOf(() => engine.pad(whole, [1, 0], { value: 0.5 })),
    /^ArgumentError: pad: value cannot be 0.5 It must be a whole number/,
  );
  assert.match(
    messageOf(() => engine.div(whole, whole)),
    /^ShapeError: div: an input of shape \[2\] holds i32/,
  );
  assert.match(
    messageOf(() => engine.gt(1, 2)),
    /^ArgumentError: gt: an operand with a number cannot be 2/,
  );
  assert.match(
    messageOf(() => whole.requireGrad()),
    /^GradientError: a tensor of i32 has no gradient/,
  );
});

test.run();
