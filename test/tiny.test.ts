// A tour of the engine in some twenty facts, each a few lines, for whoever is new here: `npm run test:tiny`. It imports
// what the package's users import, works on whatever adapter there is, and takes a few seconds.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../engine/index.node.js";
import { add, grad, matmul, mul, openGpu, record, square, sum } from "../engine/index.node.js";

const gpu = await openGpu();
test.after(() => gpu.dispose());
const numbers = async (x: engine.Tensor) => [...(await x.read())];

test("an engine is opened on a device and has one of two kernel profiles", () => {
  assert.ok(["gpu", "software"].includes(gpu.profile));
  assert.type(engine.adapterName(gpu), "string");
});

test("a tensor is numbers on the GPU under a shape, row by row", async () => {
  const x = gpu.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.equal([x.size, x.dtype, [...x.shape]], [6, "f32", [2, 3]]);
  assert.equal(await numbers(x), [1, 2, 3, 4, 5, 6]);
});

test("content can be written anew, the shape is fixed", async () => {
  const x = gpu.tensor([1, 2]);
  x.write(Float32Array.of(8, 9));
  assert.equal(await numbers(x), [8, 9]);
});

test("operators are functions of tensors, and nothing waits until something is read", async () => {
  const x = gpu.tensor([1, 2, 3]);
  assert.is(await engine.mean(engine.scale(x, 2, 1)).item(), 5);
});

test("shapes broadcast as PyTorch's do", async () => {
  const y = add(gpu.tensor([1, 2, 3], [3, 1]), gpu.tensor([10, 20], [2]));
  assert.equal([...y.shape], [3, 2]);
  assert.equal(await numbers(y), [11, 21, 12, 22, 13, 23]);
});

test("a matrix product", async () => {
  const [a, b] = [gpu.tensor([1, 2, 3, 4], [2, 2]), gpu.tensor([5, 6, 7, 8], [2, 2])];
  assert.equal(await numbers(matmul(a, b)), [19, 22, 43, 50]);
});

test("a convolution: images are [batch, channels, height, width], weights [out, in, height, width]", async () => {
  const x = gpu.tensor(new Float32Array(25).fill(1), [1, 1, 5, 5]);
  const weight = gpu.tensor(new Float32Array(9).fill(1), [1, 1, 3, 3]);
  const y = engine.conv2d(x, weight, undefined, { stride: 2, padding: 1 });
  assert.equal([...y.shape], [1, 1, 3, 3]);
  assert.equal(await numbers(y), [4, 6, 4, 6, 9, 6, 4, 6, 4]);
});

test("reductions run over all axes or over those that are named", async () => {
  const x = gpu.tensor([1, 2, 3, 4], [2, 2]);
  assert.equal(await numbers(sum(x, [0])), [4, 6]);
  assert.is(await sum(x).item(), 10);
});

test("grad gives the gradients of one number", async () => {
  const x = gpu.tensor([1, 2, 3]).requireGrad();
  const [dx] = grad(sum(square(x)), [x]);
  assert.equal(await numbers(dx), [2, 4, 6]);
});

test("backward adds them to .grad of every leaf", async () => {
  const x = gpu.tensor([3]).requireGrad();
  for (let time = 0; time < 2; time++) engine.backward(square(x));
  assert.is(await (x.grad as engine.Tensor).item(), 12);
});

test("with createGraph a gradient can be differentiated again", async () => {
  const x = gpu.tensor([2]).requireGrad();
  const [first] = grad(mul(square(x), x), [x], { createGraph: true });
  const [second] = grad(first, [x]);
  assert.equal([await first.item(), await second.item()], [12, 12]);
});

test("noGrad and detach keep things off the tape", async () => {
  const x = gpu.tensor([3]).requireGrad();
  assert.not(gpu.noGrad(() => square(x)).tracked);
  assert.is(await grad(mul(x, x.detach()), [x])[0].item(), 3);
});

