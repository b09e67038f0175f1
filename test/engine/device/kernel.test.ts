// Kernels: how many workgroups a dispatch has, also beyond 65535, and how chosen constants get into a shader's text.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../../engine/core/tensor.js";
import { KernelCache } from "../../../engine/device/kernel.js";
import { foldGrid, type KernelSource, specialize, workgroupsFor } from "../../../engine/device/kernel-source.js";
import * as engine from "../../../engine/index.js";
import { GpuError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";
import { Recording } from "../../../engine/program/recording.js";
import * as reference from "../../../engine/reference.js";
import { assertClose, download, messageOf, profiles, testGpu, uniform, upload } from "../../support/gpu.js";

const source = {
  name: "example",
  bindings: { x: "write" },
  params: { count: "u32", shift: "i32", factor: "f32" },
  constants: { WORKGROUP: 64, FACTOR: 0.5, WIDE: false },
  workgroupSize: ["WORKGROUP", 1, 1],
  code: "const WORKGROUP: u32 = 64;\nconst FACTOR: f32 = 0.5;\nconst WIDE: bool = false;\nfn f() {}\n",
} as const satisfies KernelSource;

test("a grid of many workgroups is folded into two dimensions that cover it", () => {
  for (const groups of [1, 65535, 65536, 65537, 70001, 1_000_003, 65535 * 65535]) {
    const [x, y, z] = foldGrid(groups);
    assert.ok(x <= 65535 && y <= 65535 && z === 1);
    assert.ok(x * y >= groups && x * y - groups < x, `${groups} become ${x} x ${y}`);
  }
});

test("a grid or invocations that cannot be are refused in words, also while recording", async () => {
  const gpu = await testGpu("software");
  const kernel = engine.kernelFromWgsl(
    "mine",
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(64) fn main() { x[0] = 1; }`,
  );
  const bindings = { x: gpu.empty([1]) };
  const refused = [-1, Number.NaN, 1.5, "1", undefined, null, 65535 ** 2 + 1, [65536, 1, 1], [1, -1, 1], [1, 0.5, 1]];
  for (const grid of refused) {
    const run = () => gpu.dispatch(kernel, { bindings, params: {}, grid } as never);
    const said = /^ArgumentError: mine: the grid cannot be \S+ It must be a whole number up to 4294836225, or three up/;
    assert.match(messageOf(run), said);
    assert.match(
      messageOf(() => gpu.recordInto(new Recording("nothing"), run)),
      said,
    );
  }
  for (const invocations of [-1, Number.NaN, 1.5, 2 ** 60]) {
    const run = () => gpu.dispatch(kernel, { bindings, params: {}, invocations });
    assert.match(messageOf(run), /ArgumentError: mine: the (invocations|grid) cannot be/);
  }
  gpu.dispatch(kernel, { bindings, params: {}, grid: 0 });
  bindings.x.dispose();
});

test("a grid of three numbers is taken as it is", () => {
  assert.equal(foldGrid([3, 4, 5]), [3, 4, 5]);
});

test("workgroups follow from a number of invocations, by the kernel's own size or the constant that gives it", () => {
  assert.is(workgroupsFor(source, 64), 1);
  assert.is(workgroupsFor(source, 65), 2);
  assert.is(workgroupsFor(source, 65, { WORKGROUP: 8 }), 9);
  assert.is(workgroupsFor({ ...source, workgroupSize: [32, 1, 1] }, 65), 3);
  assert.is(workgroupsFor(source, 0), 0);
  assert.throws(() => workgroupsFor({ ...source, workgroupSize: ["NONE"] }, 1), /does not say its workgroup size/);
});

test("chosen constants stand in the text in the place of their defaults, as literals of their type", () => {
  assert.is(specialize(source, {}), source.code);
  assert.is(
    specialize(source, { WORKGROUP: 8, FACTOR: 2, WIDE: true }),
    "const WORKGROUP: u32 = 8;\nconst FACTOR: f32 = 2.0;\nconst WIDE: bool = true;\nfn f() {}\n",
  );
  assert.throws(
    () => specialize(source, { NONE: 1 }),
    (error: unknown) => error instanceof GpuError && /example has no constant NONE/.test(error.message),
  );
});

test("a source and its constants are one kernel, whoever asks", async () => {
  const { device } = await testGpu("software");
  const cache = new KernelCache(device);
  const kernel = cache.get(source, { WORKGROUP: 8 });
  assert.is(cache.get(source, { WORKGROUP: 8 }), kernel);
  assert.is.not(cache.get(source, { WORKGROUP: 4 }), kernel);
  assert.is.not(cache.get({ ...source }, { WORKGROUP: 8 }), kernel);
  assert.is(kernel.label, "example(WORKGROUP=8)");
  assert.is(cache.get(source).label, "example");
});

test("params are packed by type, one after another", async () => {
  const { device } = await testGpu("software");
  const view = new DataView(new ArrayBuffer(16));
  new KernelCache(device).get(source).packParams({ count: 7, shift: -2, factor: 0.5 }, view, 4);
  assert.equal([view.getUint32(4, true), view.getInt32(8, true), view.getFloat32(12, true)], [7, -2, 0.5]);
});

// ---- grids beyond 65535 workgroups

test("element by element over more than 65535 workgroups", async () => {
  const gpu = await testGpu("gpu");
  // 64 invocations of one vec4 each, and a tail.
  const size = 65537 * 64 * 4 + 3;
  const x = gpu.empty([size]);
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = i % 1009;
  x.write(numbers);
  const y = engine.scale(x, 2, 1);
  const values = await y.read();
  let wrong = 0;
  for (let i = 0; i < size; i++) if (values[i] !== 2 * (i % 1009) + 1) wrong++;
  assert.is(wrong, 0);
  x.dispose();
  y.dispose();
  gpu.trimMemory();
});

test("a workgroup for each of more than 65535 planes and rows", async () => {
  const gpu = await testGpu("software");
  const shape = [1, 65539, 1, 3];
  const x = uniform(new Random(4), shape);
  const dy = uniform(new Random(5), shape);
  const work = () => {
    const input = upload(gpu, x).requireGrad();
    const y = engine.instanceNorm(input);
    const [dx] = engine.grad(y, [input], { dy: upload(gpu, dy) });
    return [y, dx, engine.sum(input, [3]), engine.l2Normalize(engine.reshape(input, [65539, 3]))];
  };
  const tensors = gpu.variants.force({ reduce: "rows" }, () => gpu.scope(work));
  const [y, dx, sums, units] = await Promise.all(tensors.map(download));
  assertClose(y, reference.instanceNorm(x), 2e-5, "instanceNorm");
  assertClose(dx, reference.instanceNormGradient(x, {}, dy).dx, 1e-3, "its gradient");
  assertClose(sums, reference.sum(x, [3]), 2e-5, "sums");
  assertClose(units, reference.l2Normalize(reference.reshape(x, [65539, 3])), 2e-5, "unit rows");
  for (const tensor of tensors) tensor.dispose();
  assert.is(sizeOf(sums.shape), 65539);
});

for (const profile of profiles) {
  test(`more than 65535 workgroups for one plane, and for many products, on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const shape = [1, 1, 2048, 2052];
    const work = () => {
      const x = gpu.tensor(
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => (i % 1009) - 504),
        shape,
      );
      const y = engine.conv2d(x, gpu.tensor([2], [1, 1, 1, 1]), gpu.tensor([1]));
      const row = gpu.tensor(
        Float32Array.from({ length: 65539 }, (_, i) => i),
        [65539, 1, 1],
      );
      return [y, engine.instanceNorm(x), engine.matmul(row, row)];
    };
    const tensors = gpu.scope(work);
    const [y, normal, squares] = await Promise.all(tensors.map(download));
    assert.ok(
      y.data.every((v, i) => v === 2 * ((i % 1009) - 504) + 1),
      "conv2d",
    );
    const scale = normal.data[0] / -504;
    assert.ok(
      normal.data.every((v, i) => Math.abs(v - scale * ((i % 1009) - 504)) < 1e-3),
      "instanceNorm",
    );
    assert.ok(
      squares.data.every((v, i) => v === Math.fround(i * i)),
      "matmul",
    );
    for (const tensor of tensors) tensor.dispose();
    gpu.trimMemory();
  });
}

test.run();
