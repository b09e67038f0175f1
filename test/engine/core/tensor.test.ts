// Tensors: content and shape, memory that several share, and what a disposed one says.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf, type Tensor, visitTensors } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { messageOf, ownGpu, profiles, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("a size is the product of the shape, and 1 for a scalar", () => {
  assert.is(sizeOf([2, 3, 4]), 24);
  assert.is(sizeOf([]), 1);
  assert.is(sizeOf([3, 0]), 0);
});

test("floats and integers are read as they were written", async () => {
  const [x, ids] = [gpu.tensor([1.5, -2], [2, 1]), gpu.tensor(Int32Array.of(-3, 70000))];
  assert.equal([x.dtype, ids.dtype], ["f32", "i32"]);
  assert.equal([...(await x.read())], [1.5, -2]);
  assert.equal([...(await ids.read())], [-3, 70000]);
  assert.instance(await x.read(), Float32Array);
  assert.instance(await ids.read(), Int32Array);
});

test("item is the only element", async () => {
  assert.is(await gpu.tensor([7], [1, 1]).item(), 7);
  const error = await gpu
    .tensor([1, 2])
    .item()
    .catch((error: Error) => error);
  assert.match((error as Error).message, /item: a tensor of shape \[2\] holds 2 numbers/);
});

test("an alias shares memory, which goes with the last of those who use it", async () => {
  const before = gpu.memory().liveBuffers;
  const x = gpu.tensor([1, 2, 3, 4]);
  const y = x.alias([2, 2]);
  assert.is(gpu.memory().liveBuffers, before + 1);
  x.dispose();
  assert.equal([...(await y.read())], [1, 2, 3, 4]);
  y.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("detach leaves the tape behind", () => {
  const x = gpu.tensor([1, 2]).requireGrad();
  const y = engine.square(x);
  assert.equal([x.tracked, y.tracked, y.detach().tracked], [true, true, false]);
});

test("tensors are found in arrays, Maps, Sets and the fields of objects, but not in #private ones or closures", () => {
  const [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map((n) => gpu.tensor([n]));
  class Layer {
    weight = c;
    gpu = gpu;
    self: Layer = this;
    data = new Float32Array(3);
    #bias = f;
    bias = () => this.#bias;
  }
  const found: Tensor[] = [];
  const value = [
    a,
    { b: [new Map([["b", b]])], nothing: null, layer: new Layer() },
    new Set([d]),
    new Map([[e, 1]]),
    "text",
  ];
  visitTensors(value, (tensor) => found.push(tensor));
  assert.equal(
    found.map((tensor) => [a, b, c, d, e, f].indexOf(tensor)),
    [0, 1, 2, 3, 4],
  );
});

test("a tensor is copied into another, also into a part of a shared buffer, and integers bit by bit", async () => {
  const [a, b] = gpu.persistentFlat([[2], [3]]);
  a.write([1, 2]);
  b.copyFrom(gpu.tensor([3, 4, 5]));
  assert.equal([...(await a.read()), ...(await b.read())], [1, 2, 3, 4, 5]);
  const n = gpu.empty([1], "i32");
  n.copyFrom(gpu.tensor(Int32Array.of(-(2 ** 31) + 1)));
  assert.is(await n.item(), -(2 ** 31) + 1);
  assert.match(
    messageOf(() => a.copyFrom(b)),
    /ShapeError: copyFrom: f32 \[3\] does not fit f32 \[2\]/,
  );
  assert.match(
    messageOf(() => n.copyFrom(gpu.empty([1]))),
    /f32 \[1\] does not fit i32 \[1\]/,
  );
  for (const tensor of [a, b, n]) tensor.dispose();
});

for (const profile of profiles) {
  test(`a tensor is copied within its own buffer, eager and recorded, ${profile}`, async () => {
    const own = await ownGpu(profile);
    const count = own.tensor(Float32Array.from({ length: 192 }, (_, i) => i));
    const [first, second] = [0, 64].map((start) => count.part(start, [128]) as Tensor);
    const [a, b] = own.persistentFlat([[2], [2]]);
    const copies: [target: Tensor, source: Tensor][] = [
      [a, b],
      [a, a],
      [engine.reshape(count, [192]), count],
      [second, first],
      [first, second],
    ];
    for (const [target, source] of copies) {
      const expected = await source.read();
      target.copyFrom(source);
      assert.equal(await target.read(), expected);
    }
    assert.equal(
      [...(await count.read())].filter((_, i) => i % 64 === 3),
      [3, 67, 67],
    );
    for (const [target, source] of copies) {
      const expected = await source.read();
      const { program } = await engine.record(own, () => target.copyFrom(source));
      program.replay();
      assert.equal(await target.read(), expected);
    }
    await own.finish();
    own.dispose();
  });
}

test("what can be disposed can be declared with using", () => {
  const x = gpu.empty([1]);
  x[Symbol.dispose]();
  assert.ok(x.disposed);
});

test("a disposed tensor is refused", async () => {
  const x = gpu.empty([2, 3]);
  x.dispose();
  x.dispose();
  assert.match(
    messageOf(() => engine.relu(x)),
    /relu: an input of shape \[2,3\] was disposed/,
  );
  assert.match(
    messageOf(() => x.detach()),
    /DisposedError: a tensor of shape \[2,3\] was used after dispose/,
  );
  const message = await x.read().catch((error: Error) => error.message);
  assert.match(message as string, /used after dispose/);
});

test.run();