test("a reshape costs nothing: it is the same memory", async () => {
  const x = gpu.tensor([1, 2, 3, 4], [2, 2]);
  const before = gpu.memory().liveBytes;
  const y = engine.reshape(x, [4]);
  assert.is(gpu.memory().liveBytes, before);
  x.write(Float32Array.of(5, 6, 7, 8));
  assert.equal(await numbers(y), [5, 6, 7, 8]);
});

test("a scope frees all that was made in it but what it returns", () => {
  const before = gpu.memory().liveBuffers;
  const y = gpu.scope(() => square(add(gpu.tensor([1]), gpu.tensor([2]))));
  assert.is(gpu.memory().liveBuffers, before + 1);
  y.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("work can be recorded once and replayed with other content", async () => {
  const x = gpu.tensor([1, 2]);
  const { program, result } = await record(gpu, () => sum(square(x)));
  program.replay();
  assert.is(await result.item(), 5);
  x.write(Float32Array.of(3, 4));
  program.replay();
  assert.is(await result.item(), 25);
  program.dispose();
});

test("a replay gives the same bits as eager work", async () => {
  const x = gpu.tensor(Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)));
  const work = () => engine.tanh(engine.l2Normalize(engine.reshape(x, [10, 100])));
  const { program, result } = await record(gpu, work);
  program.replay();
  assert.equal(await numbers(result), await numbers(work()));
  program.dispose();
});

test("the same work gives the same bits twice", async () => {
  const x = gpu.tensor(Float32Array.from({ length: 4096 }, (_, i) => Math.cos(i)));
  assert.is(await sum(x).item(), await sum(x).item());
});

test("Adam learns", async () => {
  const weight = gpu.tensor([5, -5]).requireGrad();
  const adam = new engine.Adam(gpu, new Map([["weight", weight]]));
  for (let step = 0; step < 100; step++) {
    adam.advance(0.2);
    gpu.scope(() => adam.update(grad(engine.mseLoss(weight, 1), [weight])));
  }
  for (const value of await numbers(weight)) assert.ok(Math.abs(value - 1) < 0.5, `${value}`);
  adam.dispose();
});

test("random numbers come from a seed, and a fork leaves its parent where it was", () => {
  const [one, other] = [new engine.Random(7), new engine.Random(7)];
  one.fork("colours").next();
  assert.is(one.next(), other.next());
});

test("tensors travel as safetensors and as .pth", () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const given = { tensors: new Map([["w", { dtype: "F32" as const, shape: [2, 2], data }]]), metadata: {} };
  for (const read of [
    engine.parseSafetensors(engine.serializeSafetensors(given)),
    engine.parsePth(engine.serializePth(given)),
  ]) {
    assert.equal(read.tensors.get("w"), given.tensors.get("w"));
  }
});

test("a kernel of your own is WGSL text", async () => {
  const kernel = engine.kernelFromWgsl(
    "next",
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
     @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] += 1.0; }`,
  );
  const x = gpu.tensor([1, 2]);
  gpu.dispatch(kernel, { bindings: { x }, params: {}, grid: 2 });
  assert.equal(await numbers(x), [2, 3]);
});

test("an error says what does not fit, and what to do", () => {
  try {
    add(gpu.tensor([1, 2]), gpu.tensor([1, 2, 3]));
    assert.unreachable();
  } catch (error) {
    const { code, message, fix } = error as engine.ShapeError;
    assert.is(code, "SHAPE");
    assert.is(message, "add: shapes [2] and [3] do not broadcast");
    assert.is(fix, "Sizes must be equal or 1, counted from the last axis.");
  }
});

test("what was disposed is refused, not computed with", () => {
  const x = gpu.tensor([1]);
  x.dispose();
  assert.throws(
    () => square(x),
    (error: unknown) => error instanceof engine.DisposedError,
  );
});

test("memory can be planned for an adapter that is not there", () => {
  const plan = engine.planningGpu({ profile: "gpu", subgroupSize: 32 });
  plan.empty([1024, 1024]);
  assert.is(plan.memory().liveBytes, 4 * 1024 * 1024);
});

test.run();
