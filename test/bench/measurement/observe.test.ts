// What work is made of: operators with their dispatches, which can be repeated alone.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { randomTensor } from "../../../bench/inputs/random-data.js";
import { observe, repeatCalls } from "../../../bench/measurement/observe.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { relu } from "../../../engine/operators/pointwise/index.js";
import { record } from "../../../engine/program/program.js";
import { testGpu } from "../../support/gpu.js";

test("observing tells operators with their dispatches, and these can be repeated alone", async () => {
  const gpu = await testGpu("software");
  const [x, w] = [randomTensor(gpu, [1, 4, 8, 8]), randomTensor(gpu, [4, 4, 3, 3])];
  const calls = await observe(gpu, () => gpu.scope(() => void relu(conv2d(x, w, undefined, { padding: 1 }))));
  assert.equal(
    calls.map(({ operator, flops }) => [operator, flops]),
    [
      ["conv2d", 2 * 256 * 36],
      ["relu", 256],
    ],
  );
  assert.equal(
    calls.map(({ dispatches }) => dispatches.length),
    [1, 1],
  );
  const repeated = repeatCalls(gpu, calls.slice(0, 1));
  const { program } = await record(gpu, repeated.work);
  assert.is(program.length, 1);
  assert.match(program.kernels()[0], /^conv2d/);
  program.dispose();
  repeated.dispose();
  for (const tensor of [x, w]) tensor.dispose();
});

test.run();
