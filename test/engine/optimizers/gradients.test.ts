// Gradients clipped by their common norm, and averages of parameters that follow at every replay.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { clipGradNorm, record, updateAverages } from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const near = (ours: number, expected: number) =>
  assert.ok(Math.abs(ours - expected) <= 1e-6 * Math.abs(expected), `${ours} instead of ${expected}`);

test("long gradients are scaled down to the norm together, and short ones are left", async () => {
  const gpu = await testGpu("software");
  const given = [gpu.tensor([3, 0]), gpu.tensor([[0], [4]])];
  const { gradients, norm } = clipGradNorm(given, 1);
  near(await norm.item(), 5);
  near((await gradients[0].read())[0], 0.6);
  near((await gradients[1].read())[1], 0.8);
  assert.equal(gradients[1].shape, [2, 1]);
  assert.equal([...(await clipGradNorm(given, 10).gradients[1].read())], [0, 4]);
});

test("averages follow the parameters of their names", async () => {
  const gpu = await testGpu("software");
  const [average, parameter] = [gpu.persistent([2]), gpu.persistent([2])];
  average.write([0, 8]);
  parameter.write([4, 4]);
  const [averages, parameters] = [new Map([["w", average]]), new Map([["w", parameter]])];
  const { program } = await record(gpu, () => updateAverages(averages, parameters, 0.75));
  for (const expected of [
    [1, 7],
    [1.75, 6.25],
  ]) {
    program.replay();
    assert.equal([...(await average.read())], expected);
  }
  assert.match(
    messageOf(() => updateAverages(averages, new Map(), 0.5)),
    /no parameter is named w/,
  );
  program.dispose();
});

test.run();
