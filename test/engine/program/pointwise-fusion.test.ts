// Elementwise operators that a recording fuses: which become one kernel, and the numbers of those that are not fused.
// Bits are compared where a driver has nothing to round once, as it may a product within a sum.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../../engine/autograd.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { relativeError } from "../../support/goldens.js";
import { halfGpu, profiles, testGpu } from "../../support/gpu.js";
import { fused, tensorOf } from "./fused.js";

const { abs, add, div, exp, matmul, maximum, mul, relu, scale, sigmoid, square, sub, sum, tanh } = engine;

for (const profile of profiles) {
  test(`a chain is one kernel on ${profile}, named after its operators`, async () => {
    const gpu = await testGpu(profile);
    const x = tensorOf(gpu, [3, 5, 7]);
    const { kernels, errors } = await fused(gpu, () => [relu(sub(tanh(x), square(x)))]);
    assert.equal(kernels, ["tanh_square_sub_relu"]);
    assert.equal(errors, [0]);
    x.dispose();
  });

  test(`random graphs and their gradients on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const unary = [abs, relu, tanh, square, (x: Tensor) => scale(x, 0.5, 0.25)];
    const binary = [add, sub, mul, maximum, (a: Tensor, b: Tensor) => div(a, add(square(b), 1))];
    const random = new Random(3);
    const shape = [2, 3, 4, profile === "gpu" ? 8 : 7];
    const inputs = [shape, shape, [3, 1, 1], shape.slice(3), []].map((each, i) =>
      tensorOf(gpu, each, 10 + i).requireGrad(),
    );
    const plan = Array.from({ length: 14 }, () => [random.next(), random.next(), random.next()]);
    const work = () => {
      const values: Tensor[] = [...inputs];
      const pick = (at: number) => values[Math.floor(at * values.length)];
      for (const [kind, a, b] of plan) {
        const one = Math.floor(2 * kind * unary.length);
        const y = kind < 0.5 ? unary[one](pick(a)) : binary[one % binary.length](pick(a), pick(b));
        values.push(y);
      }
      const last = values.slice(-3);
      const loss = last.map((y) => sum(square(y))).reduce((a, b) => add(a, b));
      return [...last.map((y) => y.detach()), ...grad(loss, inputs, { allowUnused: true }).filter((dx) => dx !== null)];
    };
    const { errors } = await fused(gpu, work as () => Tensor[]);
    for (const [i, error] of errors.entries()) assert.ok(error < 2e-6, `result ${i}: ${error}`);
    for (const tensor of inputs) tensor.dispose();
  });
}

test("what others read is stored on the way", async () => {
  const gpu = await testGpu("gpu");
  const x = tensorOf(gpu, [8, 8]);
  const { kernels, errors } = await fused(gpu, () => {
    const y = tanh(x);
    const z = abs(y);
    return [y, matmul(z, z), relu(sub(z, y))];
  });
  assert.equal([kernels[0], ...kernels.slice(2)], ["tanh_abs", "sub_relu"]);
  assert.equal(errors, [0, 0, 0]);
  x.dispose();
});

test("a chain around a product is two kernels, and an operand may come from another chain", async () => {
  const gpu = await testGpu("gpu");
  const x = tensorOf(gpu, [8, 8]);
  const { kernels, errors } = await fused(gpu, () => {
    const y = tanh(abs(x));
    const other = relu(sigmoid(x));
    return [sub(relu(matmul(y, y)), other)];
  });
  assert.is(kernels.length, 3, `${kernels}`);
  assert.equal(errors, [0]);
  x.dispose();
});

test("a copy into a tensor made outside is made by the chain, if no number of it stays", async () => {
  const gpu = await testGpu("gpu");
  const [x, whole, seven] = [tensorOf(gpu, [8]), tensorOf(gpu, [2, 4]), tensorOf(gpu, [7])];
  const record = (work: () => void) => engine.record(gpu, work, new engine.Arena(), { fusePointwise: true });
  const { program } = await record(() => {
    whole.copyFrom(engine.reshape(abs(tanh(x)), [2, 4]));
    seven.copyFrom(engine.slice(relu(x), 0, 7));
  });
  program.replay();
  const values = [...(await x.read())];
  const expected = values.map((v) => Math.abs(Math.tanh(v)));
  assert.ok(relativeError(await whole.read(), Float64Array.from(expected)) < 1e-6);
  assert.equal(
    [...(await seven.read())],
    values.slice(0, 7).map((v) => Math.max(0, v)),
  );
  assert.equal(
    program.kernels().map((label) => label.match(/^[a-z_]*[a-z]/)?.[0]),
    ["tanh_abs", "unary", "strided_copy"],
  );
  program.dispose();
  for (const tensor of [x, whole, seven]) tensor.dispose();
});

test("a tensor that the step overwrites is read before", async () => {
  const gpu = await testGpu("gpu");
  const x = tensorOf(gpu, [4, 4]);
  const before = await x.read();
  const { program, result } = await engine.record(
    gpu,
    () => {
      const y = tanh(x);
      x.copyFrom(abs(y));
      return relu(y);
    },
    new engine.Arena(),
    { fusePointwise: true },
  );
  program.replay();
  assert.ok(
    relativeError(
      await result.read(),
      Float64Array.from(before, (v) => Math.max(0, Math.tanh(v))),
    ) < 1e-6,
  );
  assert.ok(
    relativeError(
      await x.read(),
      Float64Array.from(before, (v) => Math.abs(Math.tanh(v))),
    ) < 1e-6,
  );
  program.dispose();
  x.dispose();
});

test("more tensors and numbers than one kernel takes", async () => {
  const gpu = await testGpu("gpu");
  const inputs = Array.from({ length: 12 }, (_, i) => tensorOf(gpu, [4, 4], i + 1));
  const tensors = await fused(gpu, () => [inputs.map(abs).reduce((a, b) => maximum(a, b))]);
  assert.is(tensors.kernels.length, 2, `${tensors.kernels}`);
  // A tensor that an operator reads twice is bound once.
  const squares = await fused(gpu, () => [
    inputs
      .slice(0, 7)
      .map((x) => mul(x, x))
      .reduce((a, b) => maximum(a, b)),
  ]);
  assert.is(squares.kernels.length, 1, `${squares.kernels}`);
  const numbers = await fused(gpu, () => {
    let y = inputs[0];
    for (let i = 1; i < 40; i++) y = abs(scale(y, 1 + i / 64, -i / 64));
    return [y];
  });
  assert.is(numbers.kernels.length, 2, `${numbers.kernels}`);
  for (const error of [...tensors.errors, ...squares.errors, ...numbers.errors]) assert.ok(error < 1e-6);
  for (const tensor of inputs) tensor.dispose();
});

test("a chain of many operators is several kernels, which drivers compile sooner than one", async () => {
  const gpu = await testGpu("gpu");
  const x = tensorOf(gpu, [4, 4]);
  const { kernels, errors } = await fused(gpu, () => {
    let y = x;
    for (let i = 0; i < 200; i++) y = abs(y);
    return [y];
  });
  assert.equal(kernels, [...Array(3).fill("abs_abs_abs_and_61_more"), "abs_abs_abs_and_5_more"]);
  assert.equal(errors, [0]);
  x.dispose();
});

test("what is no number stays none, also where it is multiplied by 0", async () => {
  const gpu = await testGpu("gpu");
  const x = gpu.tensor([Number.NaN, Number.POSITIVE_INFINITY, -0, 2]);
  const { program, result } = await engine.record(
    gpu,
    () => [relu(scale(x, 2)), scale(abs(x), 0, 1), div(abs(x), scale(x, -0))],
    new engine.Arena(),
    { fusePointwise: true },
  );
  program.replay();
  const [rectified, one, divided] = await Promise.all(result.map(async (y) => [...(await y.read())]));
  assert.equal(rectified, [Number.NaN, Number.POSITIVE_INFINITY, 0, 4]);
  assert.equal(one, [Number.NaN, Number.NaN, 1, 1]);
  assert.equal(divided, [Number.NaN, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY]);
  assert.is(program.length, 3);
  program.dispose();
  x.dispose();
});

test("what the step writes into a constant is there in the next replay", async () => {
  const gpu = await testGpu("gpu");
  const work = () => {
    const counts = gpu.tensor([0, 0, 0, 0]);
    counts.copyFrom(add(engine.expand(engine.mean(counts), [4]), 1));
    return abs(counts);
  };
  const { program, result } = await engine.record(gpu, work, new engine.Arena(), { fusePointwise: true });
  for (const expected of [1, 2, 3]) {
    program.replay();
    assert.equal([...(await result.read())], Array(4).fill(expected));
  }
  program.dispose();
});

test("16-bit tensors are read and written as such", async () => {
  const gpu = await halfGpu("gpu").catch(() => null);
  if (!gpu) return;
  const x = engine.cast(tensorOf(gpu, [3, 8]), "f16");
  const row = tensorOf(gpu, [8]);
  const { kernels, errors } = await fused(gpu, () => {
    const y = exp(sub(x, row));
    return [y, engine.cast(relu(y), "f32")];
  });
  assert.is(kernels.length, 2, `${kernels}`);
  for (const error of errors) assert.ok(error < 1e-3, `${error}`);
  for (const tensor of [x, row]) tensor.dispose();
});

test("large tensors are not kept for longer to save a dispatch", async () => {
  const gpu = await testGpu("gpu");
  const [a, b] = [tensorOf(gpu, [1024, 8], 1), tensorOf(gpu, [8, 1024], 2)];
  const { kernels, bytes } = await fused(gpu, () => {
    // [1024, 1024] each; x and y are not needed after z, which is smaller than both together.
    const [x, y] = [matmul(a, b), matmul(b, a, { transposeA: true, transposeB: true })];
    const z = mul(x, y);
    return [sub(abs(matmul(a, b)), z)];
  });
  assert.equal(
    kernels.filter((label) => !label.startsWith("matmul")).map((label) => label.replace(/\(.*/, "")),
    ["binary", "abs_sub"],
  );
  assert.is(bytes[1], bytes[0]);
  for (const tensor of [a, b]) tensor.dispose();
});

test("by default GPUs fuse, and software adapters do not", async () => {
  const lengths = await Promise.all(
    (["gpu", "software"] as const).map(async (profile) => {
      const gpu = await testGpu(profile);
      const x = tensorOf(gpu, [4]);
      const { program } = await engine.record(gpu, () => abs(tanh(x)));
      program.dispose();
      x.dispose();
      return program.length;
    }),
  );
  assert.equal(lengths, [1, 2]);
});

test.run();
