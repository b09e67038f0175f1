// The benchmark as a library: rows that are what their type says, and filters that are answered.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ceilingsOf, chooseCases, runBench, shareOf } from "../../bench/index.js";
import { runChild } from "../support/child.js";
import { rejectionOf, testGpu } from "../support/gpu.js";

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

test("a page on a GPU finds rows of kernels that are not loaded yet", async () => {
  const { stdout } = await runChild("bench/children/unloaded.js");
  assert.equal(stdout.trim().split("\n"), ["winograd true", "skinny true", "broadcast true"]);
});

test("no more is done than was announced, and given ceilings are not measured again", async () => {
  const gpu = await testGpu("software");
  const told: { done: number; total: number; next: string }[] = [];
  const onProgress = (progress: (typeof told)[number]) => void told.push(progress);
  const roofline = await runBench(gpu, { suites: ["roofline"], onProgress });
  assert.equal(
    told.map(({ done, total }) => [done, total]),
    Array.from({ length: roofline.length + 1 }, (_, i) => [i, roofline.length]),
  );
  told.length = 0;
  const ceilings = ceilingsOf(roofline);
  const [row] = await runBench(gpu, { suites: ["kernels"], filter: "kernels relu", ceilings, onProgress });
  assert.equal(
    told.map(({ next }) => next.split(" ")[0]),
    ["kernels", ""],
  );
  assert.is(row.roofline, shareOf(row.flops, row.bytes, row.ms?.median ?? 0, ceilings));
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

test("rows that are called off leave no memory", async () => {
  const gpu = await testGpu("software");
  const cases = [
    ...["fma", "read", "copy", "dispatch", "submit"].map((row) => ["roofline", `roofline ${row}`] as const),
    ["kernels", "kernels relu"],
    ["generator", "ngf 16"],
    ["nce", "nce"],
  ] as const;
  for (const [suite, filter] of cases) {
    const before = gpu.memory().liveBuffers;
    const stop = new AbortController();
    const onProgress = () => void setTimeout(() => stop.abort(), 20);
    const options = { suites: [suite], ceilings: { gflops: 1, gbps: 1 }, signal: stop.signal };
    const running = runBench(gpu, { ...options, filter, onProgress });
    assert.is(await rejectionOf(running), stop.signal.reason, filter);
    assert.is(gpu.memory().liveBuffers, before, filter);
  }
});

test("others on the engine choose their kernels as ever while a kernel is forced in the rows", async () => {
  const gpu = await testGpu("software");
  const seen: (string | undefined)[] = [];
  const looking = setInterval(() => seen.push(gpu.variants.forced("conv2d"), gpu.variants.forced("matmul")));
  for (const filter of ["conv2d 3x3", "matmul"]) {
    const stop = new AbortController();
    const options = { ceilings: { gflops: 1, gbps: 1 }, signal: stop.signal, onRow: () => stop.abort() };
    await rejectionOf(runBench(gpu, { suites: ["kernels"], filter, ...options }));
  }
  clearInterval(looking);
  assert.equal([...new Set(seen)], [undefined]);
});

test.run();
