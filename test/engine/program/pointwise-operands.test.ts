// How fused elementwise operators read tensors that broadcast, are strided, or are copies of others.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Shape, Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";
import { fused, tensorOf } from "./fused.js";

const { abs, add, matmul, maximum, mul, relu, scale, sub } = engine;

test("operands that broadcast", async () => {
  const gpu = await testGpu("gpu");
  const shapes: [shape: Shape, ...operands: Shape[]][] = [
    [[2, 3, 4, 8], [], [3, 1, 1], [8], [4, 1], [2, 1, 1, 8]],
    [
      [2, 3, 4, 8],
      [1, 3, 1, 8],
      [2, 1, 4, 1],
      [2, 3, 1, 1],
      [2, 3, 4, 1],
    ],
    [[5, 4], [5, 1], [4], [1, 1]],
    [[1], [1, 1], []],
    [
      [3, 0],
      [3, 1],
    ],
  ];
  for (const [shape, ...operands] of shapes) {
    const x = tensorOf(gpu, shape);
    const others = operands.map((operand, i) => tensorOf(gpu, operand, 2 + i));
    const { kernels, errors } = await fused(gpu, () => [
      others.reduce((y, other) => sub(other, maximum(other, y)), scale(x, 0.5)),
    ]);
    assert.ok(kernels.length <= 1, `${kernels}`);
    assert.equal(errors, [0], `${JSON.stringify(operands)} to [${shape}]`);
    for (const tensor of [x, ...others]) tensor.dispose();
  }
});

test("operands whose vec4s are not those of the result, read one number at a time", async () => {
  const gpu = await testGpu("gpu");
  const whole = tensorOf(gpu, [4, 6, 5]);
  const parts: { [way: string]: () => Tensor } = {
    "a row that broadcasts": () => engine.slice(whole, 0, 1, 0),
    "columns that broadcast": () => engine.slice(whole, 1, 2, 2),
    "a part of rows": () => engine.slice(engine.concat([whole, whole], 2), 3, 8, 2),
    "a part of the whole": () =>
      engine.reshape(engine.slice(engine.reshape(engine.concat([whole, whole]), [240]), 7, 127), [4, 6, 5]),
    "a transposed tensor": () => engine.permute(engine.reshape(whole, [5, 6, 4]), [2, 1, 0]),
    "a flipped one": () => engine.flip(whole, [0, 2]),
  };
  for (const [way, part] of Object.entries(parts)) {
    const { kernels, errors } = await fused(gpu, () => [abs(sub(whole, part())), relu(add(part(), whole))]);
    const copies = kernels.filter((label) => !/^(concat|strided_copy.*ACC|place)/.test(label));
    assert.ok(copies.length <= 4, `${way}: ${kernels}`);
    assert.equal(errors, [0, 0], way);
  }
  whole.dispose();
});

test("parts of rows are read where they are, as gates of an LSTM", async () => {
  const gpu = await testGpu("gpu");
  for (const width of [8, 6, 5]) {
    const x = tensorOf(gpu, [4, 2 * width]);
    const { kernels, errors } = await fused(gpu, () => {
      const [gate = x, value = x] = engine.split(x, width, 1);
      return [mul(relu(gate), abs(value))];
    });
    assert.is(kernels.length, 1, `${kernels}`);
    assert.equal(errors, [0]);
    x.dispose();
  }
});

test("copies of copies are one kernel, which moves integers as they are", async () => {
  const gpu = await testGpu("gpu");
  const x = gpu.tensor(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [1, 8]);
  const work = () => engine.expand(engine.slice(engine.flip(x, 1), 1, 5, 1), [3, 4]);
  const { program, result } = await engine.record(gpu, work, new engine.Arena(), { fusePointwise: true });
  program.replay();
  assert.equal([...(await result.read<"i32">())], [7, 6, 5, 4, 7, 6, 5, 4, 7, 6, 5, 4]);
  assert.is(program.length, 1);
  program.dispose();
  x.dispose();
});

test("a part of a number that was expanded is that number", async () => {
  const gpu = await testGpu("gpu");
  const [x, number] = [tensorOf(gpu, [4, 4]), tensorOf(gpu, [1, 1], 2)];
  const { kernels, errors } = await fused(gpu, () => [
    sub(engine.slice(x, 0, 3, 1), engine.slice(engine.flip(engine.expand(number, [4, 4]), 0), 1, 4, 1)),
  ]);
  assert.is(kernels.length, 1, `${kernels}`);
  assert.equal(errors, [0]);
  for (const tensor of [x, number]) tensor.dispose();
});

test("the heads of an attention are read where they are", async () => {
  const gpu = await testGpu("gpu");
  const x = tensorOf(gpu, [2, 5, 3 * 6]);
  const heads = (t: Tensor) => engine.permute(engine.reshape(t, [2, 5, 2, 3]), [0, 2, 1, 3]);
  const { kernels, errors } = await fused(gpu, () => {
    const [q = x, k = x, v = x] = engine.split(x, 6, 2).map(heads);
    return [q, abs(sub(k, v)), matmul(q, k, { transposeB: true })];
  });
  assert.is(kernels.filter((label) => !label.startsWith("matmul")).length, 2, `${kernels}`);
  for (const error of errors) assert.ok(error < 1e-6);
  x.dispose();
});

test.run();
