// The tape: what it adds up, what it leaves out, when it is freed. Values of single operators are tested elsewhere.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { grad } from "../../engine/index.js";
import { messageOf, testGpu } from "../support/gpu.js";

const gpu = await testGpu("software");
const numbers = async (x: Tensor) => [...(await x.read())];
const leaf = (...values: number[]) => gpu.tensor(values).requireGrad();

test("a tensor used more than once gets the sum of its gradients", async () => {
  const x = leaf(2, -3);
  // x * x + x
  const [dx] = grad(engine.sum(engine.add(engine.mul(x, x), x)), [x]);
  assert.equal(await numbers(dx), [5, -5]);
  const [twice] = grad(engine.sum(engine.add(x, x)), [x]);
  assert.equal(await numbers(twice), [2, 2]);
});

test("a diamond of shared intermediates is walked once, in order", async () => {
  const x = leaf(1, 2);
  const y = engine.square(x);
  const z = engine.add(engine.mul(y, x), y);
  // x^3 + x^2
  const [dx] = grad(engine.sum(z), [x]);
  assert.equal(await numbers(dx), [5, 16]);
});

test("gradients of tensors in the middle can be asked for", async () => {
  const x = leaf(1, 2);
  const y = engine.square(x);
  const [dy, dx] = grad(engine.sum(engine.square(y)), [y, x]);
  assert.equal(await numbers(dy), [2, 8]);
  assert.equal(await numbers(dx), [4, 32]);
});

test("only gradients that lead to what is asked for are computed, as in PyTorch", async () => {
  const [x, v, w] = [2, 3, 5].map((value) => gpu.tensor([value], [1, 1]).requireGrad());
  const y = engine.matmul(engine.square(engine.matmul(x, v)), w);
  const called = (work: () => void) => {
    const names: string[] = [];
    const stop = gpu.observers.add({ onOperator: ({ operator }) => void names.push(operator) });
    work();
    stop();
    return names.filter((name) => name === "matmul").length;
  };
  for (const [inputs, products, expected] of [
    [[x], 2, [180]],
    [[v], 2, [120]],
    [[w], 1, [36]],
    [[x, w], 3, [180, 36]],
    [[x, v, w], 4, [180, 120, 36]],
  ] as const) {
    let found: Tensor[] = [];
    assert.is(
      called(() => {
        found = grad(y, inputs, { createGraph: true });
      }),
      products,
    );
    assert.equal((await Promise.all(found.map(numbers))).flat(), expected);
  }
  // (x v)^2 w, differentiated by x twice: 2 v^2 w.
  const [dx] = grad(y, [x], { createGraph: true });
  assert.equal(await numbers(grad(dx, [x])[0]), [90]);
});

test("detach and noGrad cut the tape", async () => {
  const x = leaf(3);
  const y = engine.add(engine.mul(x.detach(), x), engine.mul(x, x).detach());
  assert.equal(await numbers(grad(y, [x])[0]), [3]);
  const untracked = gpu.noGrad(() => engine.square(x));
  assert.not(untracked.tracked);
  assert.ok(gpu.tape.recording);
  assert.equal(await numbers(grad(engine.mul(untracked, x), [x])[0]), [9]);
});

test("an input that the output does not depend on gets zeros, where that is allowed", async () => {
  const [x, unused] = [leaf(1, 2), gpu.tensor([1, 2, 3, 4], [2, 2]).requireGrad()];
  const y = engine.sum(x);
  assert.match(
    messageOf(() => grad(y, [x, unused])),
    /GradientError: grad: input 1 of shape \[2,2\] is not on the tape of the output.*allowUnused: true/,
  );
  const [dx, zeros] = grad(y, [x, unused], { allowUnused: true });
  assert.equal(await numbers(dx), [1, 1]);
  assert.equal([...zeros.shape], [2, 2]);
  assert.equal(await numbers(zeros), [0, 0, 0, 0]);
});

test("an input that requires no gradient gets zeros, never the part of its uses that is on the tape", async () => {
  const [x, y] = [gpu.tensor([2, 3]), leaf(5, 7)];
  const [dx, dy] = grad(engine.sum(engine.add(engine.mul(x, y), engine.square(x))), [x, y], { allowUnused: true });
  assert.equal(
    [await numbers(dx), await numbers(dy)],
    [
      [0, 0],
      [2, 3],
    ],
  );
});

