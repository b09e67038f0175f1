// The ladder: every step gives the engine's result, whose own correctness other tests show against the reference.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runBench } from "../../bench/index.js";
import { convolutionSteps, type LadderStep, matmulSteps } from "../../bench/ladder.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Profile } from "../../engine/device/adapter.js";
import { Random } from "../../engine/lib/random.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import type { Dense } from "../../engine/reference.js";
import * as reference from "../../engine/reference.js";
import { assertClose, download, messageOf, testGpu, uniform, upload } from "../support/gpu.js";

const random = new Random(7);

/** Runs a step on copies of the operands and reads its result; null where the adapter lacks what it needs. */
async function resultOf(gpu: Gpu, step: LadderStep, left: Dense, right: Dense): Promise<Dense | null> {
  const operands = [upload(gpu, left), upload(gpu, right)] as const;
  try {
    const y = step.run(gpu, ...operands);
    const result = await download(y);
    y.dispose();
    return result;
  } catch (error) {
    if (gpu.subgroupSize < 4 && (error as { code?: string }).code) return null;
    throw error;
  } finally {
    for (const operand of operands) operand.dispose();
  }
}

for (const step of matmulSteps) {
  test(`matrix product, ${step.name}: as the reference`, async () => {
    const gpu = await testGpu("software");
    // Sizes that differ, so that no axis can be taken for another.
    const [a, c] = [uniform(random, [64, 128]), uniform(random, [128, 192])];
    const result = await resultOf(gpu, step, a, c);
    if (result) assertClose(result, reference.matmul(a, c), 2e-6, step.name);
  });
}

for (const step of convolutionSteps) {
  test(`convolution, ${step.name}: as the reference`, async () => {
    const gpu = await testGpu("software");
    // Neither side fills a workgroup of 16.
    const [x, w] = [uniform(random, [1, 3, 19, 9]), uniform(random, [5, 3, 3, 3])];
    const result = await resultOf(gpu, step, x, w);
    if (result) assertClose(result, reference.conv2d(x, w, undefined, { padding: 1 }), 2e-6, step.name);
    assert.is(gpu.variants.forced("conv2d"), undefined, "nothing stays forced");
  });
}

test("the last step is the engine's own operator, and each step teaches in one sentence", async () => {
  const gpu = await testGpu("software");
  const [a, c] = [
    gpu.tensor(new Float32Array(64 * 64).fill(0.5), [64, 64]),
    gpu.tensor(new Float32Array(64 * 64).fill(3), [64, 64]),
  ];
  const last = matmulSteps[matmulSteps.length - 1].run(gpu, a, c);
  const own = matmul(a, c);
  assert.equal(await last.read(), await own.read());
  for (const tensor of [a, c, last, own]) tensor.dispose();
  const names = [...matmulSteps, ...convolutionSteps].map(({ name }) => name);
  assert.is(names[0], "naive");
  for (const { lesson } of [...matmulSteps, ...convolutionSteps]) assert.match(lesson, /^[A-Z][^.]*\.$/);
});

test("a step that cannot do the ladder's work is left out, and on software adapters one of a GPU's tiles", () => {
  const [x, w] = [
    [1, 64, 64, 64],
    [64, 64, 3, 3],
  ];
  const left = (profile: Profile, subgroupSize: number) =>
    convolutionSteps.filter(({ serves }) => serves?.({ profile, subgroupSize }, x, w) ?? true).map(({ name }) => name);
  assert.equal(left("software", 32), ["naive", "tiled", "broadcast", "winograd"]);
  assert.equal(left("software", 0), ["naive", "tiled", "winograd"]);
  assert.ok(left("gpu", 32).includes("tiled_64x64"));
});

test("steps are rows that filters find by step and shape, rated as all", async () => {
  const gpu = await testGpu("software");
  const ceilings = { gflops: 100, gbps: 1e6 };
  const rows = await runBench(gpu, { suites: ["kernels"], filter: "256x256x256 naive", ceilings });
  assert.is(rows.length, 1);
  const [{ suite, kernel, variant, flops, bytes, ms, gflops, roofline, note }] = rows;
  assert.equal([suite, kernel, variant, note], ["kernels", "ladder.matmul", "naive", matmulSteps[0].lesson]);
  assert.equal([flops, bytes], [2 * 256 ** 3, 3 * 256 ** 2 * 4]);
  assert.ok(ms && Math.abs((gflops ?? 0) - flops / ms.median / 1e6) < 1e-9);
  assert.ok(Math.abs((roofline ?? 0) - (gflops ?? 0) / 100) < 1e-9);
});

test("a step refuses sizes that it was not written for, and says which it takes", async () => {
  const gpu = await testGpu("software");
  const [a, c] = [gpu.empty([64, 60]), gpu.empty([60, 64])];
  assert.match(
    messageOf(() => matmulSteps[0].run(gpu, a, c)),
    /multiples of 64/,
  );
  const [x, w] = [gpu.empty([1, 2, 8, 8]), gpu.empty([2, 2, 5, 5])];
  assert.match(
    messageOf(() => convolutionSteps[0].run(gpu, x, w)),
    /\[out, in, 3, 3\]/,
  );
  for (const tensor of [a, c, x, w]) tensor.dispose();
});

test.run();
