// The benchmark as a library: measurements that can be believed, rows for every operator, rows that say why they have
// no time.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { casesOf, chooseCases, runBench, shareOf } from "../../bench/index.js";
import { measure, runsFor, tickOf, timingOf } from "../../bench/measure.js";
import { again, observe, observeRehearsal } from "../../bench/observe.js";
import { operatorBenches } from "../../bench/operators/operators.js";
import { makeInput, randomTensor } from "../../bench/random-data.js";
import { rowOf } from "../../bench/rating.js";
import type { BenchRow } from "../../bench/row.js";
import { variantsOf, withForced } from "../../bench/variants.js";
import { LimitError } from "../../engine/core/errors.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { add, relu } from "../../engine/operators/pointwise/index.js";
import { operatorTable } from "../../engine/operators/table.js";
import { record } from "../../engine/program/program.js";
import { testGpu } from "../support/gpu.js";

test("a measurement has a median within its range, and counts what it ran", async () => {
  const gpu = await testGpu("software");
  const x = randomTensor(gpu, [64, 64]);
  const { ms, runs, repeats, dispatches } = await measure(gpu, () => relu(add(x, x)), { budget: 30 });
  assert.ok(ms.min > 0 && ms.min <= ms.median && ms.median <= ms.max);
  assert.ok(ms.median < 50, `two dispatches on 4096 elements took ${ms.median} ms`);
  assert.ok(runs >= 5);
  assert.ok(repeats > 1, "work this short is repeated within a pass");
  assert.is(dispatches, 2);
  x.dispose();
});

test("ten times the work takes longer", async () => {
  const gpu = await testGpu("software");
  const x = randomTensor(gpu, [1 << 18]);
  const times = (count: number) => () => {
    for (let i = 0; i < count; i++) relu(x);
  };
  const [one, ten] = [await measure(gpu, times(1), { budget: 30 }), await measure(gpu, times(10), { budget: 30 })];
  assert.ok(ten.ms.min > 2 * one.ms.min, `${one.ms.min} ms and ${ten.ms.min} ms`);
  x.dispose();
});