test("an output that leads to no input leaves no memory behind", () => {
  const [x, unused] = [leaf(1, 2), leaf(5)];
  const loss = engine.sum(engine.square(x));
  const before = gpu.memory().liveBuffers;
  const [gradient] = grad(loss, [unused], { allowUnused: true });
  gradient.dispose();
  assert.is(gpu.memory().liveBuffers, before);
});

test("a forgotten requireGrad is an error, and leaves the tape as it was", async () => {
  const [w, forgotten] = [leaf(1, 2, 3), gpu.tensor([4, 5, 6])];
  const y = engine.sum(engine.mul(w, forgotten));
  assert.is(
    messageOf(() => grad(y, [w, forgotten])),
    "GradientError: grad: input 1 of shape [3] does not require a gradient " +
      "Call requireGrad() on it before it is used, or give { allowUnused: true }.",
  );
  assert.equal(await numbers(grad(y, [w])[0]), [4, 5, 6]);
  assert.match(
    messageOf(() => engine.backward(engine.sum(gpu.tensor([1])))),
    /GradientError: backward: nothing .* requires a gradient/,
  );
});

test("what is computed without the tape has no gradient", () => {
  const x = leaf(1, 2);
  const y = gpu.noGrad(() => engine.sum(engine.square(x)));
  assert.match(
    messageOf(() => grad(y, [x])),
    /input 0 of shape \[2\] is not on the tape of the output/,
  );
});

test("backward adds to .grad", async () => {
  const x = leaf(1, 2);
  const untracked = gpu.tensor([1, 1]);
  engine.backward(engine.sum(engine.mul(engine.square(x), untracked)));
  assert.equal(await numbers(x.grad as Tensor), [2, 4]);
  engine.backward(engine.sum(x));
  assert.equal(await numbers(x.grad as Tensor), [3, 5]);
  assert.is(untracked.grad, null);
});

test("leaves that receive one and the same gradient own it each", async () => {
  const [a, b, dy] = [leaf(1, 2), leaf(3, 4), gpu.tensor([1, 10])];
  for (const times of [1, 2]) {
    engine.backward(engine.add(a, b), { dy });
    assert.equal(await numbers(a.grad as Tensor), [times, 10 * times]);
    assert.equal(await numbers(b.grad as Tensor), [times, 10 * times]);
  }
  const [da, db] = grad(engine.add(a, b), [a, b], { dy });
  da.dispose();
  assert.equal(await numbers(db), [1, 10]);
  assert.equal(await numbers(dy), [1, 10]);
});

test("a second backward over a freed tape is an error; with createGraph the tape stays", async () => {
  const x = gpu.tensor([1, 2, 3, 4], [1, 1, 2, 2]).requireGrad();
  const y = engine.sum(engine.instanceNorm(x, { activation: "relu" }));
  const [first] = grad(y, [x], { createGraph: true });
  const [second] = grad(y, [x]);
  assert.equal(await numbers(second), await numbers(first));
  assert.match(
    messageOf(() => grad(y, [x])),
    /the tape of instanceNorm has been freed/,
  );
});

test("what was disposed on the way is an error, never a gradient without that part", async () => {
  const x = leaf(1, 2);
  // A helper whose scope frees the squares.
  const part = gpu.scope(() => engine.sum(engine.square(x)));
  const disposed = /GradientError: backward: a result of shape \[2?\] on the way was disposed/;
  for (const run of [() => grad(engine.add(part, engine.sum(x)), [x]), () => engine.backward(part)])
    assert.match(messageOf(run), disposed);
  assert.match(
    messageOf(() => grad(part, [x])),
    /is not on the tape of the output.*dispose nothing in between/,
  );
  const loss = engine.sum(engine.square(x));
  loss.dispose();
  for (const run of [() => grad(loss, [x]), () => engine.backward(loss)]) assert.match(messageOf(run), disposed);
  // At a leaf the gradient ends.
  const used = leaf(5, 6);
  const sum = engine.sum(engine.mul(engine.add(used, x), x));
  used.dispose();
  assert.equal(await numbers(grad(sum, [x])[0]), [7, 10]);
});

test("the output must be one number, or dy must fit it", () => {
  const y = engine.square(leaf(1, 2));
  assert.match(
    messageOf(() => engine.backward(y)),
    /the output has shape \[2\].*give dy/,
  );
  assert.match(
    messageOf(() => engine.backward(y, { dy: gpu.tensor([1, 1, 1]) })),
    /dy has shape \[3\]/,
  );
});

test.run();
