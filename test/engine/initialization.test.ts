// Initial values: their bounds or deviations, and that a seed says them all.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import { messageOf, testGpu } from "../support/gpu.js";

const shape = [16, 8, 3, 3];
const [fanIn, fanOut] = [72, 144];

for (const [name, deviation] of [
  ["xavierUniform", 2 * Math.sqrt(2 / (fanIn + fanOut))],
  ["xavierNormal", 2 * Math.sqrt(2 / (fanIn + fanOut))],
  ["kaimingUniform", Math.sqrt(2 / (1 + 4) / fanIn)],
  ["kaimingNormal", Math.sqrt(2 / (1 + 4) / fanIn)],
] as const) {
  test(name, async () => {
    const gpu = await testGpu("software");
    const { [name]: draw } = engine;
    const drawn = await draw(gpu, shape, new Random(1), 2).read();
    const measured = Math.sqrt(drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length);
    assert.ok(Math.abs(measured / deviation - 1) < 0.05, `${measured} instead of ${deviation}`);
    const most = Math.max(...drawn.map(Math.abs)) / deviation;
    assert.ok(name.endsWith("Uniform") ? most <= Math.sqrt(3) * 1.000001 : most > 2, `${most} deviations`);
    assert.equal([...(await draw(gpu, shape, new Random(1), 2).read())], [...drawn]);
  });
}

test("a seed in place of a generator is refused", async () => {
  const gpu = await testGpu("software");
  for (const draw of [engine.uniform, engine.kaimingNormal])
    assert.match(
      messageOf(() => draw(gpu, [2, 2], 1 as never)),
      /ArgumentError: the source of initial values cannot be 1 It must be a new Random\(seed\)\./,
    );
});

test("a weight without a fan is refused", async () => {
  const gpu = await testGpu("software");
  assert.match(
    messageOf(() => engine.kaimingNormal(gpu, [3], new Random(1))),
    /ShapeError: a weight of shape \[3\] has no fan/,
  );
});

test.run();