test("an aborted measurement throws the signal's reason and gives its memory back", async () => {
  const gpu = await testGpu("software");
  const before = gpu.memory().liveBuffers;
  const x = randomTensor(gpu, [64]);
  const reason = new Error("enough");
  let caught: unknown;
  await measure(gpu, () => relu(x), { signal: AbortSignal.abort(reason) }).catch((error: unknown) => {
    caught = error;
  });
  assert.is(caught, reason);
  x.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("medians, ticks and numbers of runs", () => {
  assert.equal(timingOf([5, 1, 3]), { median: 3, min: 1, max: 5 });
  assert.is(timingOf([1, 2, 4, 8]).median, 3);
  // Dawn's rounding to 2^16 ns, and stamps that are not rounded.
  assert.is(tickOf([65536n * 7n, 65536n * 12n, 65536n * 33n]), 65536);
  assert.is(tickOf([1_000_003n, 2_500_001n]), 1);
  assert.is(runsFor(1, 1000), 50);
  assert.is(runsFor(100, 1000), 10);
  assert.is(runsFor(900, 1000), 5, "at least five");
  assert.is(runsFor(2000, 1000), 2, "or as many as patience allows");
  assert.is(runsFor(60_000, 1000), 1);
});

test("every operator of the engine has a row, and rows run what they are named after", async () => {
  const gpu = await testGpu("software");
  const rated = new Set(casesOf(gpu, ["kernels"]).flatMap(({ operators = [] }) => operators));
  assert.equal(
    [...operatorTable.keys()].filter((name) => !rated.has(name)),
    [],
    "operators without a row in bench/suites",
  );
  for (const { kernel, inputs, work } of operatorBenches) {
    const tensors = inputs.map((input) => makeInput(gpu, input));
    const called = (await observeRehearsal(gpu, () => work(...tensors))).map(({ operator }) => operator);
    assert.ok(called.includes(kernel), `${kernel} runs ${called}`);
    for (const tensor of tensors) tensor.dispose();
  }
});

test("every kernel that the adapter can run has a row of its own", async () => {
  const gpu = await testGpu("software");
  const cases = casesOf(gpu, ["kernels"]);
  for (const operator of operatorTable.keys()) {
    const forced = cases.filter(({ operators }) => operators?.[0] === operator).map(({ variant }) => variant);
    if (operatorTable.get(operator)?.variants.length === 0) continue;
    for (const variant of variantsOf(gpu, operator)) assert.ok(forced.includes(variant), `${operator} ${variant}`);
  }
  const names = cases.map(({ kernel, shape, variant }) => `${kernel} ${shape} ${variant}`);
  assert.is(new Set(names).size, names.length, "names are keys");
});

test("forcing a kernel ends with the work", async () => {
  const gpu = await testGpu("software");
  withForced(gpu, "conv2d", "tiled", () => assert.is(gpu.variants.forced("conv2d"), "tiled"));
  assert.is(gpu.variants.forced("conv2d"), undefined);
});

test("rows are what the type says, and survive JSON", async () => {
  const gpu = await testGpu("software");
  const rows = await runBench(gpu, { suites: ["kernels"], filter: "kernels relu" });
  assert.equal(JSON.parse(JSON.stringify(rows)), rows);
  assert.is(rows.length, 1);
  const [row] = rows;
  assert.equal(
    [row.suite, row.kernel, row.variant, row.dtype, row.profile],
    ["kernels", "relu", "default", "f32", "software"],
  );
  assert.is(row.flops, 64 ** 3);
  assert.is(row.bytes, 2 * 4 * 64 ** 3);
  assert.ok(row.ms && row.gflops && row.gbps && row.roofline);
  assert.ok(Math.abs(row.gflops - row.flops / row.ms.median / 1e6) < 1e-9);
  assert.ok((row.reference_ms ?? 0) > 0);
  assert.equal(row.peers, {});
});

test("the share of the roofline is that of the tighter ceiling", () => {
  const ceilings = { gflops: 100, gbps: 10 };
  assert.is(shareOf(1e8, 1e3, 2, ceilings), 0.5, "bound by arithmetic: 1 ms at best");
  assert.is(shareOf(1e3, 1e7, 4, ceilings), 0.25, "bound by memory: 1 ms at best");
  assert.is(shareOf(0, 0, 1, ceilings), null);
});

test("peers' medians become ratios", async () => {
  const gpu = await testGpu("software");
  const measurement = {
    runs: 5,
    ms: { median: 2, min: 1, max: 3 },
    clock: "wall",
    repeats: 1,
    dispatches: 1,
    bytes: 0,
  } as const;
  const which = { suite: "kernels", kernel: "matmul", variant: "tiled", shape: "s" } as const;
  const others = [
    { peer: "tfjs", ms: { median: 8, min: 8, max: 8 } },
    { peer: "onnxruntime", ms: null },
  ];
  const row: BenchRow = rowOf(gpu, which, { measurement, flops: 4e6, bytes: 0 }, { gflops: 4, gbps: 1 }, others);
  assert.equal(row.peers, { tfjs: { ms: 8, ratio: 4 } });
  assert.is(row.gflops, 2);
  assert.is(row.roofline, 0.5);
  assert.is(row.figures?.["wall_clock"], 1);
});

test("a filter that matches nothing lists what there is", async () => {
  const gpu = await testGpu("software");
  let message = "";
  try {
    chooseCases(gpu, { suites: ["kernels"], filter: "fft" });
  } catch (error) {
    message = `${(error as Error).message} ${(error as { fix: string }).fix}`;
  }
  assert.match(message, /"fft".*conv2d\.dw.*matmul.*instanceNorm/s);
});

test("what exceeds the adapter's limits gives a row that says so", async () => {
  const gpu = await testGpu("software");
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  let caught: unknown;
  await measure(gpu, () => gpu.empty([limit])).catch((error: unknown) => {
    caught = error;
  });
  assert.instance(caught, LimitError);
  const which = { suite: "kernels", kernel: "relu", variant: "default", shape: "s" } as const;
  const outcome = { measurement: null, flops: 0, bytes: 0, note: "could not run: too large" };
  const row = rowOf(gpu, which, outcome, { gflops: 1, gbps: 1 });
  assert.equal([row.ms, row.runs, row.gflops, row.note], [null, 0, null, "could not run: too large"]);
});

test("observing tells operators with their dispatches, and these can be run again alone", async () => {
  const gpu = await testGpu("software");
  const [x, w] = [randomTensor(gpu, [1, 4, 8, 8]), randomTensor(gpu, [4, 4, 3, 3])];
  const { calls, result } = await observe(gpu, () => gpu.scope(() => relu(conv2d(x, w, undefined, { padding: 1 }))));
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
  const twin = again(gpu, calls.slice(0, 1));
  const { program } = await record(gpu, twin.work);
  assert.is(program.length, 1);
  assert.match(program.kernels()[0], /^conv2d/);
  program.dispose();
  twin.dispose();
  for (const tensor of [x, w, result]) tensor.dispose();
});

test.run();
